"""Measures how long the networks take for one frame, all in one run, and says nothing else.

    python tests/benchmarks/bench_networks.py [--size 1280x720] [--threads 2] [--rounds 5]
        [--precision bfloat16]

Compare figures of one run only: on a busy machine all of them grow, their ratios hardly do. The
rounds go through all variants in turn, in a thread of its own as films are painted, and the fastest
of each counts. Asserts nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from functools import partial

import click
import torch
from painters import PRECISIONS
from torch import Tensor, nn

from stylize.models import Johnson, Micro, StyleNetwork, Swift
from stylize.models.any_style import Mixture
from stylize.models.half_precision import quick_at_bf16
from stylize.models.network import ready

REPEATS = 3


def _variants(frame: Tensor, precision: str) -> dict[str, Callable[[], Tensor]]:
    """Ways to run each network, by what they are called in the table."""
    channels_last = torch.channels_last
    dtype = PRECISIONS[precision]
    taken = frame.to(dtype).contiguous(memory_format=channels_last)

    def quick(network: nn.Module) -> nn.Module:
        return ready(network, torch.device("cpu"), dtype)

    def frozen(network: StyleNetwork) -> nn.Module:
        return quick(network.freeze(frame[..., :256, :256]))

    def compiled(network: nn.Module) -> Callable[[], Tensor]:
        faster = torch.compile(network)
        return lambda: faster(taken)

    swift = Swift().eval()
    plain, small, small_frozen = Johnson().eval(), quick(deepcopy(swift)), frozen(swift)
    micro = Micro().with_styles(Mixture((frame[0],)))  # what is left once the style is read
    return {
        "johnson, float32, eager": lambda: plain(frame),
        f"johnson, {precision}, compiled": compiled(quick(Johnson().eval())),
        f"johnson, {precision}, frozen, compiled": compiled(frozen(Johnson())),
        f"swift, {precision}, eager": lambda: small(taken),
        f"swift, {precision}, compiled": compiled(quick(deepcopy(swift))),
        f"swift, {precision}, frozen, eager": lambda: small_frozen(taken),
        f"swift, {precision}, frozen, compiled": compiled(frozen(swift)),
        f"micro, {precision}, frozen, eager": partial(frozen(micro), taken),
        f"micro, {precision}, frozen, compiled": compiled(frozen(micro)),
    }


def _milliseconds(run: Callable[[], Tensor]) -> float:
    fastest = float("inf")
    for _ in range(REPEATS):
        began = time.perf_counter()
        run()
        fastest = min(fastest, time.perf_counter() - began)
    return fastest * 1e3


@torch.inference_mode()
def _fastest(frame: Tensor, rounds: int, precision: str) -> dict[str, float]:
    variants = _variants(frame, precision)
    fastest = dict.fromkeys(variants, float("inf"))
    for _ in range(rounds):
        for name, run in variants.items():
            fastest[name] = min(fastest[name], _milliseconds(run))
    return fastest


@click.command()
@click.option("--size", default="1280x720", show_default=True)
@click.option("--threads", default=2, show_default=True)
@click.option("--rounds", default=5, show_default=True)
@click.option(
    "--precision",
    type=click.Choice(list(PRECISIONS)),
    default="bfloat16" if quick_at_bf16() else "float32",
    show_default=True,
    help="Of all but the classic network run the usual way.",
)
def main(size: str, threads: int, rounds: int, precision: str) -> None:
    """Print milliseconds a frame, and each variant's share of the classic network's."""
    torch.set_num_threads(threads)
    torch._inductor.config.freezing = True
    width, height = (int(side) for side in size.split("x"))
    with ThreadPoolExecutor(1) as thread:
        fastest = thread.submit(
            _fastest, torch.rand(1, 3, height, width), rounds, precision
        ).result()
    usual = fastest["johnson, float32, eager"]
    for name, milliseconds in fastest.items():
        click.echo(f"{milliseconds:8.1f} ms  {usual / milliseconds:5.1f} times  {name}")


if __name__ == "__main__":
    main()
