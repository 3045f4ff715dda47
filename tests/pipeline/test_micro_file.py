"""The network that ships for any style is found beside the models, or its lack is said."""

import pytest

from stylize import models
from stylize.pipeline import micro_file as module
from stylize.pipeline.errors import ModelError
from stylize.pipeline.micro_file import micro_file


def test_it_lies_in_the_package_of_the_models(tmp_path, monkeypatch):
    named = []

    def files(package):
        named.append(package)
        return tmp_path

    monkeypatch.setattr(module, "files", files)
    (tmp_path / "micro.safetensors").write_bytes(b"")
    assert micro_file() == tmp_path / "micro.safetensors"
    assert named == [models.__name__]


def test_an_installation_without_it_says_so_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "files", lambda _: tmp_path)
    with pytest.raises(ModelError, match=r"micro\.safetensors: the network for --style is missing"):
        micro_file()
