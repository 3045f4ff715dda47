"""Measuring films in files: what is known comes out; what does not go together is refused."""

import re
from fractions import Fraction

import pytest
import torch
from PIL import Image

from stylize.models.errors import WeightsError
from stylize.pipeline import Span, measure_film, run_measure
from stylize.pipeline.errors import SettingsError, SourceError, TargetError
from stylize.pipeline.events import Measured, Started


def noise(frames, depth, seed=7):
    generator = torch.Generator().manual_seed(seed)
    return [frame + depth * torch.randn(frame.shape, generator=generator) for frame in frames]


@pytest.fixture
def frames(pan):
    """A pan with the noise of a camera."""
    return [0.2 + 0.6 * frame for frame in noise(pan(12), 0.01)]


@pytest.fixture(autouse=True)
def no_lpips(monkeypatch):
    """Weights are for tests of their own."""

    def missing():
        raise WeightsError("LPIPS needs weights that are not here")

    monkeypatch.setattr(run_measure, "load_lpips", missing)


@pytest.fixture
def source(write_film, frames):
    return write_film("source.mkv", frames)


def steady(frames):
    return [1.2 * frame.flip(0) - 0.1 for frame in frames]


def flickering(frames):
    return [frame + 0.1 * (n % 2) for n, frame in enumerate(steady(frames))]


# What is found


def test_a_steady_painting_and_a_flickering_one_are_told_apart(source, write_film, frames):
    calm = write_film("calm.mkv", steady(frames))
    nervous = write_film("nervous.mkv", flickering(frames))
    found = measure_film(source, calm, against=nervous)
    short, long = found.gaps
    assert (short.gap, long.gap, len(short.pairs), len(long.pairs)) == (1, 10, 11, 2)
    assert short.excess(1) == pytest.approx(1, abs=0.02)
    assert long.excess(1) == pytest.approx(1, abs=0.02)
    assert short.excess(2) > 10
    assert short.means[2].error == pytest.approx(short.means[1].error + 0.1**2, rel=0.02)
    assert long.excess(2) == pytest.approx(1, abs=0.02)
    assert short.kept(1) == pytest.approx(1.2**2, rel=0.02)
    assert short.kept(1, of=2) == pytest.approx(1, rel=0.02)
    assert (found.frames, found.shots, found.size) == (12, 1, (128, 96))
    assert found.flow.startswith("DIS")
    assert [pair.time for pair in short.pairs] == [Fraction(n, 25) for n in range(11)]
    assert found.fidelity.lpips is None
    assert found.fidelity.missing == "LPIPS needs weights that are not here"


def test_with_weights_the_distance_to_the_per_frame_film_is_measured(
    source, write_film, frames, monkeypatch
):
    monkeypatch.setattr(run_measure, "load_lpips", lambda: lambda a, b: (a - b).abs().mean()[None])
    calm = write_film("calm.mkv", [0 * frame + 0.5 for frame in frames])
    other = write_film("other.mkv", [0 * frame + 0.7 for frame in frames])
    found = measure_film(source, calm, against=other)
    assert found.fidelity.lpips == pytest.approx(0.2, abs=0.005)
    assert found.fidelity.frames == 3


def test_style_and_content_are_measured_when_a_style_is_named(
    source, write_film, frames, deep_vgg, tmp_path, monkeypatch
):
    monkeypatch.setattr(run_measure, "load_vgg", lambda **_: deep_vgg)
    Image.effect_noise((64, 64), 90).convert("RGB").save(tmp_path / "style.png")
    path = write_film("calm.mkv", steady(frames))
    found = measure_film(source, path, style=tmp_path / "style.png", span=Span(frames=2))
    assert found.style.picture == tmp_path / "style.png"
    assert found.style.frames == 2
    as_source, painted = found.style.losses
    assert as_source.content == 0
    assert min(painted.content, painted.style, painted.gram, as_source.style) > 0


def test_each_frame_is_told_as_it_is_measured(source, write_film, frames):
    events = []
    path = write_film("calm.mkv", steady(frames))
    measure_film(source, path, report=events.append)
    started, *measured = events
    assert started == Started(source, path, "steadiness", "frames", 12)
    assert measured == [Measured(n) for n in range(1, 13)]


def test_findings_are_drawn_and_a_drawing_that_is_there_is_not_replaced(
    source, write_film, frames, tmp_path
):
    path, plot = write_film("calm.mkv", flickering(frames)), tmp_path / "plot.png"
    measure_film(source, path, plot=plot, span=Span(frames=3))
    with Image.open(plot) as drawn:
        assert (drawn.format, drawn.width) == ("PNG", 1600)
    before = plot.read_bytes()
    with pytest.raises(TargetError, match=r"plot\.png: is there already \(--overwrite replaces"):
        measure_film(source, path, plot=plot)
    assert plot.read_bytes() == before
    measure_film(source, path, plot=plot, span=Span(frames=4), overwrite=True)
    assert plot.read_bytes() != before


