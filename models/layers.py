"""The layers that our networks are built of: convolutions that halve, keep or double, and a norm.

Every convolution continues the picture beyond its border itself, so no band shows at the edges
and a frozen norm can be folded into the weights without a change at the border.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .slow_moments import SlowMoments

Border = Literal["reflect", "replicate", "zeros", "none"]
"""How a convolution continues its input. `zeros` costs no copy; it shows, so it is only for layers
whose reach ends within the margin that a network cuts off. `none`: it is continued already."""

STYLE_EPSILON = 1e-4
"""Added to a variance that is asked for: a deviation of a hundredth."""
NORM_EPSILON = 1e-5
"""Added to a variance: the value of Ulyanov 2016 and of every public checkpoint."""
_SAME = 2.0**-27
"""Part of the largest tap: what float32 leaves of the difference of two sums that are the same."""
_SHRUNK_AT_ONCE = 16
"""Times that a picture is made smaller without averaging it first."""
_FEW = 4
"""Channels: a picture's colours, or hardly more."""
_PAIRS = {2: torch.int32, 4: torch.int64, 8: torch.complex128}
"""A number as large as two of so many bytes, to move both at once."""


def pad(
    pictures: Tensor,
    left: int,
    right: int,
    top: int,
    bottom: int,
    border: Literal["reflect", "replicate"],
) -> Tensor:
    """Continue pictures beyond their border.

    Args:
        pictures: (N, C, H, W).
        left: pixels to add; likewise the others.
        right: see `left`.
        top: see `left`.
        bottom: see `left`.
        border: `reflect` needs more pixels than it adds; smaller pictures repeat their last ones.
    """
    if not (left or right or top or bottom):
        return pictures
    height, width = pictures.shape[-2:]
    if border == "reflect" and (max(left, right) >= width or max(top, bottom) >= height):
        border = "replicate"
    edges = (left, right, top, bottom)
    layout = torch.channels_last
    if pictures.shape[1] > _FEW or not pictures.is_contiguous(memory_format=layout):
        return F.pad(pictures, edges, mode=border)
    # Colours that lie side by side take 20 times as long as planes; so the way there and back pays.
    return F.pad(pictures.contiguous(), edges, mode=border).contiguous(memory_format=layout)


class Convolution(nn.Module):
    """A convolution at the size of its input, or at a fraction of it.

    Attributes:
        weight: (out, in, k, k), as trained. `settle` replaces it by the kernel that is applied.
        bias: (out,).
    """

    def __init__(
        self, inputs: int, outputs: int, size: int, *, stride: int = 1, border: Border = "replicate"
    ) -> None:
        super().__init__()
        fan = inputs * size * size
        weight = torch.empty(outputs, inputs, size, size)
        if not weight.is_meta:  # there, drawing numbers would import all of torch's compiler
            weight.normal_().mul_((2 / fan) ** 0.5)
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.stride = stride
        self.border: Border = border
        self.settled = False

    def forward(self, pictures: Tensor) -> Tensor:
        """Convolve (N, in, H, W)."""
        return self.convolve(pictures, self.weight if self.settled else self.kernel())

    def kernel(self) -> Tensor:
        """The kernel that `convolve` applies, made from the trained weight."""
        return self.weight

    def convolve(self, pictures: Tensor, kernel: Tensor) -> Tensor:
        """Apply a kernel and the bias."""
        edge = (kernel.shape[-1] - self.stride + 1) // 2
        if self.border in ("reflect", "replicate"):
            pictures, edge = pad(pictures, edge, edge, edge, edge, self.border), 0
        elif self.border == "none":
            edge = 0
        return F.conv2d(pictures, kernel, self.bias, self.stride, edge)

    @torch.no_grad()
    def scale_outputs(self, scale: Tensor, shift: Tensor) -> None:
        """Fold a per-channel scale and shift of the output, each (out,), into the weights."""
        self.weight.mul_(scale[:, None, None, None])
        self.bias.mul_(scale).add_(shift)

    @torch.no_grad()
    def mix_outputs(self, mixing: Tensor) -> None:
        """Fold a matrix, (out, out), that mixes the outputs into the weights."""
        self.weight.copy_(torch.einsum("om,mihw->oihw", mixing, self.weight))
        self.bias.copy_(mixing @ self.bias)

    @torch.no_grad()
    def settle(self, dtype: torch.dtype = torch.float32) -> None:
        """Keep the kernel that is applied in place of the weight it is made from.

        Args:
            dtype: in which it will be applied: what it is rounded to.
        """
        if not self.settled:
            self.weight = nn.Parameter(self.rounded(self.kernel().float(), dtype).contiguous())
            self.weight.requires_grad_(False)
            self.settled = True

    def rounded(self, kernel: Tensor, dtype: torch.dtype) -> Tensor:
        """A kernel in float32 with values that `dtype` has."""
        return kernel.to(dtype).float()


