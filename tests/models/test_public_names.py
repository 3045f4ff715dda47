"""The package's public names, which cost nothing until they are used."""

import subprocess
import sys

import pytest

import stylize.models


def test_every_public_name_is_there():
    for name in stylize.models.__all__:
        assert getattr(stylize.models, name).__name__ == name
    assert set(stylize.models.__all__) <= set(dir(stylize.models))


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"'stylize.models' has no attribute 'Sluggish'"):
        _ = stylize.models.Sluggish


def test_importing_the_package_does_not_import_torch():
    code = "import sys, stylize.models; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
