"""The measures of the benchmarks, on pictures whose grid and motif are known."""

import importlib
import math
from pathlib import Path

import pytest
import torch
from torch.nn.functional import avg_pool2d, interpolate

SIDE = 384


@pytest.fixture
def repetition(monkeypatch):
    """The module beside the benchmarks, imported as running one of them does."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "benchmarks"))
    return importlib.import_module("repetition")


def noise(sigma, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return 0.5 + sigma * torch.randn(3, SIDE, SIDE, generator=generator)


def wave(period, levels):
    """Stripes of that period with an RMS of so many 255ths."""
    phase = torch.arange(SIDE) * math.tau / period + 0.25 * math.pi
    return (phase.sin() * levels / 255 / phase.sin().square().mean().sqrt()).expand(3, SIDE, SIDE)


def all_grids(module, picture):
    power = module.spectrum(picture)
    return {period: module.grid(power, period) for period in (2, 4, 8)}


def test_the_spectrum_sums_up_to_the_mean_square(repetition):
    assert repetition.spectrum(noise(0.1)).sum().item() == pytest.approx(0.01, rel=0.02)


def test_noise_has_no_lines(repetition):
    for found in all_grids(repetition, noise(0.1)).values():
        assert 0.8 < found.ratio < 1.5


@pytest.mark.parametrize("period", [2, 4, 8])
def test_a_wave_stands_out_at_its_own_period_with_its_own_depth(repetition, period):
    found = all_grids(repetition, noise(0.01) + wave(period, 3))
    assert found[period].levels == pytest.approx(3, rel=0.02)
    # 9 levels² in 9 bins, of both signs but at a period of 2, over 2.55² levels² in 128² bins.
    expected = 9 / 9 / (1 if period == 2 else 2) / (2.55**2 / 128**2)
    assert found[period].ratio == pytest.approx(expected, rel=0.15)
    assert all(found[other].ratio < 1.5 for other in {2, 4, 8} - {period})


def test_a_checkerboard_counts_though_it_is_on_no_axis(repetition):
    board = (torch.arange(SIDE)[:, None] + torch.arange(SIDE)) % 2 * 2.0 - 1
    found = all_grids(repetition, noise(0.01) + board * 2 / 255)
    assert found[2].ratio > 100
    assert found[2].levels == pytest.approx(2, rel=0.02)
    assert found[4].ratio < 1.5


def test_waves_of_other_periods_are_no_grid(repetition):
    found = all_grids(repetition, noise(0.01) + wave(11, 5) + wave(5.9, 5))
    assert all(grid.levels < 0.2 for grid in found.values())


def test_a_calm_gradient_is_no_grid(repetition):
    ramp = torch.linspace(0.2, 0.8, SIDE)
    for found in all_grids(repetition, (ramp + 0.3 * ramp[:, None]).expand(3, -1, -1)).values():
        assert found.ratio < 2
        assert found.levels < 0.05


def test_a_grid_below_the_rounding_of_8_bits_does_not_stand_out(repetition):
    shallow, deep = (all_grids(repetition, 0.5 + wave(8, depth))[8] for depth in (0.005, 1))
    assert shallow.ratio < 1
    assert deep.ratio > 1000


def test_a_stamped_motif_has_a_peak_at_its_distance(repetition):
    motif = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(1))
    tiled = motif.repeat(1, SIDE // 32, SIDE // 32)
    peak, distance = repetition.strongest_repeat([tiled])
    assert peak == pytest.approx(1, abs=0.02)
    assert distance % 32 == pytest.approx(0, abs=0.01) or distance == pytest.approx(
        32 * 2**0.5, abs=0.01
    )
    drowned, _ = repetition.strongest_repeat([tiled + 0.29 * (noise(1.0) - 0.5)])
    assert 0.4 < drowned < 0.6  # as much noise as motif


def test_blobs_without_order_and_light_that_changes_have_no_peak(repetition):
    coarse = torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(2))
    blobs = interpolate(coarse, (SIDE, SIDE), mode="bicubic")[0]
    light = torch.linspace(-1, 1, SIDE) * 2
    assert repetition.strongest_repeat([blobs + light])[0] < 0.25


def test_chance_makes_lower_peaks_in_more_pictures(repetition):
    smooth = [avg_pool2d(noise(1.0, seed), 9, 1) for seed in range(8)]
    one, all_together = (repetition.strongest_repeat(smooth[:n])[0] for n in (1, 8))
    assert all_together < 0.6 * one


def test_what_is_nearer_than_four_pixels_is_no_motif(repetition):
    peak, distance = repetition.strongest_repeat([noise(0.1)])
    assert peak < 0.05
    assert distance > 4
