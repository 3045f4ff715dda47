"""What is nearly black in a film stays so, and the painting comes with the light."""

from fractions import Fraction

import pytest
import torch

from stylize.pipeline import stylize_video
from stylize.pipeline.batch import scatter
from stylize.pipeline.fade_from_black import DARK, LIT, fade_from_black, light
from stylize.pipeline.film.read_video import probe_video, read_video
from stylize.pipeline.values import Batch, Frame

PICTURE = torch.rand(3, 96, 128, generator=torch.Generator().manual_seed(1))
WHITE = torch.ones(3, 96, 128)


def faded(*levels):
    """A film of one picture at these levels, painted white."""
    frames = tuple(Frame(PICTURE * level, Fraction(i, 25)) for i, level in enumerate(levels))
    paintings = torch.stack([WHITE] * len(levels))
    return shown(Batch(paintings, frames))


def shown(batch):
    """What is seen of paintings in the end."""
    done = list(scatter(fade_from_black([batch])))
    assert [frame.time for frame in done] == [frame.time for frame in batch.frames]
    return torch.stack([frame.picture for frame in done])


def test_the_painting_comes_out_of_black_with_its_film():
    levels = [0.0, DARK, 0.1, 0.2, 0.3, LIT + 0.02, 1.0]
    pictures = faded(*levels)
    assert not pictures[0].any()
    assert torch.equal(pictures[1], PICTURE * DARK)
    shares = [light(PICTURE * level) for level in levels]
    assert shares == sorted(shares)
    assert shares[1] == 0
    assert 0.2 < shares[2] < 0.3
    for level, share, picture in zip(levels, shares, pictures, strict=True):
        wanted = torch.lerp(PICTURE * level, WHITE, share)
        torch.testing.assert_close(picture, wanted)
    assert torch.equal(pictures[-2:], torch.stack([WHITE, WHITE]))


def test_a_film_in_the_light_goes_through_as_it_is():
    batch = Batch(WHITE[None], (Frame(PICTURE),))
    (given,) = fade_from_black([batch])
    assert given.frames == batch.frames


def test_what_is_masked_stays_so_in_the_dark():
    cover = torch.zeros(1, 96, 128)
    cover[..., 64:] = 0.5
    frames = tuple(Frame(PICTURE * level, cover=cover) for level in (0.1, 1.0))
    dark, lit = shown(Batch(torch.stack([WHITE] * 2), frames))
    assert torch.equal(dark[..., :64], PICTURE[..., :64] * 0.1)
    assert torch.equal(lit[..., :64], PICTURE[..., :64])
    wanted = torch.lerp(PICTURE * 0.1, WHITE, light(PICTURE * 0.1) * 0.5)
    torch.testing.assert_close(dark[..., 64:], wanted[..., 64:])


@pytest.mark.parametrize("colour", [(1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.05, 0.1, 0.6)])
def test_light_may_be_of_any_colour(colour):
    assert light(torch.tensor(colour)[:, None, None].expand(3, 40, 60)) == 1


def test_a_lamp_that_moves_in_the_dark_does_not_make_the_painting_blink():
    found = []
    for place in range(0, 60, 1):
        night = torch.full((3, 360, 640), 0.02)
        night[:, 100:122, 200 + place : 222 + place] = 1
        found.append(light(night))
    assert max(found) - min(found) < 0.1


def test_grain_that_is_cleaned_away_is_no_light():
    noisy = 0.03 * torch.rand(3, 96, 128, generator=torch.Generator().manual_seed(2))
    frames = (Frame(noisy, clean=torch.zeros(3, 96, 128)),)
    assert torch.equal(shown(Batch(WHITE[None], frames))[0], noisy)


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
