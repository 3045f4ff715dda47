"""Style over time: what a film is painted like from each moment on, and how long it fades there.

A person says what changes; what is not said goes on as before. But where a look is named (a
preset, a network or a style), all else is as at the beginning again, and the look shows: neither a
strength of 0 nor the masks of another look are for the one that comes next.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import cast

from .choose import Choice, LookOptions, PaintOptions, choose, split
from .clock import clock
from .errors import SettingsError
from .settings import Settings, did_you_mean, laid_over
from .styles import LONGEST_NAME
from .values import Film, Span

FADE = Fraction(1)
"""Seconds that a change takes where nobody says."""

OF_A_MOMENT = ("strength", "keep_color", "match_color", "denoise", "style_scale")
"""The settings that may change over time; all others are for the whole film."""

CHANGING = (*LookOptions.__annotations__, *OF_A_MOMENT)
"""All options that may change over time."""

_FOR_THE_FILM = tuple(each.name for each in fields(Settings) if each.name not in OF_A_MOMENT)
_LOOKS_OWN = "size"
"""No moment says it, but a preset's own stays with it."""


@dataclass(frozen=True, slots=True)
class Change:
    """What changes at a moment, as a person says it.

    Attributes:
        at: seconds from the film's first frame.
        options: those of `PaintOptions` that change: what to paint like, strength, keep_color,
            match_color, denoise and style_scale.
        fade: seconds that the change takes, from `at` on; None: one, or none at the beginning.
    """

    at: Fraction
    options: PaintOptions
    fade: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """From when on a film is painted like what.

    Attributes:
        time: seconds from the film's first frame.
        choice: what is painted like from then on; with a strength of 0, nothing is painted.
        fade: seconds in which what was before fades into it, from `time` on.
    """

    time: Fraction
    choice: Choice
    fade: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Timeline:
    """What a film is painted like, all along.

    Attributes:
        name: for the names of outputs.
        moments: in the order of their times; the first is at 0. No fade lasts beyond the next
            moment.
    """

    name: str
    moments: tuple[Moment, ...]

    @property
    def choice(self) -> Choice:
        """What the film begins with, under the name of all: its settings are for the whole film."""
        return replace(self.moments[0].choice, name=self.name)

    @property
    def files(self) -> tuple[Path, ...]:
        """What is read to paint with, all along (see `Choice.files`)."""
        return tuple(path for moment in self.moments for path in moment.choice.files)

    def around(self, time: Fraction) -> tuple[int, int, float]:
        """Between which moments a time lies.

        Args:
            time: seconds from the film's first frame.

        Returns:
            The indices of two moments, and the share of the second: 0 to 1 while the first fades
            into it, otherwise 1 (they are the same then).
        """
        now = max(0, bisect_right(self.moments, time, key=lambda moment: moment.time) - 1)
        moment = self.moments[now]
        if now == 0 or time >= moment.time + moment.fade:
            return now, now, 1.0
        return now - 1, now, float((time - moment.time) / moment.fade)


def make_timeline(
    changes: Sequence[Change], *, beginning: PaintOptions, name: str | None = None
) -> Timeline:
    """Find the look of every moment.

    Args:
        changes: in the order of their times.
        beginning: what the film begins with. If it names no look, the film begins untouched, and
            the first change names one.
        name: of the whole; None: the names of its looks.

    Raises:
        SettingsError: times or fades cannot be so, an option is wrong or cannot change, or
            nothing is painted at all; the message says at which moment.
        PresetError: there is no such preset.
        ModelError: the network that ships is missing.
    """
    fades = _checked_fades(changes, begins=names_look(beginning))
    moments: list[Moment] = []
    going_on = beginning
    if names_look(beginning):
        moments.append(Moment(Fraction(0), choose(**beginning)))
    for change, fade in zip(changes, fades, strict=True):
        try:
            _check_options(change.options)
            below = _shown(beginning) if names_look(change.options) else going_on
            going_on = continued(below, change.options)
            if not moments and (change.at or fade):
                untouched = continued(going_on, {"strength": 0.0})
                moments.append(Moment(Fraction(0), choose(**untouched)))
            moments.append(Moment(change.at, choose(**going_on), fade))
        except SettingsError as error:
            raise type(error)(f"at {clock(change.at)}: {error}") from error
    if not any(moment.choice.settings.strength for moment in moments):
        raise SettingsError("nothing would be painted: strength is 0 at every moment")
    names = dict.fromkeys(moment.choice.name for moment in moments)
    film = moments[0].choice.settings
    return Timeline(
        name or "+".join(names)[:LONGEST_NAME].rstrip("-.+"),
        tuple(replace(moment, choice=_of_film(moment.choice, film)) for moment in moments),
    )


def names_look(options: PaintOptions | LookOptions) -> bool:
    """Whether options say what to paint like, rather than only how."""
    return any(options.get(name) for name in ("preset", "model", "style"))


