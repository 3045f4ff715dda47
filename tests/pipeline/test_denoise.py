"""Noise falls, edges and gradients stay, at every size and in every strip."""

import pytest
import torch
from torch import Tensor

from stylize.pipeline import denoise as module
from stylize.pipeline.denoise import denoise

STEP = 1 / 255


def noise(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def edge(left: tuple[float, ...], right: tuple[float, ...]) -> Tensor:
    """Two colours side by side, (1, 3, 48, 64)."""
    picture = torch.empty(1, 3, 48, 64)
    picture[..., :32] = torch.tensor(left).view(3, 1, 1)
    picture[..., 32:] = torch.tensor(right).view(3, 1, 1)
    return picture


def test_an_amount_of_zero_changes_nothing():
    picture = noise(1, 3, 9, 8).clamp(0, 1)
    assert denoise(picture, 0) is picture


@pytest.mark.parametrize(
    ("steps", "amount", "factor"), [(2, 0.25, 5), (5, 0.5, 4), (5, 1, 6), (8, 1, 5.5)]
)
def test_flat_noise_falls_by_a_factor(steps: int, amount: float, factor: float):
    noisy = 0.5 + steps * STEP * noise(1, 3, 120, 120)
    assert denoise(noisy, amount).std() < noisy.std() / factor


def test_the_more_is_asked_for_the_calmer_it_gets():
    noisy = (0.5 + 6 * STEP * noise(1, 3, 80, 80)).clamp(0, 1)
    left = [denoise(noisy, amount).std().item() for amount in (0.05, 0.2, 0.5, 1.0)]
    assert left == sorted(left, reverse=True)
    assert left[0] > 0.99 * noisy.std()


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((0.2, 0.2, 0.2), (0.7, 0.7, 0.7)),
        ((0.8, 0.2, 0.3), (0.3, 0.3486, 0.3)),  # of one brightness
        ((0.1, 0.5, 0.5), (0.8, 0.5, 0.5)),  # in one channel
    ],
    ids=["grey", "equal brightness", "one channel"],
)
def test_a_strong_edge_stays_within_a_step(left: tuple[float, ...], right: tuple[float, ...]):
    picture = edge(left, right)
    for amount in (0.3, 1.0):
        assert (denoise(picture, amount) - picture).abs().max() < 0.5 * STEP


def test_noise_goes_right_up_to_an_edge():
    clean = edge((0.25, 0.2, 0.3), (0.7, 0.75, 0.6))
    noisy = clean + 5 * STEP * noise(1, 3, 48, 64)
    left = (denoise(noisy, 1.0) - clean).square().mean((0, 1, 2)).sqrt()
    assert left[30:34].max() < 5 * STEP / 4  # the two columns at each side of it


def test_a_thin_line_stays():
    picture = torch.full((1, 3, 40, 40), 0.4)
    picture[..., 20] = 0.8
    assert (denoise(picture, 1.0) - picture).abs().max() < 2 * STEP
    assert (denoise(picture, 0.5) - picture).abs().max() < 0.2 * STEP


def test_a_slow_gradient_stays_without_bands():
    ramp = torch.linspace(0.3, 0.35, 400).expand(1, 3, 30, 400)  # 32 pixels a step of 8 bits
    smooth = denoise(ramp, 1.0)
    assert (smooth - ramp).abs()[..., 4:-4].max() < 0.01 * STEP
    assert smooth.diff(dim=3)[..., 4:-4].min() > 0.9 * ramp.diff(dim=3).min()


def test_one_colour_stays_one_colour():
    flat = torch.tensor([0.0, 0.3, 1.0]).view(1, 3, 1, 1).expand(1, 3, 20, 30)
    assert torch.allclose(denoise(flat, 0.7), flat, atol=1e-6)


def test_the_calm_picture_has_no_tint():
    noisy = (0.5 + 6 * STEP * noise(1, 1, 100, 100)).expand(1, 3, 100, 100)
    calm = denoise(noisy, 0.8)
    assert torch.allclose(calm[:, :1].expand_as(calm), calm, atol=1e-6)
    assert calm.mean().item() == pytest.approx(noisy.mean().item(), abs=0.1 * STEP)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (3, 2), (5, 5), (1, 300), (301, 1)])
@pytest.mark.parametrize("amount", [1e-9, 0.4, 1.0])
def test_any_size_comes_out_whole_and_in_range(size: tuple[int, int], amount: float):
    pictures = noise(2, 3, *size).clamp(0, 1)
    calm = denoise(pictures, amount)
    assert calm.shape == pictures.shape
    assert 0 <= calm.min() <= calm.max() <= 1
    if amount < 1e-3:
        assert torch.allclose(calm, pictures, atol=1e-6)


def test_strips_leave_no_trace(monkeypatch: pytest.MonkeyPatch):
    pictures = noise(2, 3, 61, 47).clamp(0, 1)
    whole = denoise(pictures, 0.8)
    for pixels in (1, 47 * 7, 47 * 60):
        monkeypatch.setattr(module, "_PIXELS_AT_ONCE", pixels)
        assert torch.allclose(denoise(pictures, 0.8), whole, atol=1e-6)


def test_pictures_of_a_batch_and_their_layout_do_not_matter():
    pictures = noise(3, 3, 33, 40).clamp(0, 1)
    before = pictures.clone()
    together = denoise(pictures.to(memory_format=torch.channels_last), 0.6)
    assert torch.equal(pictures, before)
    for index in range(3):
        alone = denoise(pictures[index : index + 1], 0.6)
        assert torch.allclose(together[index : index + 1], alone, atol=1e-6)
    assert torch.equal(denoise(pictures, 0.6), denoise(pictures, 0.6))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a graphics card")
def test_a_graphics_card_gives_the_same():
    pictures = noise(2, 3, 100, 120).clamp(0, 1)
    assert torch.allclose(denoise(pictures.cuda(), 0.5).cpu(), denoise(pictures, 0.5), atol=1e-5)
