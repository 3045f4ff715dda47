"""LPIPS: how different two pictures look to people, after Zhang 2018 (1801.03924), version 0.1.

Features of AlexNet after each of its five ReLUs, scaled to unit length at each place; the squared
differences are weighed by channel, as learnt from people's judgements, averaged over places, and
summed. Weights: torchvision's AlexNet (BSD-3-Clause) and the authors' linear layers
(BSD-2-Clause); either may also lie in a folder of weights as safetensors, the features alone in
half precision, which moves a distance by less than a thousandth of itself.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .errors import WeightsError
from .weights import ALEXNET, LPIPS_ALEXNET
from .weights_here import place_of, read_tensors

SMALLEST = 31
"""Pixels a side that leave one feature at the last layers."""

# Mean and deviation that the authors take of RGB in [-1, 1]; about ImageNet's.
_MEAN = (-0.030, -0.088, -0.188)
_DEVIATION = (0.458, 0.448, 0.450)
# Number in torchvision's file, outputs, inputs, kernel, stride, padding; a 3×3 pool of stride 2
# stands before the second and the third.
_PLAN = ((0, 64, 3, 11, 4, 2), (3, 192, 64, 5, 1, 2), (6, 384, 192, 3, 1, 1),
         (8, 256, 384, 3, 1, 1), (10, 256, 256, 3, 1, 1))  # fmt: skip
_POOLED_BEFORE = (3, 6)
_TINY = 1e-10


class Lpips(nn.Module):
    """The distance, frozen.

    Args:
        features: AlexNet's convolutions, `features.N.weight` and `features.N.bias`.
        linear: the authors' linear layers, `linN.model.1.weight`.

    Raises:
        WeightsError: the tensors are others.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, features: Mapping[str, Tensor], linear: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(inputs, outputs, kernel, stride, padding)
            for _, outputs, inputs, kernel, stride, padding in _PLAN
        )
        try:
            for convolution, (number, *_) in zip(self.convolutions, _PLAN, strict=True):
                state = {key: features[f"features.{number}.{key}"] for key in ("weight", "bias")}
                convolution.load_state_dict(state)
            weights = [linear[f"lin{index}.model.1.weight"].float() for index in range(len(_PLAN))]
        except (KeyError, RuntimeError) as error:
            raise WeightsError(f"these tensors are not those of LPIPS ({error})") from error
        if [weight.shape for weight in weights] != [(1, plan[1], 1, 1) for plan in _PLAN]:
            raise WeightsError("the linear layers are not those of LPIPS with AlexNet")
        for index, weight in enumerate(weights):
            self.register_buffer(f"weight{index}", weight)
        self.register_buffer("mean", torch.tensor(_MEAN)[:, None, None])
        self.register_buffer("deviation", torch.tensor(_DEVIATION)[:, None, None])
        self.eval().requires_grad_(False)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Distances between pictures.

        Args:
            first: (N, 3, H, W) RGB in [0, 1], H and W of at least 31.
            second: likewise.

        Returns:
            (N,), 0 where they are the same; about 0.1 is a slight difference, 0.7 another picture.
        """
        total = torch.zeros(len(first), device=first.device)
        for index, (one, other) in enumerate(
            zip(self._features(first), self._features(second), strict=True)
        ):
            difference = (_unit(one) - _unit(other)).square()
            weighed = F.conv2d(difference, self.get_buffer(f"weight{index}"))
            total = total + weighed.mean((1, 2, 3))
        return total

    def _features(self, pictures: Tensor) -> list[Tensor]:
        found = []
        features = (pictures * 2 - 1 - self.mean) / self.deviation
        for convolution, (number, *_) in zip(self.convolutions, _PLAN, strict=True):
            if number in _POOLED_BEFORE:
                features = F.max_pool2d(features, 3, 2)
            features = F.relu(convolution(features))
            found.append(features)
        return found


def load_lpips() -> Lpips:
    """Load LPIPS, on the CPU in float32, if its weights are here; nothing is downloaded.

    Raises:
        WeightsError: they are not, with the command that gets them; or they are damaged.
    """
    places = {file: place_of(file) for file in (ALEXNET, LPIPS_ALEXNET)}
    missing = [file for file, place in places.items() if place is None]
    if missing:
        names = " ".join(file.name for file in missing)
        size = sum(file.size for file in missing) / 1e6
        raise WeightsError(
            "LPIPS needs weights that are not here; get them with: "
            f"stylize weights get {names} ({size:.3g} MB)"
        )
    features, linear = (read_tensors(place) for place in places.values() if place is not None)
    return Lpips(features, linear)


def _unit(features: Tensor) -> Tensor:
    """(N, C, H, W) with a length of 1 over the channels at each place."""
    return features / (features.square().sum(1, keepdim=True).sqrt() + _TINY)
