"""The convolutions that our networks are built of: they halve, keep or double.

Every convolution continues the picture beyond its border itself, so no band shows at the edges
and a frozen norm can be folded into the weights without a change at the border.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from .pixels import pad, shuffled

Border = Literal["reflect", "replicate", "zeros", "none"]
"""How a convolution continues its input. `zeros` costs no copy; it shows, so it is only for layers
whose reach ends within the margin that a network cuts off. `none`: it is continued already."""
_SAME = 2.0**-27
"""Part of the largest tap: what float32 leaves of the difference of two sums that are the same."""


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
