"""Painting films through all stages: what goes in comes out, painted."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import av
import pytest
import torch

from stylize.pipeline import Span, stylize_video
from stylize.pipeline.errors import SettingsError, SourceError, TargetError
from stylize.pipeline.events import Advanced, Event, Notice, Started, ignore
from stylize.pipeline.film.encoding import Encoding
from stylize.pipeline.film.read_video import probe_video, read_video
from stylize.pipeline.film.write_video import write_video
from stylize.pipeline.prepare import Painter
from stylize.pipeline.run_video import paint_film
from stylize.pipeline.timeline import Change
from stylize.pipeline.values import SETTINGS_KEY, Colour, Film, Frame


def scene(index: int, height: int = 64, width: int = 96) -> torch.Tensor:
    """A smooth picture with moving blobs of colour: in gamut, as a camera's pictures are."""
    y, x = torch.meshgrid(torch.linspace(0, 6, height), torch.linspace(0, 9, width), indexing="ij")
    waves = [torch.sin(x + index / 9), torch.cos(y - index / 7), torch.sin(x + y)]
    return 0.5 + 0.3 * torch.stack(waves)


class MakeFilm(Protocol):
    def __call__(
        self,
        path: Path,
        *,
        times: list[Fraction] | None = None,
        colour: Colour | None = None,
        encoding: Encoding | None = None,
    ) -> Path: ...


@pytest.fixture(scope="session")
def make_film(silent: Path) -> MakeFilm:
    """Write a film of `scene`, without sound."""

    def make(
        path: Path,
        *,
        times: list[Fraction] | None = None,
        colour: Colour | None = None,
        encoding: Encoding | None = None,
    ) -> Path:
        times = times or [Fraction(i, 25) for i in range(12)]
        ends = [*times[1:], times[-1] + Fraction(1, 25)]
        film = Film(
            path=silent,
            width=96,
            height=64,
            time_base=Fraction(1, 90000),
            rate=Fraction(25),
            frames=len(times),
            duration=None,
            pixel_aspect=Fraction(1),
            colour=colour or Colour(),
            has_alpha=False,
        )
        spans = enumerate(zip(times, ends, strict=True))
        frames = (Frame(scene(i), at, end - at) for i, (at, end) in spans)
        encoding = encoding or Encoding(crf=4)
        list(write_video(frames, path, film=film, encoding=encoding, notify=lambda _: None))
        return path

    return make


def frames_of(path: Path) -> list[Frame]:
    return list(read_video(probe_video(path, notify=lambda _: None), notify=lambda _: None))


def psnr(a: torch.Tensor, b: torch.Tensor) -> float:
    return float(-10 * torch.log10((a - b).square().mean()))


def test_a_film_is_painted_frame_by_frame_with_its_own_times(
    make_film: MakeFilm, network_file: Path, tmp_path: Path
):
    times = [Fraction(i * i + 30, 1000) for i in range(12)]
    source = make_film(tmp_path / "in.mp4", times=times)
    events: list[Event] = []
    done = stylize_video(source, model=network_file, report=events.append)
    assert done.target == tmp_path / "in-tiny.mp4"
    assert done.written == 12
    painted = frames_of(done.target)
    assert [f.time for f in painted] == times
    assert [f.duration for f in painted] == [f.duration for f in frames_of(source)]
    assert painted[0].picture.shape == (3, 64, 96)
    assert isinstance(events[0], Started)
    assert events[0].total == 12
    assert events[-1] == Advanced(12, 12, 12)


def test_batches_change_nothing(make_film: MakeFilm, network_file: Path, tmp_path: Path):
    source = make_film(tmp_path / "in.mp4")
    films = []
    for batch in (1, 5):
        target = tmp_path / f"{batch}.mp4"
        options = {"batch": batch, "precision": "fp32", "crf": 1.0}
        stylize_video(source, target, model=network_file, **options)
        films.append(frames_of(target))
    for one, other in zip(*films, strict=True):
        assert one.time == other.time
        assert psnr(one.picture, other.picture) > 45


@pytest.mark.parametrize("smooth", ["off", "fast", "best"])
@pytest.mark.parametrize("denoise_source", [False, True])
def test_what_crosses_frames_keeps_each_of_them_and_its_time(
    make_film: MakeFilm, network_file: Path, tmp_path: Path, smooth: str, denoise_source: bool
):
    times = [Fraction(i * i + 30, 1000) for i in range(12)]
    source = make_film(tmp_path / "in.mp4", times=times)
    options = {"smooth": smooth, "denoise_source": denoise_source}
    painted = frames_of(stylize_video(source, model=network_file, **options).target)
    assert [frame.time for frame in painted] == times
    plain = stylize_video(source, tmp_path / "plain.mp4", model=network_file, smooth="off").target
    for one, other in zip(painted, frames_of(plain), strict=True):
        assert psnr(one.picture, other.picture) > 25


