"""RAFT finds the flow that is known, where its weights are here."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch.nn.functional import interpolate

from stylize.models import weights
from stylize.models.errors import WeightsError
from stylize.models.read_picture import read_picture
from stylize.pipeline.flow import motion, small_grey
from stylize.pipeline.flow_raft import SMALLEST, Raft, find_raft
from stylize.pipeline.flow_window import windows
from stylize.pipeline.values import Batch, Frame

CPU = torch.device("cpu")
CONVERTED = "raft_small.torchvision.safetensors"


def scene(right=0, down=0, *, high=136, wide=171):
    coarse = torch.rand(1, 1, 60, 80, generator=torch.Generator().manual_seed(3))
    whole = interpolate(coarse, (300, 400), mode="bicubic").clamp(0, 1)[0, 0]
    return whole[50 + down : 50 + down + high, 50 + right : 50 + right + wide]


def grey(*place, **size):
    return (scene(*place, **size) * 255).round().byte().numpy()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The one folder that is searched."""
    monkeypatch.setenv("STYLIZE_WEIGHTS", str(tmp_path))
    monkeypatch.setattr(weights, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path


@pytest.fixture
def raft(vgg_weights, monkeypatch):
    monkeypatch.setenv("STYLIZE_WEIGHTS", str(vgg_weights))
    found = find_raft(CPU)
    assert found is not None
    return found


@pytest.mark.vgg
@pytest.mark.parametrize(("right", "down"), [(0, 0), (5, -3), (-12, 7)])
def test_it_finds_the_motion_that_there_is(raft, right, down):
    flow = raft(grey(), grey(right, down), None)
    assert flow.shape == (136, 171, 2)
    inner = flow[20:-20, 20:-20].reshape(-1, 2)
    assert np.median(inner, 0) == pytest.approx((-right, -down), abs=0.3)
    assert np.abs(inner - (-right, -down)).mean() < 0.5


@pytest.mark.vgg
def test_a_small_motion_is_found_as_exactly_as_by_dis(raft, shared):
    place = shared / "flow_truth/rubberwhale"
    pictures = [read_picture(place / f"frame{number}.png") for number in (10, 11)]
    first, second = (small_grey(picture, scale=1) for picture in pictures)
    truth = np.load(place / "flow10.npz")["flow"].astype(np.float32)
    error = np.linalg.norm(raft(first, second, None) - truth, axis=-1)
    assert np.nanmean(error) < 0.13  # pixels; by RAFT alone 0.31


@pytest.mark.vgg
def test_windows_know_each_other_by_it(raft):
    frames = [Frame(scene(4 * i, high=272, wide=300).expand(3, -1, -1)) for i in range(2)]
    batches = [Batch(frame.picture[None].contiguous(), (frame,)) for frame in frames]
    first, _ = windows(batches, find=raft)
    (neighbour,) = first.neighbours
    assert np.median(neighbour.flow[..., 0]) == pytest.approx(-2, abs=0.2)  # in half the size


def test_in_small_pictures_flow_is_found_as_without_it():
    def never(*_, **__):
        raise AssertionError

    small = {"high": SMALLEST - 1, "wide": 200}
    first, second = grey(**small), grey(2, 1, **small)
    found = Raft(never, CPU)(first, second, None)
    assert np.array_equal(found, motion(first, second, detail="finest"))


def test_without_its_weights_there_is_none(folder):
    assert find_raft(CPU) is None


def test_damaged_and_foreign_weights_are_refused(folder):
    (folder / CONVERTED).write_bytes(b"no tensors")
    with pytest.raises(WeightsError, match=f"{CONVERTED}: cannot be read"):
        find_raft(CPU)
    save_file({"another": torch.zeros(1)}, folder / CONVERTED)
    with pytest.raises(WeightsError, match=f"{CONVERTED}: holds no RAFT"):
        find_raft(CPU)
