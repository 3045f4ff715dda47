"""The VGG feature extractors behind every perceptual loss, with layers named as the papers do.

VGG-19 normalised by Gatys 2016 (weights: pytorch-AdaIN v0.0.0, MIT) is the first choice: its mean
activation is about 1 at every layer, so one layer does not drown another and bf16 is safe.
VGG-16 in torchvision's layout (BSD-3) is the second. Only what is asked for is computed. Between
blocks the largest of each 2×2 goes on, as both were trained, or their mean (Gatys 2016).
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .errors import WeightsError
from .pixels import pad

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)

Pooling = Literal["max", "average"]


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
VGG19_TORCHVISION = VggPlan(
    blocks=(2, 2, 4, 4, 4),
    keys=(0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34),
    front=False,
    reflect=False,
)


class Vgg(nn.Module):
    """A frozen VGG that yields named activations.

    Attributes:
        normalised: whether its mean activation is about 1 at every layer.

    Args:
        plan: which VGG the tensors are of.
        tensors: its weights, `N.weight` or `features.N.weight`; a file may end early.
        pooling: what goes on of each 2×2 between blocks.

    Raises:
        WeightsError: the tensors are not those of the plan.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self, plan: VggPlan, tensors: Mapping[str, Tensor], *, pooling: Pooling = "max"
    ) -> None:
        super().__init__()
        self.reflect, self.pooling, self.normalised = plan.reflect, pooling, plan.front
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
        wanted = self.require(layers)
        found: dict[str, Tensor] = {}
        features = pictures if self.reflect else (pictures - self.mean) / self.deviation
        features = features.to(next(self.parameters()).dtype)
        block = "1"
        for name, convolution in self.convolutions.items():
            if name[4] != block:
                block = name[4]
                pool = F.max_pool2d if self.pooling == "max" else F.avg_pool2d
                features = pool(features, 2, ceil_mode=self.reflect)
            edged = (
                pad(features, 1, 1, 1, 1, "reflect") if self.reflect else F.pad(features, [1] * 4)
            )
            features = F.relu(convolution(edged))
            if name in wanted:
                found[name] = features
                if len(found) == len(wanted):
                    break
        return found

    def require(self, layers: Iterable[str]) -> set[str]:
        """The layers, each once.

        Raises:
            WeightsError: a layer that the loaded weights do not reach.
        """
        wanted = set(layers)
        if missing := wanted - set(self.convolutions):
            has = f"relu1_1 to {list(self.convolutions)[-1]}"
            raise WeightsError(f"the extractor has no layer {sorted(missing)[0]} (it has {has})")
        return wanted

    @torch.no_grad()
    def normalise(self, pictures: Sequence[Tensor]) -> Vgg:
        """A copy whose mean activation over these pictures, (1, 3, H, W) each, is 1 at every layer.

        Gatys 2016 did so for each filter, over a set of photographs. Where a layer's scale is
        changed, the next one takes it back: a ReLU and a pool keep what they are multiplied by.
        """
        copied = copy.deepcopy(self)
        layers = list(self.convolutions)
        found = [self(picture, layers) for picture in pictures]
        before = 1.0
        for layer, convolution in copied.convolutions.items():
            mean = sum(float(each[layer].float().mean()) for each in found) / len(found)
            scale = 1 / max(mean, 1e-6)
            weight, bias = convolution.parameters()
            weight.mul_(scale / before)
            bias.mul_(scale)
            before = scale
        copied.normalised = True
        return copied

    def reach(self, layer: str) -> int:
        """Pixels around the 2^(block - 1) square of a feature that it also depends on."""
        names = list(self.convolutions)
        return sum(stride(name) for name in names[: names.index(layer) + 1])

    def grid(self, layer: str, size: tuple[int, int]) -> tuple[int, int]:
        """Height and width of a layer's features, for a picture of this height and width."""
        each = stride(layer)
        more = each - 1 if self.reflect else 0  # what is left of a 2×2 at the edge is pooled too
        return (size[0] + more) // each, (size[1] + more) // each


def stride(layer: str) -> int:
    """Pixels from one feature of a layer to the next: 1 for relu1_1, 2 for relu2_1 and so on."""
    return 1 << (int(layer[4]) - 1)


def _convolution(weight: Tensor, bias: Tensor) -> nn.Conv2d:
    convolution = nn.Conv2d(weight.shape[1], weight.shape[0], 3)
    convolution.load_state_dict({"weight": weight, "bias": bias})
    return convolution


def _with_front(weight: Tensor, bias: Tensor, front: Tensor, shift: Tensor) -> nn.Conv2d:
    """Fold the 1×1 front into conv1_1: exact, because reflection commutes with a 1×1."""
    folded = torch.einsum("oihw,ij->ojhw", weight, front[:, :, 0, 0])
    return _convolution(folded, bias + torch.einsum("oihw,i->o", weight, shift))