@pytest.mark.vgg
def test_a_film_says_by_what_flow_it_was_smoothed(
    make_film: MakeFilm,
    network_file: Path,
    tmp_path: Path,
    vgg_weights: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    source = make_film(tmp_path / "in.mkv")
    found = []
    for smooth, folder in (("best", vgg_weights), ("fast", vgg_weights), ("best", tmp_path)):
        monkeypatch.setenv("STYLIZE_WEIGHTS", str(folder))
        target = tmp_path / f"{len(found)}.mkv"
        stylize_video(source, target, model=network_file, smooth=smooth)
        with av.open(str(target)) as film:
            tags = {name.lower(): value for name, value in film.metadata.items()}
        found.append(json.loads(tags[SETTINGS_KEY]).get("flow"))
    assert found == ["raft_small_C_T_V2-01064c6d.pth", None, None]


@pytest.mark.parametrize("range_", ["limited", "full"])
@pytest.mark.parametrize("matrix", ["bt709", "bt601", "fcc", "smpte240m", "bt2020nc", "ycgco"])
def test_the_way_through_the_program_costs_no_quality(
    make_film: MakeFilm, matrix: str, range_: str, identity: Painter, tmp_path: Path
):
    colour = Colour(matrix, range_, primaries=1, transfer=1)
    source = make_film(tmp_path / "in.mkv", colour=colour)
    film = probe_video(source, notify=lambda _: None)
    assert (film.colour.matrix, film.colour.range) == (matrix, range_)
    target = tmp_path / "through.mkv"
    paint_film(film, target, painter=identity, span=Span(), metadata=False, report=ignore)
    direct = encode_directly(source, tmp_path / "direct.mkv")
    truth, ours, best = planes(source), planes(target), planes(direct)
    assert ours.shape == truth.shape
    assert psnr(ours, truth) > psnr(best, truth) - 0.5
    after = probe_video(target, notify=lambda _: None)
    assert after.colour == film.colour


def encode_directly(source: Path, target: Path) -> Path:
    """What FFmpeg makes of the same decoded frames with the same settings: the best there is."""
    with av.open(source) as film, av.open(target, "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"crf": "18", "preset": "medium"})
        given = film.streams.video[0]
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = given.width, given.height, given.pix_fmt
        for frame in film.decode(video=0):
            frame.pict_type = av.video.frame.PictureType.NONE
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return target


def planes(path: Path) -> torch.Tensor:
    """All decoded samples, untouched, over 255."""
    with av.open(path) as film:
        samples = [torch.from_numpy(f.to_ndarray()) for f in film.decode(video=0)]
    return torch.stack(samples).double() / 255


def test_the_settings_are_stored_in_the_film_unless_told_not_to(
    make_film: MakeFilm, network_file: Path, tmp_path: Path
):
    source = make_film(tmp_path / "in.mp4")
    for suffix in ("mp4", "mkv", "webm"):
        target = tmp_path / f"out.{suffix}"
        stylize_video(source, target, model=network_file, strength=0.5)
        with av.open(target) as film:
            tags = {key.lower(): value for key, value in film.metadata.items()}
        made_by = json.loads(tags[SETTINGS_KEY])
        assert (made_by["look"], made_by["strength"]) == ("tiny", 0.5)
    stylize_video(source, tmp_path / "bare.mp4", model=network_file, metadata=False)
    with av.open(tmp_path / "bare.mp4") as film:
        assert SETTINGS_KEY not in film.metadata


def test_a_part_of_a_film_begins_at_zero(make_film: MakeFilm, network_file: Path, tmp_path: Path):
    source = make_film(tmp_path / "in.mp4")
    target = tmp_path / "part.mp4"
    span = Span(start=Fraction(1, 5), end=Fraction(2, 5))
    events: list[Event] = []
    stylize_video(source, target, model=network_file, span=span, report=events.append)
    assert [f.time for f in frames_of(target)] == [Fraction(i, 25) for i in range(5)]
    assert isinstance(events[0], Started)
    assert events[0].total == 5


def test_a_limit_of_frames_is_kept(make_film: MakeFilm, network_file: Path, tmp_path: Path):
    source = make_film(tmp_path / "in.mp4")
    done = stylize_video(source, model=network_file, span=Span(frames=3))
    assert done.written == len(frames_of(done.target)) == 3


def test_a_part_beyond_the_end_is_refused(make_film: MakeFilm, network_file: Path, tmp_path: Path):
    source = make_film(tmp_path / "in.mp4")
    with pytest.raises((TargetError, SourceError), match=r"in(-tiny)?\.mp4: "):
        stylize_video(source, model=network_file, span=Span(start=Fraction(60)))
    assert [p.name for p in tmp_path.iterdir()] == ["in.mp4"]


def test_notices_arrive_in_the_callers_thread(network_file: Path, shared: Path, tmp_path: Path):
    source = shared / "odd_videos/androidx_hdr10-av1.mp4"
    events: list[Event] = []
    stylize_video(
        source,
        tmp_path / "o.mp4",
        model=network_file,
        span=Span(frames=1),
        size=64,
        report=events.append,
    )
    assert any("tone-mapped" in e.text for e in events if isinstance(e, Notice))


def test_a_folder_of_frames_that_holds_a_picture_to_paint_with_is_not_replaced(
    make_film: MakeFilm, network_file: Path, any_style_file: Path, tmp_path: Path
):
    source = make_film(tmp_path / "in.mp4")
    folder = stylize_video(source, tmp_path / "frames", model=network_file).target
    before = {path: path.read_bytes() for path in folder.iterdir()}
    later = Change(Fraction(1, 10), {"model": any_style_file, "style": folder / "000002.png"})
    looks: dict[str, Any] = {
        "000001.png": {"model": any_style_file, "style": folder / "000001.png"},
        "000002.png": {"model": network_file, "timeline": [later]},
        "000003.png": {"model": network_file, "mask": folder / "000003.png"},
    }
    for name, look in looks.items():
        with pytest.raises(TargetError, match=rf"frames: holds {name}, which is read for this; na"):
            stylize_video(source, folder, existing="overwrite", **look)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    done = stylize_video(source, folder, existing="overwrite", model=network_file)
    assert done.written == 12


def test_a_network_that_fails_leaves_nothing_behind(
    make_film: MakeFilm, identity: Painter, tmp_path: Path
):
    class Broken(torch.nn.Module):
        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("broken in the middle")

    source = make_film(tmp_path / "in.mp4")
    painter = replace(identity, network=Broken())
    film = probe_video(source, notify=lambda _: None)
    target = tmp_path / "out.mp4"
    with pytest.raises(RuntimeError, match="broken in the middle"):
        paint_film(film, target, painter=painter, span=Span(), metadata=False, report=ignore)
    assert [p.name for p in tmp_path.iterdir()] == ["in.mp4"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_within_two_seconds_and_leaves_nothing(
    make_film: MakeFilm, number: signal.Signals, network_file: Path, tmp_path: Path
):
    source = make_film(
        tmp_path / "in.mp4",
        times=[Fraction(i, 25) for i in range(400)],
        encoding=Encoding(encoder_preset="ultrafast"),
    )
    target = tmp_path / "out.mp4"
    target.write_bytes(b"an earlier output")
    arguments = ["video", str(source), "-o", str(target), "--model", str(network_file)]
    job = subprocess.Popen(
        [sys.executable, "-m", "stylize.pipeline.cli", *arguments, "--overwrite", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert job.stdout is not None
    for line in job.stdout:
        if json.loads(line)["event"] == "advanced":
            break
    asked = time.monotonic()
    job.send_signal(number)
    _, said = job.communicate(timeout=30)
    assert job.returncode == 130
    assert time.monotonic() - asked < 2
    assert said.splitlines()[-1] == "Interrupted: nothing half-written was left."
    assert target.read_bytes() == b"an earlier output"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.mp4", "out.mp4"]


@pytest.mark.slow
def test_a_film_ten_times_longer_needs_no_more_memory(
    make_film: MakeFilm, network_file: Path, tmp_path: Path
):
    peaks = []
    for count in (60, 600):
        times = [Fraction(i, 25) for i in range(count)]
        source = make_film(
            tmp_path / f"{count}.mp4", times=times, encoding=Encoding(encoder_preset="ultrafast")
        )
        peaks.append(peak_memory(source, network_file))
    assert peaks[1] < 1.05 * peaks[0]


def peak_memory(source: Path, model: Path) -> int:
    """Kilobytes at the highest, of a process of its own."""
    code = (
        "import resource, sys\n"
        "from stylize.pipeline import stylize_video\n"
        "stylize_video(sys.argv[1], model=sys.argv[2], encoder_preset='ultrafast')\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(source), str(model)],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout.split()[-1])


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (Span(start=Fraction(-5)), r"start must not be negative \(got -5 s\)"),
        (Span(start=Fraction(3), end=Fraction(2)), r"end must lie after start \(got 2 s\)"),
        (Span(frames=0), r"frames must be 1 or more \(got 0\)"),
        (Span(frames=10**20), "frames must be 1 or more"),
    ],
)
def test_a_part_that_no_film_can_have_is_refused(span: Span, said: str, network_file: Path):
    with pytest.raises(SettingsError, match=said):
        stylize_video("nowhere.mp4", model=network_file, span=span)


def test_a_start_beyond_all_time_is_refused(
    make_film: MakeFilm, network_file: Path, tmp_path: Path
):
    source = make_film(tmp_path / "in.mp4")
    with pytest.raises(SourceError, match=r"in\.mp4: no frame from 1e\+20 s; the film lasts 0\.48"):
        stylize_video(source, model=network_file, span=Span(start=Fraction(10**20)))
