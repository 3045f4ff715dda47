"""The VGG feature extractors behind every perceptual loss, with layers named as the papers do.

VGG-19 normalised by Gatys 2016 (weights: pytorch-AdaIN v0.0.0, MIT) is the first choice: its mean
activation is about 1 at every layer, so one layer does not drown another and bf16 is safe.
VGG-16 in torchvision's layout (BSD-3) is the second. Only what is asked for is computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .errors import WeightsError
from .layers import pad

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True)
class VggPlan:
    """Where the layers of one VGG lie in its file.

    Attributes:
        blocks: convolutions in each block; a max pool stands between blocks.
        keys: the number that each convolution carries in the file, in order.
        front: whether a 1×1 convolution comes first and makes the expected input of RGB [0, 1].
        reflect: whether convolutions continue the picture by reflection (else by zeros).
    """

    blocks: tuple[int, ...]
    keys: tuple[int, ...]
    front: bool
    reflect: bool

    def layers(self) -> list[str]:
        """The names in order: relu1_1, relu1_2, relu2_1 and so on."""
        return [
            f"relu{block}_{index}"
            for block, count in enumerate(self.blocks, 1)
            for index in range(1, count + 1)
        ]


VGG19_NORMALISED = VggPlan(
    blocks=(2, 2, 4, 4, 4),
    keys=(2, 5, 9, 12, 16, 19, 22, 25, 29, 32, 35, 38, 42, 45, 48, 51),
    front=True,
    reflect=True,
)
VGG16 = VggPlan(
    blocks=(2, 2, 3, 3, 3),
    keys=(0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28),
    front=False,
    reflect=False,
)


class Vgg(nn.Module):
    """A frozen VGG that yields named activations.

    Args:
        plan: which VGG the tensors are of.
        tensors: its weights, `N.weight` or `features.N.weight`; a file may end early.

    Raises:
        WeightsError: the tensors are not those of the plan.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, plan: VggPlan, tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.reflect = plan.reflect
        plain = {name.removeprefix("features."): t.float() for name, t in tensors.items()}
        self.convolutions = nn.ModuleDict()
        try:
            for layer, key in zip(plan.layers(), plan.keys, strict=True):
                if layer != "relu1_1" and f"{key}.weight" not in plain:
                    break
                weight, bias = plain[f"{key}.weight"], plain[f"{key}.bias"]
                self.convolutions[layer] = (
                    _with_front(weight, bias, plain["0.weight"], plain["0.bias"])
                    if plan.front and layer == "relu1_1"
                    else _convolution(weight, bias)
                )
        except (KeyError, RuntimeError) as error:
            raise WeightsError(
                f"these {len(tensors)} tensors are not the weights of this VGG ({error})"
            ) from error
        statistics = ((0.0,) * 3, (1.0,) * 3) if plan.front else (IMAGENET_MEAN, IMAGENET_DEVIATION)
        self.register_buffer("mean", torch.tensor(statistics[0])[:, None, None])
        self.register_buffer("deviation", torch.tensor(statistics[1])[:, None, None])
        self.eval().requires_grad_(False)

    def forward(self, pictures: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """Activations of pictures.

        Args:
            pictures: (N, 3, H, W) RGB in [0, 1].
            layers: names such as `relu4_1`.

        Returns:
            (N, C, h, w) for each name, after the ReLU.

        Raises:
            WeightsError: a layer that the loaded weights do not reach.
        """
        wanted = set(layers)
        if missing := wanted - set(self.convolutions):
            has = f"relu1_1 to {list(self.convolutions)[-1]}"
            raise WeightsError(f"the extractor has no layer {sorted(missing)[0]} (it has {has})")
        found: dict[str, Tensor] = {}
        features = pictures if self.reflect else (pictures - self.mean) / self.deviation
        features = features.to(next(self.parameters()).dtype)
        block = "1"
        for name, convolution in self.convolutions.items():
            if name[4] != block:
                block = name[4]
                features = F.max_pool2d(features, 2, ceil_mode=self.reflect)
            edged = (
                pad(features, 1, 1, 1, 1, "reflect") if self.reflect else F.pad(features, [1] * 4)
            )
            features = F.relu(convolution(edged))
            if name in wanted:
                found[name] = features
                if len(found) == len(wanted):
                    break
        return found


def _convolution(weight: Tensor, bias: Tensor) -> nn.Conv2d:
    convolution = nn.Conv2d(weight.shape[1], weight.shape[0], 3)
    convolution.load_state_dict({"weight": weight, "bias": bias})
    return convolution


def _with_front(weight: Tensor, bias: Tensor, front: Tensor, shift: Tensor) -> nn.Conv2d:
    """Fold the 1×1 front into conv1_1: exact, because reflection commutes with a 1×1."""
    folded = torch.einsum("oihw,ij->ojhw", weight, front[:, :, 0, 0])
    return _convolution(folded, bias + torch.einsum("oihw,i->o", weight, shift))
