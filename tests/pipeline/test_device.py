"""Where the network runs and how precisely."""

import pytest
import torch

from stylize.pipeline.device import choose_device, choose_dtype
from stylize.pipeline.errors import SettingsError

CPU = torch.device("cpu")


def test_auto_finds_a_device_that_works():
    assert torch.ones(1, device=choose_device("auto")).item() == 1


def test_a_device_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(SettingsError, match=r"no 'cuda:99' on this machine \(here: cpu"):
        choose_device("cuda:99")


def test_pictures_are_painted_in_full_precision():
    assert choose_dtype("auto", device=CPU, film=False) == torch.float32


def test_film_is_painted_in_a_type_that_the_processor_computes():
    assert choose_dtype("auto", device=CPU, film=True) in (torch.float32, torch.bfloat16)


def test_what_is_asked_for_is_taken():
    assert choose_dtype("bf16", device=CPU, film=False) == torch.bfloat16
    assert choose_dtype("fp16", device=torch.device("cuda"), film=True) == torch.float16


def test_fp16_on_a_processor_is_refused():
    with pytest.raises(SettingsError, match="fp16 needs a graphics card"):
        choose_dtype("fp16", device=CPU, film=True)
