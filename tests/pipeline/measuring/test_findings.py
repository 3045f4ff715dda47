"""Findings as plain values: every film under its role, and nothing that JSON cannot say."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from stylize.pipeline.measuring.findings import (
    Fidelity,
    Findings,
    GapFindings,
    Losses,
    PairFigures,
    StyleFindings,
)
from stylize.pipeline.steadiness import Score

SCORES = (Score(1.0, 2.0, 0.9), Score(3.0, 4.0, 0.9), Score(6.0, 8.0, 0.9))


def findings(films=2):
    pairs = tuple(PairFigures(Fraction(n, 4), 0, SCORES[:films]) for n in range(3))
    return Findings(
        films=tuple(Path(f"{name}.mp4") for name in "abc"[:films]),
        flow="true",
        size=(64, 48),
        frames=4,
        shots=1,
        gaps=(GapFindings(1, pairs, SCORES[:films]),),
        fidelity=None,
        style=None,
        worst=(),
        seconds=1.23456,
    )


def test_every_film_is_under_its_role_at_every_gap():
    plain = findings().as_json()
    assert (plain["source"], plain["output"], "against" in plain) == ("a.mp4", "b.mp4", False)
    (gap,) = plain["steadiness"]
    assert (gap["gap"], gap["pairs"], gap["visible"]) == (1, 3, 0.9)
    assert gap["output"] == {"error": 3, "gradient": 4, "gradient_kept": 2, "excess": 1.5}
    assert gap["over_time"] == {"time": [0, 0.25, 0.5], "source": [1] * 3, "output": [3] * 3}
    assert gap["gradient_over_time"]["output"] == [4] * 3
    assert gap["visible_over_time"] == [0.9] * 3
    assert (plain["size"], plain["seconds"], plain["flow"]) == ([64, 48], 1.235, "true")
    assert not {"fidelity", "style"} & set(plain)


def test_fidelity_and_style_are_there_when_they_were_measured():
    losses = tuple(Losses(n, n + 0.1, n + 0.2) for n in range(3))
    found = replace(
        findings(films=3),
        fidelity=Fidelity(0.05, 8),
        style=StyleFindings(Path("wave.jpg"), 12, losses),
    )
    plain = found.as_json()
    assert plain["fidelity"] == {"lpips": 0.05, "frames": 8, "missing": "", "gradient_kept": 0.5}
    assert plain["style"]["picture"] == "wave.jpg"
    assert plain["style"]["against"] == {"style": 2, "gram": 2.1, "content": 2.2}
    assert plain["against"] == "c.mp4"


def test_what_is_not_finite_is_none():
    still = (Score(0.0, 0.0, 1.0), Score(1.0, 1.0, 1.0))
    pairs = (PairFigures(Fraction(0), 0, still),)
    plain = replace(findings(), gaps=(GapFindings(1, pairs, still),)).as_json()
    (gap,) = plain["steadiness"]
    assert (gap["output"]["excess"], gap["output"]["gradient_kept"]) == (None, None)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
