"""Every method by the name that users type, and what is known of it before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

MethodName = Literal["swift", "micro", "johnson", "adain", "sanet", "adaattn", "gatys", "nnst"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """What is known of a method.

    Attributes:
        summary: what it is, in a few words.
        paper: where it was published; empty for our own.
        any_style: whether it paints like any picture; otherwise it has learnt one.
        trained: whether it is a network with weights of its own; otherwise it optimises.
        vgg: whether it needs the weights of a VGG to paint.
    """

    summary: str
    paper: str = ""
    any_style: bool = True
    trained: bool = True
    vgg: bool = True


METHODS: dict[MethodName, Method] = {
    "swift": Method(summary="small network for one style", any_style=False, vgg=False),
    "micro": Method(summary="small network for any style; ships", vgg=False),
    "johnson": Method(
        summary="classic network for one style",
        paper="1603.08155, 1607.08022",
        any_style=False,
        vgg=False,
    ),
    "adain": Method(summary="means and deviations of features, decoded", paper="1703.06868"),
    "sanet": Method(summary="style attention", paper="1812.02342"),
    "adaattn": Method(summary="means and deviations by attention", paper="2108.03647"),
    "gatys": Method(
        summary="optimises the picture itself: minutes a picture",
        paper="1508.06576",
        trained=False,
    ),
    "nnst": Method(
        summary="optimises the picture by nearest neighbours: minutes a picture",
        paper="2203.13215",
        trained=False,
    ),
}
"""The one list of methods."""

NAMES: tuple[MethodName, ...] = get_args(MethodName)
TRAINED = tuple(name for name, method in METHODS.items() if method.trained)
"""Those that are networks."""
ANY_STYLE = tuple(name for name, method in METHODS.items() if method.any_style)
"""Those that paint like any picture."""