@pytest.mark.parametrize(
    ("plot", "said"),
    [("plot.bmp", "cannot write a picture with '.bmp'"), ("source.mkv", "cannot write a picture")],
)
def test_a_drawing_that_cannot_be_made_is_refused_before_anything_is_read(
    plot, said, source, tmp_path
):
    with pytest.raises(TargetError, match=re.escape(said)):
        measure_film(source, tmp_path / "absent.mkv", plot=tmp_path / plot, overwrite=True)


# Parts of films


@pytest.mark.parametrize("part", ["all of it", "that part"])
def test_a_part_is_found_in_a_whole_painting_and_in_one_of_that_part_alone(
    part, source, write_film, frames
):
    paint = flickering(frames)
    path = write_film("painted.mkv", paint if part == "all of it" else paint[4:9])
    span = Span(start=Fraction(4, 25), end=Fraction(9, 25))
    found = measure_film(source, path, span=span)
    assert found.frames == 5
    assert found.gaps[0].excess(1) > 10
    assert found.gaps[0].pairs[0].time == Fraction(4, 25)
    assert [gap.gap for gap in found.gaps] == [1]


def test_the_beginning_of_a_film_is_measured(source, write_film, frames):
    path = write_film("painted.mkv", steady(frames)[:6])
    assert measure_film(source, path, span=Span(frames=6)).frames == 6
    assert measure_film(source, source, span=Span(frames=2)).gaps[0].excess(1) == 1


# Folders and animations


def folder_of(frames, path, times=()):
    path.mkdir()
    for number, frame in enumerate(frames, 1):
        levels = (frame.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
        Image.fromarray(levels).save(path / f"{number:06}.png")
    if times:
        lines = "\n".join(str(float(time * 1000)) for time in times)
        (path / "timestamps.txt").write_text(f"# timestamp format v2\n# stylize: {{}}\n{lines}\n")
    return path


def test_a_folder_of_pictures_is_a_film(source, write_film, frames, tmp_path):
    film = write_film("painted.mkv", flickering(frames))
    folder = folder_of(flickering(frames), tmp_path / "painted")
    one, other = (measure_film(source, each).gaps for each in (film, folder))
    for gap, same in zip(one, other, strict=True):
        assert [mean.error for mean in gap.means] == pytest.approx(
            [mean.error for mean in same.means], rel=1e-5
        )


def test_a_folder_has_the_times_in_its_list(source, frames, tmp_path):
    times = [Fraction(n, 25) for n in range(13)]
    right = folder_of(steady(frames), tmp_path / "right", times)
    assert measure_film(source, right, span=Span(start=Fraction(1, 5))).frames == 7
    wrong = folder_of(steady(frames), tmp_path / "wrong", [time * 2 for time in times])
    with pytest.raises(SourceError, match=r"wrong: frame 2 comes after 0\.080 s"):
        measure_film(source, wrong)
    (wrong / "timestamps.txt").write_text("# timestamp format v2\nsoon\n")
    assert measure_film(source, wrong, span=Span(frames=3)).frames == 3


def test_an_animation_that_ffmpeg_cannot_read_is_a_film_too(source, frames, tmp_path):
    pictures = [
        Image.fromarray((each.clamp(0, 1) * 255).byte().permute(1, 2, 0).numpy())
        for each in flickering(frames)
    ]
    path = tmp_path / "painted.webp"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=40, lossless=True)
    assert measure_film(source, path).gaps[0].excess(1) > 10


# What is refused, in a line


def test_a_film_of_another_size_is_refused_before_it_is_read(source, write_film, pan):
    events = []
    wide = write_film("wide.mkv", pan(12, width=144))
    said = r"wide\.mkv: 144×96 pixels, and .*source\.mkv has 128×96"
    with pytest.raises(SourceError, match=said):
        measure_film(source, wide, report=events.append)
    assert events == []


def test_the_edge_pixels_that_an_encoder_needs_of_odd_sizes_are_left_out(write_film, pan):
    odd = [picture[:, :95, :127] for picture in pan(12)]
    grown = [torch.nn.functional.pad(each[None], (0, 1, 0, 1), "replicate")[0] for each in odd]
    source, painted = write_film("odd.mkv", odd), write_film("even.mkv", grown)
    found = measure_film(source, painted)
    assert found.size == (127, 95)
    assert found.gaps[0].excess(1) == pytest.approx(1)
    with pytest.raises(SourceError, match="only films of one size"):
        measure_film(painted, source)