def continued(before: PaintOptions, change: PaintOptions) -> PaintOptions:
    """What is in force once something has changed: the change, and what it leaves as it was.

    A preset or a network takes the place of any look before it. A style takes that of a preset,
    of a network for one style, or of other styles, whose method and network then paint like it.
    Masks go with the look that they are of, one for each of its styles.

    Raises:
        SettingsError: a setting is wrong.
    """
    (old_look, old), (look, new) = split(before), split(change)
    look = cast("LookOptions", {key: value for key, value in look.items() if value is not None})
    gone: set[str] = set()
    if look.keys() & {"preset", "model"} or ("style" in look and not _may_change_style(old_look)):
        gone = {"preset", "model", "style", "method", "method_options"}
    elif "style" in look:
        gone = {"preset"}
    if names_look(look) and names_look(old_look):
        gone.add("mask")
    if look.get("method", old_look.get("method")) != old_look.get("method"):
        gone |= {"model", "method_options"}
    kept = {key: value for key, value in old_look.items() if key not in gone}
    own = {**_options(kept), **_options(look)}
    merged = {**kept, **look, **({"method_options": own} if own else {}), **laid_over(old, new)}
    return cast("PaintOptions", merged)


def refuse_beyond(timeline: Timeline, film: Film, span: Span) -> None:
    """Refuse moments that a film, or the part of it that is painted, does not live to see.

    Those before its part are none: they say what that begins with. A film need not say how long it
    lasts.

    Raises:
        SettingsError: there is one.
    """
    for moment in timeline.moments:
        if film.duration is not None and moment.time >= film.duration:
            raise SettingsError(
                f"at {clock(moment.time)}: {film.named.name} ends before, at {clock(film.duration)}"
            )
        if span.end is not None and moment.time >= span.end:
            raise SettingsError(
                f"at {clock(moment.time)}: the part that is painted ends before, at "
                f"{clock(span.end)}; leave this moment out, or paint more"
            )


def _may_change_style(look: LookOptions) -> bool:
    """Whether what paints like this look can paint like another style as well."""
    return bool(look.get("style")) or not (look.get("preset") or look.get("model"))


def _shown(beginning: PaintOptions) -> PaintOptions:
    """Without the strength of a film that begins untouched."""
    hidden = beginning.get("strength") == 0
    kept = {key: value for key, value in beginning.items() if key != "strength" or not hidden}
    return cast("PaintOptions", kept)


def _options(look: Mapping[str, object]) -> dict[str, object]:
    return dict(cast("Mapping[str, object]", look.get("method_options") or {}))


def _check_options(options: PaintOptions) -> None:
    if not options:
        raise SettingsError(
            f"nothing changes then: name what does ({', '.join(CHANGING)}); all other options hold "
            "for the whole film"
        )
    for name in options:
        if name in _FOR_THE_FILM:
            raise SettingsError(f"{name} holds for the whole film: it cannot change at a moment")
        if name not in CHANGING:
            near = did_you_mean(name, CHANGING)
            raise SettingsError(f"no option {name!r}{near} (options: {', '.join(CHANGING)})")


def _of_film(choice: Choice, film: Settings) -> Choice:
    """A choice with the settings of the whole film where there can be only one for it."""
    common = {name: getattr(film, name) for name in _FOR_THE_FILM if name != _LOOKS_OWN}
    return replace(choice, settings=replace(choice.settings, **common))


def _checked_fades(changes: Sequence[Change], *, begins: bool) -> list[Fraction]:
    """How long each change takes, once it is sure that none is in the way of another.

    Raises:
        SettingsError: one is.
    """
    if not changes:
        raise SettingsError("a timeline needs a moment at which something changes (it has none)")
    default = [FADE if change.at > 0 else Fraction(0) for change in changes]
    fades = [
        usual if change.fade is None else change.fade
        for change, usual in zip(changes, default, strict=True)
    ]
    for index, (change, fade) in enumerate(zip(changes, fades, strict=True)):
        following = changes[index + 1].at if index + 1 < len(changes) else None
        if wrong := _wrong_time(change.at, fade, following, begins=begins):
            raise SettingsError(f"at {clock(change.at)}: {wrong}")
    return fades


def _wrong_time(at: Fraction, fade: Fraction, following: Fraction | None, *, begins: bool) -> str:
    """Why there cannot be such a moment; nothing if there can."""
    if at < 0:
        return "a moment cannot lie before the film's first frame"
    if fade < 0:
        return f"fade must not be negative (got {float(fade):g} s)"
    if at == fade == 0 and begins:
        return "the film begins with another look; give the change a fade, or name one look only"
    if following is None:
        return ""
    if following == at:
        return "two moments have this time; make them one"
    if following < at:
        return f"the next moment is at {clock(following)}; put them in the order of their times"
    if at + fade > following:
        left = float(following - at)
        return (
            f"its fade of {float(fade):g} s lasts beyond the next moment at {clock(following)}; "
            f"make it {left:g} s or shorter"
        )
    return ""
