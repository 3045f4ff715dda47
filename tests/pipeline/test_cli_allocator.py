"""Memory that is freed is kept, where the C library can; a person's own settings of it stand."""

import ctypes
import platform
import subprocess
import sys

import pytest

from stylize.pipeline.cli.allocator import keep_freed_memory

PROGRAM = """
import resource, sys
import numpy as np
from stylize.pipeline.cli.allocator import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
np.ones(8_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(8):
    np.ones(8_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


class Library:
    """A C library that notes what it is told."""

    def __init__(self):
        self.told = []

    def mallopt(self, *told):
        self.told.append(told)
        return 1


@pytest.fixture
def library(monkeypatch):
    for name in ("MALLOC_ARENA_MAX", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES"):
        monkeypatch.delenv(name, raising=False)
    found = Library()
    monkeypatch.setattr(ctypes, "CDLL", lambda _: found)
    return found


def test_what_it_says_fits_a_c_int(library):
    keep_freed_memory()
    assert library.told
    assert all(-(2**31) <= number < 2**31 for told in library.told for number in told)


@pytest.mark.parametrize("name", ["MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES"])
def test_what_a_person_has_set_stands(library, monkeypatch, name):
    monkeypatch.setenv(name, "1")
    keep_freed_memory()
    assert not library.told


@pytest.mark.parametrize("fault", [AttributeError, OSError, TypeError])
def test_without_such_a_library_nothing_happens(library, monkeypatch, fault):
    def refuse(_):
        raise fault

    monkeypatch.setattr(ctypes, "CDLL", refuse)
    keep_freed_memory()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_pages_of_what_is_freed_are_used_again(monkeypatch):
    for name in ("MALLOC_ARENA_MAX", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES"):
        monkeypatch.delenv(name, raising=False)

    def faults(how):
        program = [sys.executable, "-c", PROGRAM, how]
        return int(subprocess.run(program, capture_output=True, text=True, check=True).stdout)

    assert faults("kept") < faults("given back") / 10
