"""One trained network, measured and folded as often as wanted."""

import pytest
import torch

from stylize.models.folding import Folding
from stylize.models.swift import Swift


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Swift(widths=(4, 6, 8, 4), blocks=1).eval().requires_grad_(False)


@torch.inference_mode()
def test_each_measurement_is_folded_for_itself_and_the_network_stays(network):
    generator = torch.Generator().manual_seed(2)
    pictures = torch.rand(2, 1, 3, 32, 48, generator=generator) * torch.tensor([1, 0.3]).view(
        -1, 1, 1, 1, 1
    )
    wanted = [network.freeze(each)(pictures[0]) for each in pictures]
    before = {name: value.clone() for name, value in network.state_dict().items()}
    folding = Folding(network, torch.device("cpu"), torch.float32)
    for each, painted in zip(pictures, wanted, strict=True):
        measuring = folding.measuring()
        measuring(each)
        found = folding.folded(measuring)(pictures[0])
        torch.testing.assert_close(found, painted, atol=2e-4, rtol=0)
    assert not torch.allclose(wanted[0], wanted[1], atol=0.01)
    torch.testing.assert_close(dict(network.state_dict()), before, atol=0, rtol=0)
