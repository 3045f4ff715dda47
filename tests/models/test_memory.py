"""What needs more memory than there is, is refused before it is begun."""

import os

import pytest
import torch

from stylize.models import memory
from stylize.models.memory import is_out_of_memory, refuse_beyond

CPU = torch.device("cpu")


def test_what_fits_is_let_through():
    refuse_beyond(1 << 20, CPU)


def test_what_cannot_fit_is_refused_with_both_figures(monkeypatch):
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 2_000_000, "SC_PAGE_SIZE": 4000}.get)
    with pytest.raises(torch.OutOfMemoryError, match=r"about 91 GB are needed, .* has 8 GB"):
        refuse_beyond(91_000_000_000, CPU)


@pytest.mark.parametrize(("said", "has"), [("4000000000", "4"), ("max", "8"), (None, "8")])
def test_a_container_has_what_it_may_have(monkeypatch, tmp_path, said, has):
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 2_000_000, "SC_PAGE_SIZE": 4000}.get)
    limit = tmp_path / "memory.max"
    if said is not None:
        limit.write_text(f"{said}\n")
    monkeypatch.setattr(memory, "_LIMITS", (limit,))
    with pytest.raises(torch.OutOfMemoryError, match=f"this machine has {has} GB"):
        refuse_beyond(91_000_000_000, CPU)


def test_a_card_and_a_system_that_does_not_tell_are_left_to_themselves(monkeypatch):
    refuse_beyond(1 << 60, torch.device("cuda"))
    monkeypatch.delattr(os, "sysconf", raising=False)
    monkeypatch.setattr(memory, "_LIMITS", ())
    refuse_beyond(1 << 60, CPU)


@pytest.mark.parametrize(
    ("error", "so"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried …"), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried …"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 8 GB, …)"), True),
        (RuntimeError("Invalid buffer size: 12.00 GB"), True),
        (MemoryError(), True),
        (ValueError("not enough memory of the past"), False),
        (RuntimeError("shapes do not match"), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_what_says_that_memory_is_short_is_told_from_all_else(error, so):
    assert is_out_of_memory(error) is so
