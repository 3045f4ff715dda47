"""Flow is found where it is known: in made motion, and against the true flow of real data sets."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from stylize.models.read_picture import read_picture
from stylize.pipeline.flow import dis_flow


def texture(height=96, width=128):
    coarse = torch.rand(1, 3, height // 8, width // 8, generator=torch.Generator().manual_seed(3))
    return interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1)[0]


def true_flow(path):
    return torch.from_numpy(np.load(path)["flow"].astype(np.float32)).permute(2, 0, 1)


def test_flow_points_right_and_down_in_pixels():
    wide = texture()
    before, after = wide[:, 4:-4, 4:-4], wide[:, 2:-6, 1:-7]  # the content moves by (3, 2)
    flow = dis_flow(before, after)
    assert (flow.shape, flow.dtype) == ((2, 88, 120), torch.float32)
    inner = flow[:, 8:-8, 8:-8].flatten(1)
    torch.testing.assert_close(inner.median(1).values, torch.tensor([3.0, 2.0]), atol=0.1, rtol=0)


def test_flow_sees_luma_so_a_change_of_hue_alone_is_no_motion():
    before = texture()
    luma = torch.tensor([0.299, 0.587, 0.114])
    grey = (before * luma[:, None, None]).sum(0, keepdim=True).expand(3, -1, -1)
    assert dis_flow(before, grey).abs().max() < 0.05


@pytest.mark.parametrize(
    ("folder", "first", "second", "flow", "least"),
    [
        ("sintel_alley_1", "frame_0001.png", "frame_0002.png", "flow_0001.npz", 0.35),
        ("sintel_alley_1", "frame_0003.png", "frame_0004.png", "flow_0003.npz", 0.40),
        ("rubberwhale", "frame10.png", "frame11.png", "flow10.npz", 0.26),
    ],
)
def test_flow_is_near_the_true_flow(shared, folder, first, second, flow, least):
    place = shared / "flow_truth" / folder
    truth = true_flow(place / flow)
    found = dis_flow(read_picture(place / first), read_picture(place / second))
    known = ~truth.isnan().any(0)
    error = (found - truth).norm(dim=0)[known].mean().item()
    assert error < least  # pixels; measured 0.29, 0.35 and 0.23
    assert error < 0.3 * truth.norm(dim=0)[known].mean().item()


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [((96, 64), (64, 64), "64×96 to 64×64 pixels"), ((8, 64), (8, 64), "64×8 to 64×8 pixels")],
)
def test_frames_that_cannot_be_compared_are_refused(first, second, said):
    with pytest.raises(ValueError, match=f"no flow from {said}: .*at least 12×12"):
        dis_flow(torch.zeros(3, *first), torch.zeros(3, *second))


def test_the_smallest_frames_have_a_flow():
    flow = dis_flow(torch.zeros(3, 12, 12), torch.zeros(3, 12, 12))
    assert math.isclose(flow.abs().max().item(), 0, abs_tol=1e-6)
