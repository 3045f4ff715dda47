"""Where the network runs and how precisely: what `--device auto` and `--precision auto` mean."""

from __future__ import annotations

import torch

from stylize.models.half_precision import quick_at_bf16

from .errors import SettingsError

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def choose_device(name: str) -> torch.device:
    """Turn `auto`, `cpu`, `cuda`, `cuda:1` or `mps` into a device that is there.

    Raises:
        SettingsError: this machine has no such device.
    """
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    device = torch.device(name)
    here = ["cpu"] + [f"cuda:{i}" for i in range(torch.cuda.device_count())] + ["mps"] * mps
    wanted = f"cuda:{device.index or 0}" if device.type == "cuda" else device.type
    if wanted not in here:
        raise SettingsError(f"device: no {name!r} on this machine (here: {', '.join(here)})")
    return device


def choose_dtype(name: str, *, device: torch.device, film: bool) -> torch.dtype:
    """Turn `auto`, `fp32`, `bf16` or `fp16` into the type that the network computes in.

    `auto` is fp32 for pictures, which may have 16 bits and are looked at for long. For film it is
    the type that the device is fastest in: fp16 on a graphics card; bf16 on a processor that is
    quick at it (its steps are those of 8 bits), otherwise fp32.

    Raises:
        SettingsError: the device cannot compute in this type.
    """
    if name == "fp16" and device.type == "cpu":
        raise SettingsError("precision: fp16 needs a graphics card; on the cpu: fp32, bf16 or auto")
    if name != "auto":
        return _DTYPES[name]
    if not film:
        return torch.float32
    if device.type == "cpu":
        return torch.bfloat16 if quick_at_bf16() else torch.float32
    return torch.float16
