"""`stylize methods` and `stylize weights`: what there is, what it takes, and where it is."""

import json

import pytest
from click.testing import CliRunner

from stylize.models.methods import NAMES
from stylize.models.weights import TABLE
from stylize.pipeline import cli
from stylize.pipeline.cli.methods import methods
from stylize.pipeline.cli.weights import weights


def run(command, *arguments):
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """Neither a named folder nor a cache with weights in it."""
    monkeypatch.delenv("STYLIZE_WEIGHTS", raising=False)
    for module in ("stylize.models.weights", "stylize.pipeline.cli.weights"):
        monkeypatch.setattr(f"{module}.cache_folder", lambda: tmp_path / "cache")
    return tmp_path


def test_every_method_is_listed():
    lines = run(methods).splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(NAMES)
    assert {each["method"] for each in json.loads(run(methods, "--json"))} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_method_shows_its_options_with_their_defaults(name):
    shown = run(methods, name)
    assert name in shown
    options = json.loads(run(methods, name, "--json"))["options"]
    assert ("iterations" in options) == (name in ("gatys", "nnst"))
    for option, default in options.items():
        assert any(
            line.split()[0] == option
            and f"[default: {'the usual' if default is None else default}]" in line
            for line in shown.splitlines()
            if line.strip()
        )


def test_words_that_an_option_may_be_are_listed():
    shown = run(methods, "gatys")
    assert "One of gram, " in shown
    assert "wasserstein" in shown
    assert "One of max, average." in run(methods, "nnst")
    assert "One of content, noise, style, or the file of a picture." in shown


def test_weights_that_a_person_converted_are_listed(nowhere, monkeypatch):
    place = nowhere / "raft_small.torchvision.safetensors"
    place.touch()
    monkeypatch.setenv("STYLIZE_WEIGHTS", str(nowhere))
    assert str(place) in run(weights, "list")


def test_weights_are_listed_with_where_they_are(nowhere, monkeypatch):
    assert run(weights, "list").count("not here") == len(TABLE)
    (nowhere / TABLE[0].name).touch()
    monkeypatch.setenv("STYLIZE_WEIGHTS", str(nowhere))
    assert str(nowhere / TABLE[0].name) in run(weights, "list")
    listed = json.loads(run(weights, "list", "--json"))
    assert [file["name"] for file in listed] == [file.name for file in TABLE]
    assert listed[0]["path"] == str(nowhere / TABLE[0].name)


def test_the_folder_of_fetched_weights_is_printed(nowhere):
    assert run(weights, "path") == f"{nowhere / 'cache'}\n"


def test_weights_that_are_damaged_are_not_used(nowhere, monkeypatch, capsys):
    (nowhere / TABLE[0].name).write_bytes(b"half of it")
    monkeypatch.setenv("STYLIZE_WEIGHTS", str(nowhere))
    assert cli._run(["weights", "get", TABLE[0].name, "--quiet"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "not the vgg_normalised.pth we know" in said


@pytest.mark.vgg
def test_weights_that_are_here_are_not_fetched_again(vgg_weights, monkeypatch, capsys):
    monkeypatch.setenv("STYLIZE_WEIGHTS", str(vgg_weights))
    assert cli._run(["weights", "get", "decoder.pth", "--quiet"]) == 0
    assert capsys.readouterr().out == f"{vgg_weights / 'decoder.pth'}\n"


def test_a_name_that_nobody_knows_is_wrong_usage(capsys):
    assert cli._run(["weights", "get", "vgg.pth"]) == 2
    assert "'vgg.pth' is not one of" in capsys.readouterr().err