def test_a_picture_of_another_size_is_refused_where_the_first_has_such_an_edge(
    write_film, pan, tmp_path
):
    odd = [picture[:, :95, :127] for picture in pan(2)]
    folder = tmp_path / "painted"
    folder.mkdir()
    for number, size in enumerate([(128, 96), (160, 120)]):
        Image.new("RGB", size).save(folder / f"{number}.png")
    with pytest.raises(SourceError, match=r"frame 2 is of 160×120 pixels, and that of .* 127×95"):
        measure_film(write_film("odd.mkv", odd), folder)


def test_a_film_that_seems_of_another_length_is_told_at_once(source, write_film, frames):
    # Only seems: a container may state how long the sound is.
    events = []
    short = write_film("short.mkv", frames[:5])
    refused = r"short\.mkv: ends after 5 frames, and .*source\.mkv goes"
    with pytest.raises(SourceError, match=refused):
        measure_film(source, short, report=events.append)
    said = f"{short}: about 5 frames, and {source} about 12; to measure the beginning that both"
    assert events[0].text.startswith(said)
    assert isinstance(events[1], Started)


def test_a_film_that_is_a_little_shorter_is_refused_where_it_ends(source, write_film, frames):
    with pytest.raises(
        SourceError, match=r"short\.mkv: ends after 11 frames, and .*source\.mkv goes"
    ):
        measure_film(source, write_film("short.mkv", frames[:11]))


def test_a_film_of_another_rate_is_refused(source, write_film, frames):
    slow = write_film("slow.mkv", frames, rate=24)
    assert measure_film(source, slow).frames == 12  # so far it is within half a frame
    slower = write_film("slower.mkv", frames, rate=20)
    with pytest.raises(SourceError, match=r"slower\.mkv: frame 3 comes after 0\.100 s"):
        measure_film(source, slower)


def test_a_film_of_one_frame_is_refused(write_film, frames):
    one = write_film("one.mkv", frames[:1])
    with pytest.raises(SourceError, match=r"one\.mkv: only one frame; steadiness is measured betw"):
        measure_film(one, one)


def test_frames_too_small_to_find_motion_in_are_refused(write_film):
    tiny = write_film("tiny.mkv", [torch.zeros(3, 8, 16)] * 3)
    with pytest.raises(
        SourceError, match=r"tiny\.mkv: 16×8 pixels; motion can be found in .*12×12"
    ):
        measure_film(tiny, tiny)


def test_a_film_without_two_frames_alike_is_refused(source, monkeypatch):
    monkeypatch.setattr(run_measure, "pairs", lambda moments: [each for each in moments if False])
    with pytest.raises(SourceError, match=r"source\.mkv: no two neighbouring frames show the same"):
        measure_film(source, source)


def test_a_still_film_has_no_error(write_film, frames):
    still = write_film("still.mkv", frames[:1] * 3)
    moving = write_film("moving.mkv", flickering(frames)[:3])
    assert measure_film(still, still).gaps[0].excess(1) == 0
    assert measure_film(still, moving).gaps[0].excess(1) == float("inf")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("absent.mkv", "absent.mkv: no such file"),
        ("text.mkv", "text.mkv: not a film"),
        ("still.png", "still.png: a picture, not a film"),
        ("empty", "empty: holds no pictures"),
    ],
)
def test_what_is_no_film_is_refused(name, said, source, tmp_path):
    (tmp_path / "text.mkv").write_text("no film at all\n" * 20)
    Image.new("RGB", (32, 32)).save(tmp_path / "still.png")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=re.escape(said)):
        measure_film(source, tmp_path / name)
    if name != "empty":
        with pytest.raises(SourceError, match=re.escape(said)):
            measure_film(tmp_path / name, source)


def test_a_part_that_cannot_be_is_refused(source):
    with pytest.raises(SettingsError, match="frames must be 1 or more"):
        measure_film(source, source, span=Span(frames=0))
    with pytest.raises(SourceError, match=r"source\.mkv: no frame from 9 s"):
        measure_film(source, source, span=Span(start=Fraction(9)))


def test_memory_does_not_grow_with_the_film(write_film, pan, monkeypatch):
    held = []
    real = run_measure.pairs

    def watched(moments):
        for pair in real(moments):
            held.append(pair.later.time - pair.earlier.time)
            yield pair

    monkeypatch.setattr(run_measure, "pairs", watched)
    film = write_film("long.mkv", pan(40, height=24, width=32))
    assert measure_film(film, film).frames == 40
    assert max(held) == Fraction(10, 25)
