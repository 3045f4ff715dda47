"""Whether sixteen bits are faster: what networks are trained in, and films painted, on a processor.

Instructions for bf16 are no promise of speed. Those of AMX do many times what float32 does, those
of AMD twice; Intel's AVX-512 takes them at half the rate (measured on a Xeon whose AMX is not to be
had: convolutions 165 against 290 GFLOP/s; a frame of `swift` 120 against 82 ms, a training step
1.65 against 1.1 s). Without any instructions they are emulated, several times slower.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch


def training_dtype(device: torch.device) -> torch.dtype:
    """The type that training computes in: bf16 where the device is quick at it, else float32."""
    if device.type == "cuda":
        quick = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        quick = device.type != "cpu" or quick_at_bf16()
    return torch.bfloat16 if quick else torch.float32


def quick_at_bf16(processor: Mapping[str, object] | None = None) -> bool:
    """Whether a processor computes faster in bf16 than in float32.

    Args:
        processor: what it can do, as `torch.cpu.get_capabilities` says; by default this one.
    """
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False  # its kernels are those that gain (Macs are built without)
    if processor is None:
        # Older versions of torch cannot tell: then float32.
        processor = getattr(torch.cpu, "get_capabilities", dict)()
    able = {name for name, there in processor.items() if there and "bf16" in name}
    if "Intel" in str(processor.get("cpu_name", "")):
        return "amx_bf16" in able
    return bool(able)
