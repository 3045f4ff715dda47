"""The measure of paintings is what it says it is, and nothing is lost on what is wanted."""

import pytest
import torch

from stylize.models.quality import Meter

LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")


@pytest.fixture
def pictures():
    return torch.rand(2, 3, 48, 64, generator=torch.Generator().manual_seed(0))


def test_a_style_is_like_itself_and_a_photograph_its_own_content(deep_vgg, pictures):
    meter = Meter(deep_vgg)
    photograph, style = pictures
    seen, wanted = meter.see(photograph), meter.see(style)
    as_style = meter.losses(wanted, seen, wanted)
    assert as_style[:2].tolist() == pytest.approx([0, 0], abs=1e-9)
    assert as_style[2] > 0
    as_content = meter.losses(seen, seen, wanted)
    assert as_content[2] == 0
    assert (as_content[:2] > 0).all()


def test_the_losses_are_those_of_the_protocol(deep_vgg, pictures):
    painted, style = pictures
    content = 1 - painted
    found, wanted, kept = (deep_vgg(each[None], LAYERS) for each in (painted, style, content))
    moments = gram = 0.0
    for layer in LAYERS:
        one, other = found[layer][0].flatten(1), wanted[layer][0].flatten(1)
        moments += (one.mean(1) - other.mean(1)).square().mean().item()
        deviations = [(each.var(1, correction=0) + 1e-5).sqrt() for each in (one, other)]
        moments += (deviations[0] - deviations[1]).square().mean().item()
        products = [each @ each.T / each.numel() for each in (one, other)]
        gram += (products[0] - products[1]).square().mean().item() * 1e4
    there = (found["relu4_1"] - kept["relu4_1"]).square().mean().item()
    meter = Meter(deep_vgg)
    measured = meter.losses(*map(meter.see, (painted, content, style)))
    assert measured.tolist() == pytest.approx([moments, gram, there], rel=1e-3)
