"""A norm that gives channels a mean and a covariance, where an `InstanceNorm` gives deviations.

The whitening and colouring of Li 2017 (1705.08086), on three colours. It differs in that a
covariance is taken apart by Cholesky, along axes of colour with lightness first: no eigenvectors
that change places between two frames, and what is light stays light. For the paintings it makes no
difference: in six styles, finished by either, their style, Gram and content loss differ by 1 %.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .instance_norm import STYLE_EPSILON, InstanceNorm
from .layers import Convolution

OPPONENT = (
    (3**-0.5, 3**-0.5, 3**-0.5),
    (2**-0.5, 0.0, -(2**-0.5)),
    (6**-0.5, -2 * 6**-0.5, 6**-0.5),
)
"""Lightness, red against blue, and green against both: axes along which the colours of pictures
vary by themselves, at right angles to each other."""

ROUNDING = 4e-6
"""Variance of what is plain but for rounding, of colours from -1 to 1: a picture of one colour came
out with a deviation of 3.6 steps of 8 bits on one processor, and by this with 0.7."""


def covariance(features: Tensor) -> tuple[Tensor, Tensor]:
    """The covariance, (N, C, C), and the mean, (N, C), of the channels of (N, C, H, W): float32."""
    places = features.float().flatten(2)
    mean = places.mean(2)
    apart = places - mean[..., None]
    return torch.einsum("nip,njp->nij", apart, apart) / places.shape[2], mean


def factor(covariances: Tensor, epsilon: float = STYLE_EPSILON) -> Tensor:
    """What turns white colours into colours of these covariances, (N, 3, 3) each.

    Args:
        covariances: of red, green and blue.
        epsilon: a variance that is added along every axis, so that there is an inverse.
    """
    axes = torch.tensor(OPPONENT, device=covariances.device)
    along = axes @ covariances @ axes.T + epsilon * torch.eye(3, device=covariances.device)
    made: Tensor = axes.T @ torch.linalg.cholesky_ex(along).L
    return made


class CovarianceNorm(InstanceNorm):
    """Gives three colours a mean and a covariance, measured for each picture or once.

    Attributes:
        weight: (3,) the deviation that each colour gets once they are white; in training (N, 3),
            one row for each picture's style.
        mixing: (3, 3) by which they are mixed then, a `factor` of a covariance, likewise; or None.
        bias: (3,) the mean that they get in the end, likewise.
    """

    def __init__(self, *, epsilon: float) -> None:
        super().__init__(3, epsilon=epsilon)

    def forward(self, pictures: Tensor) -> Tensor:
        """Normalise (N, 3, H, W)."""
        if self.state == "folded":
            return pictures
        with torch.autocast(pictures.device.type, enabled=False):
            if self.state == "live":
                matrix, shift = self._applied(*covariance(pictures))
            else:
                # All pictures of a batch as one.
                found, mean = covariance(pictures.transpose(0, 1).flatten(1)[None, :, :, None])
                self.moments.follow(mean[0], found[0], epsilon=self.epsilon)
                matrix, shift = (each[None] for each in self._of_the_shot())
            mixed = torch.einsum("nij,njhw->nihw", matrix, pictures.float())
            return (mixed + shift[..., None, None]).to(pictures.dtype)

    @torch.no_grad()
    def fold_into(self, convolution: Convolution) -> None:
        """Let the convolution right before do what the norm does by the moments of the shot."""
        where = convolution.weight.device
        matrix, shift = (each.to(where) for each in self._of_the_shot())
        convolution.mix_outputs(matrix)
        convolution.bias.add_(shift)

    def _of_the_shot(self) -> tuple[Tensor, Tensor]:
        mean, found = self.moments.known()
        matrix, shift = self._applied(found[None], mean[None])
        return matrix[0], shift[0]

    def _applied(self, found: Tensor, mean: Tensor) -> tuple[Tensor, Tensor]:
        """The matrices, (N, 3, 3), and what is added, (N, 3), for colours of such moments."""
        white = torch.linalg.inv_ex(factor(found, self.epsilon)).inverse  # there is one: no check
        variance = found.diagonal(dim1=-2, dim2=-1).mean(-1)
        seen = variance / (variance + ROUNDING)
        matrix = self.weight.float()[..., None] * white * seen[:, None, None]
        if self.mixing is not None:
            matrix = self.mixing.float() @ matrix
        return matrix, self.bias.float() - torch.einsum("nij,nj->ni", matrix, mean)
