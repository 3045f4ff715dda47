"""Denoising a film before it is painted: noise goes, and everything else stays."""

import pytest
import torch
from torch.nn.functional import avg_pool2d, interpolate

from stylize.pipeline.batch import scatter
from stylize.pipeline.denoise_source import denoise_source
from stylize.pipeline.restyle import Mixing, restyle
from stylize.pipeline.values import Batch, Frame

HIGH, WIDE = 96, 128


def texture(seed):
    coarse = torch.rand(1, 3, HIGH // 8, WIDE // 4, generator=torch.Generator().manual_seed(seed))
    return 0.2 + 0.6 * interpolate(coarse, (HIGH, 2 * WIDE), mode="bicubic").clamp(0, 1)[0]


SCENE = texture(1)


def view(right=0):
    return SCENE[:, :, right : right + WIDE].contiguous()


def grainy(picture, seed, amount=0.03):
    """Grain as films have it: grey, and coarser than a pixel."""
    grain = torch.randn(1, 1, *picture.shape[1:], generator=torch.Generator().manual_seed(seed))
    return (picture + 2.6 * amount * avg_pool2d(grain, 3, 1, 1)[0]).clamp(0, 1)


def clean(sources, shots=None):
    frames = [Frame(each, shot=shots[i] if shots else 0) for i, each in enumerate(sources)]
    given = list(denoise_source(frames))
    assert all(a.picture is b.picture for a, b in zip(given, frames, strict=True))
    return [frame.clean for frame in given]


def off(picture, truth):
    return (picture - truth).square().mean().sqrt().item()


def gradient(picture):
    return (picture.diff(dim=1).square().mean() + picture.diff(dim=2).square().mean()).item()


@pytest.mark.parametrize("step", [0, 2])
@pytest.mark.parametrize("amount", [0.01, 0.03])
def test_noise_goes_whether_the_camera_stands_or_moves(step, amount):
    truth = [view(step * i) for i in range(12)]
    noisy = [grainy(each, i, amount) for i, each in enumerate(truth)]
    assert off(clean(noisy)[-1], truth[-1]) < 0.6 * off(noisy[-1], truth[-1])


def test_detail_stays():
    noisy = [grainy(view(2 * i), i) for i in range(12)]
    assert gradient(clean(noisy)[-1]) > 0.97 * gradient(view(22))


def test_a_film_without_noise_is_left_alone():
    sources = [(view(2 * i) * 255).round() / 255 for i in range(4)]
    sources[2][:, 40:60, 40:60] = 0.9
    flat = [torch.full((3, HIGH, WIDE), 0.3)] * 3
    assert all(a is b for a, b in zip(clean(flat), flat, strict=True))
    for source, given in zip(sources, clean(sources), strict=True):
        assert off(given, source) < 0.5 / 255


def test_what_moves_leaves_no_ghost():
    def film(i):
        picture = view().clone()
        picture[:, 30:66, 6 * i : 6 * i + 36] = torch.tensor([0.5, 0.3, 0.2])[:, None, None]
        return picture

    truth = [film(i) for i in range(10)]
    noisy = [grainy(each, i) for i, each in enumerate(truth)]
    given = clean(noisy)[-1]
    uncovered = (slice(None), slice(34, 62), slice(48, 54))
    assert (given - truth[-1])[uncovered].mean(1).abs().max() < 0.04
    assert off(given[uncovered], truth[-1][uncovered]) < 0.035  # that of the noise is 0.03


def test_light_that_fades_is_followed():
    truth = [view() * (1 - 0.01 * i) for i in range(20)]
    noisy = [grainy(each, i, 0.02) for i, each in enumerate(truth)]
    assert abs(clean(noisy)[-1].mean() / truth[-1].mean() - 1) < 0.01


def test_each_shot_and_each_size_begins_with_a_frame_as_it_is():
    sources = [grainy(view(i), i) for i in range(4)] + [grainy(view()[:, :51, :67], 5)] * 2
    given = clean(sources, [0, 0, 1, 1, 1, 1])
    for index in (0, 2, 4):
        assert given[index] is sources[index]
    alone = clean(sources[2:4])
    assert torch.equal(given[3], alone[1])


@pytest.mark.parametrize("size", [(1, 1), (3, 90), (11, 12), (37, 61)])
def test_odd_and_tiny_sizes_are_kept(size):
    sources = [grainy(SCENE[:, : size[0], : size[1]], i) for i in range(4)]
    for given in clean(sources):
        assert given.shape == (3, *size)
        assert given.isfinite().all()
        assert given.min() >= 0
        assert given.max() <= 1


def test_what_is_clean_is_painted_and_mixed_with_what_is_not():
    frames = tuple(denoise_source(Frame(grainy(view(), i)) for i in range(3)))
    pictures = torch.stack([frame.picture for frame in frames])
    seen = torch.stack([frame.clean for frame in frames])

    def painted(**mixing):
        (batch,) = restyle(
            [Batch(pictures, frames)],
            network=lambda each: 1 - each,
            mixing=Mixing(**mixing),
            device=torch.device("cpu"),
            dtype=torch.float32,
        )
        return torch.stack([frame.picture for frame in scatter([batch])])

    torch.testing.assert_close(painted(), 1 - seen)
    torch.testing.assert_close(painted(strength=0.25), 0.75 * pictures + 0.25 * (1 - seen))
    assert torch.equal(painted(strength=0.0), pictures)
    kept = painted(keep_color=True)
    within = ((kept > 0) & (kept < 1)).all(1)
    added = kept - seen
    torch.testing.assert_close(added[:, 0][within], added[:, 2][within])  # brightness alone
