"""The contract of painters that can go on from a painting, so that strokes on it stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .network import PaintingNetwork

if TYPE_CHECKING:
    from torch import Tensor


class Refiner(PaintingNetwork):
    """A painter that can also begin with what another has painted."""

    def refine(self, pictures: Tensor, starts: Tensor) -> Tensor:
        """Go on from paintings of pictures, in as many steps as `forward` is told to take.

        Unlike `forward` it lays nothing out anew at coarse scales: strokes that are there stay,
        and become better ones.

        Args:
            pictures: (N, 3, H, W) RGB in [0, 1]: what is to be seen.
            starts: likewise, of the same size: what is painted so far.

        Returns:
            (N, 3, H, W) RGB in [0, 1], of the same dtype as the pictures.

        Raises:
            ModelError: a picture, a start, a style or the extractor holds numbers that are not
                finite.
        """
        raise NotImplementedError
