"""Which processors are quicker in bf16, and what training then computes in."""

import pytest
import torch

from stylize.models import half_precision
from stylize.models.half_precision import quick_at_bf16, training_dtype


@pytest.mark.parametrize(
    ("processor", "quick"),
    [
        ({"cpu_name": "AMD EPYC 9R14", "avx512_bf16": True}, True),
        ({"cpu_name": "Neoverse V1", "bf16": True}, True),
        ({"cpu_name": "Intel Xeon", "avx512_bf16": True, "amx_bf16": True}, True),
        ({"cpu_name": "Intel Xeon", "avx512_bf16": True, "amx_bf16": False}, False),
        ({"cpu_name": "Intel Core i7-8650U", "avx512_bf16": False}, False),
        ({"cpu_name": "AMD Ryzen 7 5800X", "avx2": True}, False),
        ({}, False),
    ],
)
def test_bf16_is_taken_where_it_is_faster_not_where_it_merely_runs(processor, quick):
    assert quick_at_bf16(processor) is quick


def test_without_kernels_for_it_it_is_not_taken(monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert not quick_at_bf16({"architecture": "arm64", "bf16": True})


def test_a_torch_that_cannot_tell_computes_in_float32(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert not quick_at_bf16()


@pytest.mark.parametrize(("quick", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_a_processor_is_trained_on_in_its_faster_type(monkeypatch, quick, dtype):
    monkeypatch.setattr(half_precision, "quick_at_bf16", lambda: quick)
    assert training_dtype(torch.device("cpu")) == dtype


@pytest.mark.parametrize(("able", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_graphics_cards_train_in_bf16_where_they_compute_in_it(monkeypatch, able, dtype):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: able)
    assert training_dtype(torch.device("cuda")) == dtype
