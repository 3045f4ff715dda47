"""Networks are put where they paint: by shots, or picture by picture."""

import copy

import pytest
import torch

from stylize.models.any_style import Mixture, Patchwork
from stylize.models.place import place
from stylize.models.shot_network import ShotNetwork
from stylize.models.still_network import StillNetwork
from stylize.models.swift import Swift

CPU = torch.device("cpu")


@pytest.fixture
def pictures():
    return torch.rand(3, 3, 32, 48, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize(("by_shot", "kind"), [(True, ShotNetwork), (False, StillNetwork)])
def test_a_network_for_one_style_is_told_apart_by_what_it_paints(by_shot, kind):
    placed = place(Swift(widths=(4, 6, 8, 4), blocks=1).eval(), CPU, torch.float32, by_shot=by_shot)
    assert isinstance(placed, kind)


@pytest.mark.parametrize(("by_shot", "kind"), [(True, ShotNetwork), (False, StillNetwork)])
def test_so_is_each_painter_behind_a_mask(pictures, by_shot, kind):
    torch.manual_seed(0)
    painters = [Swift(widths=(4, 6, 8, 4), blocks=1).eval() for _ in range(2)]
    left = torch.eye(2)[:1].repeat_interleave(2, 1).expand(1, 4, 4)
    masks = (left, 1 - left)
    styles = Mixture((pictures[0], pictures[1]), (1.0, 1.0), masks)
    with torch.inference_mode():
        wanted = Patchwork(painters, styles)(pictures[:1])
    placed = place(copy.deepcopy(Patchwork(painters, styles)), CPU, torch.float32, by_shot=by_shot)
    assert all(isinstance(painter, kind) for painter in placed.painters)
    with torch.inference_mode():
        placed(pictures[1:] * 0.1)
        placed.begin_shot()
        torch.testing.assert_close(placed(pictures[:1]), wanted, atol=2e-4, rtol=0)
