"""Instance normalisation (Ulyanov 2016, 1607.08022): live, following a shot of film, or folded."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, nn

from .layers import Convolution
from .slow_moments import SlowMoments

STYLE_EPSILON = 1e-4
"""Added to a variance that is asked for: a deviation of a hundredth."""
NORM_EPSILON = 1e-5
"""Added to a variance: the value of Ulyanov 2016 and of every public checkpoint."""


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Deviation and mean of each channel of (N, C, H, W), (N, C) each: what a style says (AdaIN).

    A channel of one value has a small deviation, so that its slope is finite.
    """
    variance, mean = torch.var_mean(features.float(), dim=(2, 3), correction=0)
    return (variance + STYLE_EPSILON).sqrt(), mean


class _Normalise(torch.autograd.Function):
    """Instance normalisation in half precision: a group norm with a group per channel.

    It keeps channels-last memory, which is faster. Its own backward pass does not: this one is
    five to ten times as fast, an eighth of a whole training step.
    """

    @staticmethod
    def forward(
        context: Any, pictures: Tensor, weight: Tensor, bias: Tensor, epsilon: float
    ) -> Tensor:
        number, channels, height, width = pictures.shape
        # Elsewhere it takes neither other memory nor a scale of another type than the pictures'.
        fused = weight.dim() == 1 and pictures.is_cpu
        normalised, mean, inverse = torch.native_group_norm(
            pictures if pictures.is_cpu else pictures.contiguous(),
            weight if fused else None,
            bias if fused else None,
            number,
            channels,
            height * width,
            channels,
            epsilon,
        )
        if mean.dtype != torch.float32:
            # Rounded, it is no mean: what the backward pass takes from it nearly cancels out.
            mean = pictures.mean((2, 3), dtype=torch.float32)
        context.save_for_backward(pictures, weight, mean, inverse.float())
        if fused:
            return normalised
        scale, shift = (each[..., None, None].to(normalised.dtype) for each in (weight, bias))
        return torch.addcmul(shift, normalised, scale)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        pictures, weight, mean, inverse = context.saved_tensors
        count = pictures.shape[2] * pictures.shape[3]
        # For the mean and the deviation that each channel of each picture gets.
        of_bias = gradient.sum((2, 3), dtype=torch.float32)
        products = (gradient * pictures).sum((2, 3), dtype=torch.float32)
        of_weight = (products - of_bias * mean) * inverse
        scale = weight * inverse
        slope = -scale * inverse * of_weight / count
        offset = -scale * of_bias / count - slope * mean
        scale, slope, offset = (
            each[..., None, None].to(pictures.dtype) for each in (scale, slope, offset)
        )
        of_pictures = torch.addcmul(offset + pictures * slope, gradient, scale)
        if weight.dim() == 1:
            return of_pictures, of_weight.sum(0), of_bias.sum(0), None
        return of_pictures, of_weight, of_bias, None


class InstanceNorm(nn.Module):
    """Instance normalisation (Ulyanov 2016, 1607.08022), measured for each picture or once.

    Attributes:
        weight: (C,) the deviation that each channel gets; in training a network for any style
            puts (N, C) in its place, one row for each picture's style.
        bias: its mean, likewise.
        mixing: (C, C) by which the channels are mixed then, likewise (N, C, C), or None. A mean
            and a deviation of each say nothing of how channels go together; this does.
        epsilon: added to a variance.
        state: `live` measures each picture; `following` measures all pictures of a batch as one
            and goes by what `moments` makes of them; `folded` does nothing, for the convolution
            before does it.
        moments: of the shot so far.
    """

    def __init__(self, channels: int, *, epsilon: float = NORM_EPSILON) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("mixing", None, persistent=False)
        self.state: Literal["live", "following", "folded"] = "live"
        self.moments = SlowMoments()

    mixing: Tensor | None

    def forward(self, pictures: Tensor) -> Tensor:
        """Normalise (N, C, H, W)."""
        if self.state == "folded":
            return pictures
        if self.state == "live":
            return self._mixed(self._measured_apart(pictures))
        variance, mean = torch.var_mean(pictures.float(), dim=(0, 2, 3), correction=0)
        self.moments.follow(mean, variance, epsilon=self.epsilon)
        scale, shift = self._scale_shift()
        columns = pictures * scale[:, None, None] + shift[:, None, None]
        return self._mixed(columns.to(pictures.dtype))

    @torch.no_grad()
    def fold_into(self, convolution: Convolution) -> None:
        """Let the convolution right before do what the norm does by the moments of the shot.

        Raises:
            RuntimeError: nothing was measured yet.
        """
        where = convolution.weight.device
        scale, shift = (each.to(where) for each in self._scale_shift())
        convolution.scale_outputs(scale, shift)
        if self.mixing is not None:
            convolution.mix_outputs(self.mixing.to(where, torch.float32))

    def _scale_shift(self) -> tuple[Tensor, Tensor]:
        """What the norm does to each channel by the moments of the shot: two of (C,), float32."""
        mean, variance = self.moments.known()
        scale = self.weight.float() * torch.rsqrt(variance + self.epsilon)
        return scale, self.bias.float() - mean * scale

    def _mixed(self, pictures: Tensor) -> Tensor:
        if self.mixing is None:
            return pictures
        count, channels, height, width = pictures.shape
        places = pictures.permute(0, 2, 3, 1).reshape(count, height * width, channels)
        mixed = places @ self.mixing.mT
        return mixed.reshape(count, height, width, channels).permute(0, 3, 1, 2)

    def _measured_apart(self, pictures: Tensor) -> Tensor:
        if pictures.dtype == torch.float32 and self.weight.dim() == 1:
            # To the last bits what everyone computes: a deep network multiplies any difference.
            return torch.instance_norm(
                pictures, self.weight, self.bias, None, None, True, 0.0, self.epsilon, False
            )
        normalised: Tensor = _Normalise.apply(pictures, self.weight, self.bias, self.epsilon)
        return normalised
