"""The shared options: one for every setting, unset until it is typed."""

from dataclasses import fields
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from stylize.pipeline.cli.options import (
    LOOK,
    encoding_options,
    look_options,
    restyle_options,
    steadying_options,
    typed_settings,
)
from stylize.pipeline.settings import Settings, allowed
from stylize.pipeline.styles import Style

LOOKS = ("preset", "model", "style")
NAMES = [field.name for field in fields(Settings)]


@click.command()
@look_options
@restyle_options
@steadying_options
@encoding_options
def command(**params):
    """Give back what was typed."""
    click.echo(repr((*(params[name] for name in LOOKS), typed_settings(params))))


def _run(*arguments):
    return CliRunner().invoke(command, arguments)


def test_every_setting_has_exactly_one_option_spelt_like_it():
    assert [option.name for option in command.params if option.name not in LOOK] == NAMES
    for name in NAMES:
        flag = f"--{name.replace('_', '-')}"
        assert [option.name for option in command.params if flag in option.opts] == [name]


def test_nothing_typed_sets_nothing():
    assert _run().output == "(None, None, (), {})\n"


def test_only_what_was_typed_is_set_even_if_it_is_zero_or_no():
    result = _run("--strength", "0", "--no-keep-color", "--seed", "0", "--batch", "4")
    assert result.output.endswith(
        "{'strength': 0.0, 'keep_color': False, 'batch': 4, 'seed': 0})\n"
    )


def test_the_range_is_left_to_the_settings():
    assert _run("--strength", "7", "--precision", "fp8").output.endswith(
        "{'strength': 7.0, 'precision': 'fp8'})\n"
    )


@pytest.mark.parametrize(
    ("option", "one", "other", "said"),
    [
        ("--preset", "wave", "mosaic", "--preset is given 2 times"),
        ("--strength", "0.3", "0.6", "--strength is given 2 times"),
        ("--model", "a.safetensors", "b.safetensors", "--model is given 2 times"),
        ("--method", "gatys", "nnst", "--method is given 2 times"),
        ("--set", "iterations=3", "iterations=4", "--set iterations is given more than once"),
    ],
)
def test_of_several_looks_none_is_silently_left_out(option, one, other, said):
    found = _run(option, one, option, other)
    assert found.exit_code == 2
    assert f"{said}; stylize grid compares several" in found.output
    assert _run(option, one).exit_code == 0


def test_what_is_no_number_is_wrong_usage():
    result = _run("--size", "big")
    assert result.exit_code == 2
    assert "'--size': 'big' is not a valid integer" in result.output


def test_styles_are_read_with_their_shares():
    result = _run("--style", "a.jpg", "--style", "b.jpg:0.3")
    styles = (Style(Path("a.jpg"), 1.0), Style(Path("b.jpg"), 0.3))
    assert result.output == f"(None, None, {styles!r}, {{}})\n"


@pytest.mark.parametrize("name", NAMES)
def test_the_help_says_what_is_allowed_and_the_default(name):
    option = next(option for option in command.params if option.name == name)
    if option.is_flag:
        assert option.secondary_opts == [f"--no-{name.replace('_', '-')}"]
    else:
        assert allowed(name) in option.help
        assert option.help.endswith("]")
        assert "  [default: " in option.help
