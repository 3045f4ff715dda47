"""Synthetic motion moves what it says it moves."""

import pytest
import torch

from stylize.models import motion as module
from stylize.models.motion import SHIFT, Motion, disturb, random_motion, steadiness_loss


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def smooth(number=4, size=64):
    coarse = torch.rand(number, 3, 6, 6, generator=generator())
    return torch.nn.functional.interpolate(coarse, (size, size), mode="bicubic").clamp(0, 1)


def test_a_still_motion_moves_nothing():
    still = torch.eye(2, 3)[None]
    grid = torch.nn.functional.affine_grid(still, [1, 1, 64, 64], align_corners=False)
    pictures = smooth(1)
    torch.testing.assert_close(Motion(grid, torch.ones(1, 1, 64, 64)).move(pictures), pictures)


def test_motion_is_drawn_from_the_generator_alone():
    first, second = (random_motion(2, 32, 48, generator=generator(5)) for _ in range(2))
    assert torch.equal(first.grid, second.grid)
    other = random_motion(2, 32, 48, generator=generator(6))
    assert not torch.equal(first.grid, other.grid)


def test_every_picture_moves_its_own_way_by_some_pixels():
    motion = random_motion(4, 64, 64, generator=generator())
    still = torch.eye(2, 3).expand(4, 2, 3)
    identity = torch.nn.functional.affine_grid(still, [4, 1, 64, 64], align_corners=False)
    pixels = (motion.grid - identity).mean((1, 2)) * 32
    assert pixels.abs().max() < SHIFT + 4
    assert pixels.std(0).min() > 0.5
    assert ((pixels - pixels.round()).abs() > 0.01).any()


@pytest.mark.parametrize("part", ["SHIFT", "ZOOM", "WARP"])
def test_motion_is_a_shift_a_zoom_and_a_warp(monkeypatch, part):
    for name in {"SHIFT", "ZOOM", "WARP"} - {part}:
        monkeypatch.setattr(module, name, 0.0)
    motion = random_motion(1, 64, 64, generator=generator())
    identity = torch.nn.functional.affine_grid(
        torch.eye(2, 3)[None], [1, 1, 64, 64], align_corners=False
    )
    moved = (motion.grid - identity)[0] * 32
    assert moved.abs().max() > 0.2
    slopes = moved.diff(dim=0)[:, :-1], moved.diff(dim=1)[:-1]
    bent = max(slope.std((0, 1)).max().item() for slope in slopes)
    sloping = max(slope.abs().max().item() for slope in slopes)
    kinds = {"SHIFT": (False, False), "ZOOM": (True, False), "WARP": (True, True)}
    assert (sloping > 1e-3, bent > 1e-3) == kinds[part]


def test_pixels_from_outside_are_not_seen():
    motion = random_motion(4, 64, 64, generator=generator())
    assert torch.equal(motion.seen[:, 0] == 1, (motion.grid.abs() <= 1).all(-1))
    assert 0.5 < motion.seen.mean() < 1


def test_a_disturbed_picture_is_a_little_different_and_in_range():
    pictures = smooth()
    found = disturb(pictures, generator=generator())
    assert found.min() >= 0
    assert found.max() <= 1
    assert 0.001 < (found - pictures).abs().mean() < 0.06


def test_a_disturbed_picture_is_lighter_or_darker_as_a_whole_and_noisy():
    grey = torch.full((6, 3, 64, 64), 0.5)
    found = disturb(grey, generator=generator()) - grey
    light, noise = found.mean((1, 2, 3)), found.std((1, 2, 3))
    assert 0.01 < light.abs().max() < module.BRIGHTNESS + 0.001
    assert light.min() < 0 < light.max()
    assert 0.01 < noise.max() < module.NOISE + 0.001


def test_a_painter_that_follows_the_motion_is_steady_and_one_that_does_not_is_not():
    pictures = smooth()
    motion = random_motion(4, 64, 64, generator=generator())

    def follows(x):
        return 1 - x

    def stays(x):
        return x * torch.linspace(0, 1, 64)

    for paint, low, high in ((follows, 0, 1e-5), (stays, 3e-4, 1)):
        loss = steadiness_loss(
            motion.move(paint(pictures)), paint(motion.move(pictures)), motion.seen
        )
        assert low <= loss < high


def test_what_is_not_seen_does_not_count():
    seen = torch.zeros(1, 1, 4, 4)
    seen[..., 0] = 1
    painted = torch.zeros(1, 3, 4, 4)
    other = painted.clone()
    other[..., 1:] = 1
    assert steadiness_loss(painted, other, seen) == 0
    other[..., 0] = 0.5
    assert steadiness_loss(painted, other, seen).item() == 0.25
