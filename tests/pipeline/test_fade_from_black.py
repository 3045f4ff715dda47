"""What is nearly black in a film stays so, and the painting comes with the light."""

from fractions import Fraction

import pytest
import torch

from stylize.pipeline import stylize_video
from stylize.pipeline.fade_from_black import DARK, LIT, fade_from_black, light
from stylize.pipeline.film.read_video import probe_video, read_video
from stylize.pipeline.values import Batch, Frame

PICTURE = torch.rand(3, 96, 128, generator=torch.Generator().manual_seed(1))
WHITE = torch.ones(3, 96, 128)


def faded(*levels):
    """A film of one picture at these levels, painted white."""
    frames = tuple(Frame(PICTURE * level, Fraction(i, 25)) for i, level in enumerate(levels))
    paintings = torch.stack([WHITE] * len(levels))
    (batch,) = fade_from_black([Batch(paintings, frames)])
    assert batch.frames == frames
    return batch.pictures


def test_the_painting_comes_out_of_black_with_its_film():
    levels = [0.0, DARK, 0.1, 0.2, 0.3, LIT + 0.02, 1.0]
    pictures = faded(*levels)
    assert not pictures[0].any()
    assert torch.equal(pictures[1], PICTURE * DARK)
    shown = [light(PICTURE * level) for level in levels]
    assert shown == sorted(shown)
    assert shown[1] == 0
    assert 0.2 < shown[2] < 0.3
    for level, share, picture in zip(levels, shown, pictures, strict=True):
        wanted = torch.lerp(PICTURE * level, WHITE, share)
        torch.testing.assert_close(picture, wanted)
    assert torch.equal(pictures[-2:], torch.stack([WHITE, WHITE]))


def test_a_film_in_the_light_goes_through_as_it_is():
    batch = Batch(WHITE[None], (Frame(PICTURE),))
    assert next(fade_from_black([batch])) is batch


@pytest.mark.parametrize("colour", [(1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.05, 0.1, 0.6)])
def test_light_may_be_of_any_colour(colour):
    assert light(torch.tensor(colour)[:, None, None].expand(3, 40, 60)) == 1


def test_a_lamp_that_moves_in_the_dark_does_not_make_the_painting_blink():
    shown = []
    for place in range(0, 60, 1):
        night = torch.full((3, 360, 640), 0.02)
        night[:, 100:122, 200 + place : 222 + place] = 1
        shown.append(light(night))
    assert max(shown) - min(shown) < 0.1


def test_grain_that_is_cleaned_away_is_no_light():
    noisy = 0.03 * torch.rand(3, 96, 128, generator=torch.Generator().manual_seed(2))
    frames = (Frame(noisy, clean=torch.zeros(3, 96, 128)),)
    (batch,) = fade_from_black([Batch(WHITE[None], frames)])
    assert torch.equal(batch.pictures[0], noisy)


@pytest.mark.parametrize("size", [(1, 1), (3, 500)])
def test_tiny_frames_have_light_too(size):
    assert light(torch.ones(3, *size)) == 1


@pytest.mark.parametrize("smooth", ["off", "fast", "best"])
def test_a_film_that_begins_black_begins_black_unless_its_frames_go_alone(
    write_film, network_file, tmp_path, smooth
):
    film = write_film("dark.mkv", [0 * PICTURE] * 2 + [PICTURE] * 2)

    def first_and_last(name, **options):
        target = tmp_path / name
        stylize_video(film, target, model=network_file, smooth=smooth, crf=1, **options)
        done = probe_video(target, notify=lambda _: None)
        pictures = [frame.picture for frame in read_video(done, notify=lambda _: None)]
        return pictures[0], pictures[-1]

    first, last = first_and_last("together.mkv")
    assert first.max() < 0.02
    assert last.mean() > 0.1
    alone, _ = first_and_last("alone.mkv", freeze=False)
    assert alone.mean() > 0.1