def round_keeping_sums(taps: Tensor, dtype: torch.dtype) -> Tensor:
    """Round sets of taps that paint by turns, so that a plain picture stays plain.

    Plain rounding leaves a lattice, which norms make as strong as strokes (measured: a deviation of
    42 steps of 8 bits on a grey picture in bfloat16). Here each set keeps its sum within a step of
    its smallest tap, and sets that had the same sum have the very same again: what each tap misses
    goes to the next smaller one, and their sum is one that the smallest of each set can complete.

    Args:
        taps: (sets, …, n) float32.
        dtype: whose values are wanted.

    Returns:
        Likewise.
    """
    sizes, order = taps.double().abs().sort(-1, descending=True)
    kind, last = torch.finfo(dtype), torch.zeros(())
    for size in sizes.unbind(-1):
        last = size + last * kind.eps / 2  # at most: with what the one before it misses
    least = (sizes[..., 0] * _SAME).clamp_min(kind.smallest_normal * kind.eps)
    step = torch.maximum(last * kind.eps, least).log2().floor().exp2().amax(0)
    total = (taps.double().sum(-1).mean(0) / step).round() * step
    found, missing = torch.zeros_like(taps), torch.zeros_like(last)
    for place in order[..., :-1, None].unbind(-2):
        wanted = taps.gather(-1, place)[..., 0].double() + missing
        tap = ((wanted / step).round() * step).to(dtype)
        missing = wanted - tap.double()
        found.scatter_(-1, place, tap.to(found.dtype)[..., None])
    rest = (total - found.double().sum(-1)).to(dtype).to(found.dtype)
    return found.scatter_(-1, order[..., -1:], rest[..., None])


def spread(weight: Tensor) -> Tensor:
    """Convolve kernels with a 2×2 box: (…, k, k) becomes (…, k + 1, k + 1), four times its sum."""
    down = F.pad(weight, (0, 0, 0, 1)) + F.pad(weight, (0, 0, 1, 0))
    return F.pad(down, (0, 1)) + F.pad(down, (1, 0))


class Halving(Convolution):
    """A convolution followed by the mean of every 2×2, as one convolution of stride 2.

    The box keeps what lies above the new sampling rate small, so that a moving picture does not
    make the network nervous; an even kernel also keeps samples in the middle of what they stand
    for, as `Doubling` expects.
    """

    def __init__(
        self, inputs: int, outputs: int, size: int, *, border: Border = "replicate"
    ) -> None:
        super().__init__(inputs, outputs, size, stride=2, border=border)

    def kernel(self) -> Tensor:
        """The trained kernel with the box folded in."""
        return spread(self.weight) / 4


