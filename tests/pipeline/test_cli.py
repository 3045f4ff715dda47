"""The command line as a whole: help, exit codes, errors in one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stylize.pipeline import cli
from stylize.pipeline.errors import SettingsError, SourceError


def run(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, out, err


def test_help_lists_every_command_without_loading_torch_or_av():
    code = (
        "import sys\n"
        "from stylize.pipeline.cli import main\n"
        "try:\n    main(['--help'])\n"
        "finally:\n    print(sorted({'torch', 'av', 'numpy', 'PIL'} & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for command in ("video", "folder", "image", "grid", "presets", "measure", "train"):
        assert f"  {command} " in done.stdout


@pytest.mark.parametrize(
    "command", ["video", "folder", "image", "grid", "presets", "measure", "train"]
)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]):
    code, out, _ = run(command, "--help", capsys=capsys)
    assert code == 0
    assert out.startswith(f"Usage: stylize {command}")


def test_an_unknown_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]):
    code, _, err = run("vido", capsys=capsys)
    assert code == 2
    assert "no command 'vido'; did you mean 'video'? (commands: video, folder," in err


@pytest.mark.parametrize(
    "typed",
    [
        ("folder", "", "--preset", "wave"),
        ("image", "a.png", "--preset", "wave", "-o", ""),
        ("image", "a.png", "--style", ""),
        ("video", "a.mp4", "--model", ""),
        ("measure", "a.mp4", "b.mp4", "--plot", ""),
        ("train", "", "--content", ".", "-o", "x.safetensors"),
    ],
)
def test_an_empty_name_is_not_the_folder_one_is_in(
    typed: tuple[str, ...], capsys: pytest.CaptureFixture[str]
):
    code, _, err = run(*typed, capsys=capsys)
    assert code == 2
    assert "an empty name" in err


@pytest.mark.parametrize(
    "typed",
    [
        ("video", "a.mp4", "--preset", "wave", "-o", "-"),
        ("video", "-", "--preset", "wave"),
        ("image", "a.png", "--preset", "wave", "-o", "-"),
        ("grid", "a.png", "--preset", "wave", "-o", "-"),
    ],
)
def test_a_dash_is_no_name(typed: tuple[str, ...], capsys: pytest.CaptureFixture[str]):
    code, _, err = run(*typed, capsys=capsys)
    assert code == 2
    assert "name a file" in err


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("-o", ".mp4"), ".mp4: an extension without a name before it"),
        (("-o", "a.xyz"), "a.xyz: cannot write films as '.xyz'; use one of"),
        (("-o", "a.mp4", "--codec", "nosuch"), "no encoder 'nosuch' here"),
        (("-o", "a.mp4", "--pixel-format", "bogus"), "does not take pixel format 'bogus'"),
        (("-o", "frames", "--crf", "5"), "png has no scale of quality"),
    ],
)
def test_an_output_that_cannot_be_is_wrong_usage_and_nothing_begins(
    typed: tuple[str, ...],
    said: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    clip = Path(__file__).parents[2] / "samples" / "clip.mp4"
    monkeypatch.chdir(tmp_path)
    code, _, err = run("video", str(clip), "--preset", "wave", *typed, capsys=capsys)
    assert code == 2
    assert err.startswith("Error: ")
    assert said in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (SettingsError("size must be a whole number"), 2, "Error: size must be a whole number\n"),
        (SourceError("in.mp4: no video\nstream"), 1, "Error: in.mp4: no video stream\n"),
        (OSError(36, "File name too long", "x" * 9), 1, "Error: xxxxxxxxx: file name too long\n"),
        (KeyboardInterrupt(), 130, "Interrupted: nothing half-written was left.\n"),
    ],
)
def test_errors_become_one_line_and_an_exit_code(
    error: BaseException,
    code: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli.stylize, "main", fail)
    assert cli._run([]) == code
    assert capsys.readouterr().err == said


def test_a_look_must_be_named(capsys: pytest.CaptureFixture[str]):
    code, _, err = run("video", "in.mp4", capsys=capsys)
    assert code == 2
    assert err == "Error: name a look by --preset, by --model or by --style (none is given)\n"


@pytest.mark.parametrize("time", ["1:2:3:4", "-1", "soon", "1:", ""])
def test_a_wrong_time_is_refused_with_the_forms_allowed(
    time: str, capsys: pytest.CaptureFixture[str]
):
    code, _, err = run("video", "in.mp4", f"--start={time}", capsys=capsys)
    assert code == 2
    assert "is no time (seconds: 12.5, or a clock time: 1:02:03.5)" in err


def test_an_end_before_the_start_is_refused(capsys: pytest.CaptureFixture[str]):
    span = ("--start", "0:10", "--end", "9.5")
    code, _, err = run("video", "a.mp4", "--preset", "wave", *span, capsys=capsys)
    assert code == 2
    assert err == "Error: end must lie after start (got 9.5 s)\n"


def test_overwriting_and_skipping_exclude_each_other(capsys: pytest.CaptureFixture[str]):
    flags = ("--overwrite", "--skip-existing")
    code, _, err = run("image", "a.png", *flags, capsys=capsys)
    assert code == 2
    assert "--overwrite and --skip-existing exclude each other" in err


@pytest.mark.parametrize(
    "words",
    ["image a.jpg b.jpg", "folder a.jpg b.jpg", "video a.jpg b.jpg", "video a.jpg --at 3 b.jpg"],
)
def test_a_second_file_is_told_how_outputs_are_named(
    words: str, capsys: pytest.CaptureFixture[str]
):
    code, _, err = run(*words.split(), "--preset", "wave", capsys=capsys)
    assert code == 2
    assert "at a time (got 'b.jpg', too); the output is named by -o" in err


def test_a_name_that_the_output_cannot_say_ends_nothing():
    program = [sys.executable, "-m", "stylize.pipeline.cli", "presets", "path"]
    where = os.environ | {"STYLIZE_PRESETS": "\udcff", "PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run(program, env=where, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("\\udcff\n")