class Doubling(Convolution):
    """Linear upsampling by 2, then a 4×4 convolution, as one 3×3 convolution to four phases.

    Nearest upsampling, which the papers use, leaves an edge at every 4 and 8 pixels that a small
    network paints with: after 300 steps the gradient was 1.5 times as strong there as between.
    All four phases come from one kernel, so a pixel shuffle's grid has no place to come from.
    """

    def __init__(self, inputs: int, outputs: int, *, border: Border = "replicate") -> None:
        super().__init__(inputs, outputs, 4, border=border)

    def kernel(self) -> Tensor:
        """The kernels of the four phases, one after the other: (4 · out, in, 3, 3)."""
        return self._by_channel(phase_kernels(self.weight))

    def rounded(self, kernel: Tensor, dtype: torch.dtype) -> Tensor:
        """Rounded so that each of the four phases keeps its sum."""
        phases = self._by_phase(kernel).flatten(3)
        return self._by_channel(round_keeping_sums(phases, dtype)).reshape(kernel.shape)

    def _by_channel(self, phases: Tensor) -> Tensor:
        """Kernels of the phases, (4, out, …), in the order of the output's channels."""
        return phases.flatten(0, 1)

    def _by_phase(self, kernel: Tensor) -> Tensor:
        """The other way round."""
        return kernel.reshape(4, -1, *kernel.shape[1:])

    def convolve(self, pictures: Tensor, kernel: Tensor) -> Tensor:
        """Apply the phases and the bias: (N, in, H, W) becomes (N, out, 2H, 2W)."""
        phases = self._phases(pictures, kernel, self.bias.repeat(4)).permute(0, 2, 3, 1)
        # A pixel shuffle of channels that lie last, where they stay. For a frame of 1280×720 a
        # transposed convolution to 20 channels at 1/2 takes 16 ms of two cores, this takes 10.
        count, height, width, channels = phases.shape
        grid = phases.reshape(count, height, width, 2, 2, channels // 4).transpose(2, 3)
        return grid.reshape(count, 2 * height, 2 * width, -1).permute(0, 3, 1, 2)

    def _phases(self, pictures: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
        edge = 1
        if self.border in ("reflect", "replicate"):
            pictures, edge = pad(pictures, 1, 1, 1, 1, self.border), 0
        return F.conv2d(pictures, kernel, bias, padding=edge)


class DoublingLast(Doubling):
    """`Doubling` to planes, as pictures are kept: faster for the three channels of a picture."""

    def _by_channel(self, phases: Tensor) -> Tensor:
        """In the order of a pixel shuffle: (out · 4, …)."""
        return phases.transpose(0, 1).flatten(0, 1)

    def _by_phase(self, kernel: Tensor) -> Tensor:
        """The other way round."""
        return kernel.reshape(-1, 4, *kernel.shape[1:]).transpose(0, 1)

    def convolve(self, pictures: Tensor, kernel: Tensor) -> Tensor:
        """Apply the phases and the bias: (N, in, H, W) becomes (N, out, 2H, 2W)."""
        return shuffled(self._phases(pictures, kernel, self.bias.repeat_interleave(4)))

    def phases(self, pictures: Tensor) -> Tensor:
        """As `forward`, with the pixels of each 2×2 in channels: (N, out · 4, H, W)."""
        kernel = self.weight if self.settled else self.kernel()
        return self._phases(pictures, kernel, self.bias.repeat_interleave(4))


def phase_kernels(weight: Tensor) -> Tensor:
    """Linear upsampling by 2 and a kernel, (out, in, 4, 4), as kernels for each pixel of a 2×2.

    Returns:
        (4, out, in, 3, 3), for what is not enlarged yet.
    """
    kernel = spread(spread(weight.flip(2, 3))) / 4
    # Every second tap, backwards: by a list of indices each would make a graphics card wait.
    rows = [kernel[:, :, phase : phase + 5 : 2].flip(2) for phase in (0, 1)]
    return torch.stack(
        [row[..., phase : phase + 5 : 2].flip(3) for row in rows for phase in (0, 1)]
    )


def shuffled(phases: Tensor) -> Tensor:
    """(N, C · 4, H, W) to (N, C, 2H, 2W): a pixel shuffle, which leaves planes."""
    found: Tensor = _Shuffle.apply(phases)
    return found


class _Shuffle(torch.autograd.Function):
    """A pixel shuffle by 2 that moves pairs of pixels: four times as fast as one by one."""

    @staticmethod
    def forward(context: Any, phases: Tensor) -> Tensor:
        count, channels, height, width = phases.shape
        pair = _PAIRS[phases.element_size()]
        pairs = phases.permute(0, 2, 3, 1).flatten().view(pair)
        planes = phases.new_empty(count, channels // 4, 2 * height, 2 * width)
        rows = planes.view(pair).view(count, -1, height, 2, width)
        rows.copy_(pairs.view(count, height, width, -1, 2).permute(0, 3, 1, 4, 2))
        return planes

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        count, channels, height, width = gradient.shape
        pairs = gradient.contiguous().view(_PAIRS[gradient.element_size()])
        places = pairs.view(count, channels, height // 2, 2, width // 2).permute(0, 2, 4, 1, 3)
        return places.flatten(3).view(gradient.dtype).permute(0, 3, 1, 2)


def local_mean(planes: Tensor, radius: int) -> Tensor:
    """The mean of the square around each pixel, as much of it as lies in the picture.

    Args:
        planes: (N, C, H, W).
        radius: pixels each way, beside the one in the middle.
    """
    side = 2 * radius + 1  # rows, then columns: a square at once costs its area for each pixel
    rows = F.avg_pool2d(planes, (side, 1), 1, (radius, 0), count_include_pad=False)
    return F.avg_pool2d(rows, (1, side), 1, (0, radius), count_include_pad=False)


def shrinkable(pictures: Tensor, size: Sequence[int]) -> Tensor:
    """(N, C, H, W), averaged where it is far larger than `size`, to be resampled to that next.

    Cards cannot resample without aliases by more than 47 times (bicubic) at once.
    """
    most = [_SHRUNK_AT_ONCE * side for side in size]
    if any(side <= limit for side, limit in zip(pictures.shape[-2:], most, strict=True)):
        return pictures
    if pictures.device.type == "mps":  # it averages by whole factors alone
        return F.interpolate(pictures.cpu(), most, mode="area").to(pictures.device)
    return F.interpolate(pictures, most, mode="area")


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
