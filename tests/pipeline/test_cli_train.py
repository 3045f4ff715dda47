"""`stylize train` turns words into settings, shows progress, and ends with the right code."""

import subprocess
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image
from rich.console import Console

from stylize.models import TrainingError, load_model
from stylize.models.settings import TrainingSettings
from stylize.models.train import TrainingReport
from stylize.pipeline.cli import main
from stylize.pipeline.cli.train import _Bar as Bar
from stylize.pipeline.cli.train import _bar as progress_bar
from stylize.pipeline.cli.train import train

REPORT = TrainingReport(
    step=7,
    fraction=0.5,
    losses={"content": 2.0, "style": 1.25},
    steps_per_second=0.5,
    seconds_left=125.0,
)


@pytest.fixture
def words(tmp_path):
    """A style, a folder and an output, as a user types them."""
    Image.radial_gradient("L").save(tmp_path / "style.png")
    (tmp_path / "photographs").mkdir()
    named = ["style.png", "--content", "photographs", "-o", "look.safetensors"]
    return [str(tmp_path / word) if word[0] != "-" else word for word in named]


@pytest.fixture
def trained(monkeypatch):
    """Stand in for the training itself; what it was called with."""
    calls = []

    def fake(content, target, **options):
        calls.append((content, target, options))
        options["notify"]("a word of warning")
        options["report"](REPORT)

    monkeypatch.setattr("stylize.models.train.train", fake)
    return calls


def run(*words):
    return CliRunner().invoke(train, list(words))


def test_nothing_but_the_needful_trains_with_the_defaults(words, trained, tmp_path):
    result = run(*words)
    assert result.exit_code == 0
    assert result.stdout == f"{tmp_path / 'look.safetensors'}\n"
    ((content, target, options),) = trained
    names = (options["style"].name, content.name, target.name)
    assert names == ("style.png", "photographs", "look.safetensors")
    assert (options["styles"], options["exclude"], options["start"]) == (None, (), None)
    assert options["settings"] == TrainingSettings()
    assert (options["resume"], options["device"], options["preview_every"]) == (True, "auto", 200)


def test_a_run_may_begin_with_one_whose_state_is_gone(words, trained, tmp_path):
    assert run(*words, "--start", str(tmp_path / "gone.train.pt")).exit_code == 0
    ((_, _, options),) = trained
    assert options["start"] == tmp_path / "gone.train.pt"


def test_every_option_reaches_the_settings(words, trained):
    typed = (
        "--method johnson --steps 9 --crop 128 --batch 2 --style-size 300 --content-weight 2 "
        "--style-weight 3 --style-first 2 --gram-weight 700 --tv-weight 4 --grid-weight 7 "
        "--plain-weight 9 --temporal-weight 5 --calm-weight 8 --quarters 0.25 "
        "--learning-rate 0.001 --seed 6 --restart --preview-every 0"
    )
    assert run(*words, *typed.split()).exit_code == 0
    options = trained[0][2]
    assert options["settings"] == TrainingSettings(
        method="johnson",
        steps=9,
        minutes=None,
        crop=128,
        batch=2,
        style_size=300,
        content_weight=2.0,
        style_weight=3.0,
        style_first=2.0,
        gram_weight=700.0,
        quarters=0.25,
        tv_weight=4.0,
        calm_weight=8.0,
        grid_weight=7.0,
        plain_weight=9.0,
        temporal_weight=5.0,
        learning_rate=0.001,
        seed=6,
    )
    assert (options["resume"], options["preview_every"]) == (False, 0)


def test_a_network_for_any_style_is_given_a_folder_of_them(words, trained):
    _, *rest = words
    excluded = ["--exclude", "a*.png", "--exclude", "b.png"]
    assert run("--method", "micro", "--styles", rest[1], *excluded, *rest).exit_code == 0
    options = trained[0][2]
    assert (options["style"], options["styles"].name) == (None, "photographs")
    assert options["exclude"] == ("a*.png", "b.png")
    assert "--styles photographs --exclude 'a*.png' --exclude b.png" in options["command"]


def test_the_help_gives_the_defaults_of_the_settings():
    shown = " ".join(run("--help").stdout.split())
    for name, value in TrainingSettings().as_table().items():
        if name not in ("steps", "learning_rate"):
            text = shown.split(f"--{name.replace('_', '-')} ")[-1].split(" --")[0]
            said = f"{value:g}" if isinstance(value, float) else f"{value}"
            assert f"[default: {said}]" in text


@pytest.mark.parametrize(
    ("words_more", "message"),
    [
        (["--seed", "9999999999999999"], "seed is 9999999999999999; it must be between 0 and"),
        (["--minutes", "0"], "minutes is 0.0; it must be between 0.01 and"),
        (["--crop", "100"], "crop is 100; it must be a multiple of 16"),
        (["--method", "gatys"], "'gatys' is not one of 'swift', 'micro', 'johnson'"),
        (["--vgg", "absent.pth"], "'absent.pth' does not exist"),
        (["-o", "look.pth"], "look.pth: must end in .safetensors"),
        (["--device", "gpu"], "device must be auto, cpu, cuda, cuda:N or mps (got 'gpu')"),
        (["--device", "cuda:99"], "device: no 'cuda:99' on this machine (here: cpu"),
    ],
)
def test_wrong_words_are_wrong_usage(words, trained, words_more, message):
    result = run(*words, *words_more)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not trained


@pytest.mark.parametrize(
    ("left_out", "more", "message"),
    [
        (1, [], "swift learns one picture: name it as STYLE"),
        (
            0,
            ["--exclude", "a*"],
            "without --styles or --exclude (--method micro, adain, sanet, adaattn take those)",
        ),
        (0, ["--method", "micro"], "micro learns many styles: name their folder by --styles"),
    ],
)
def test_what_does_not_go_with_the_method_is_wrong_usage(words, trained, left_out, more, message):
    result = run(*words[left_out:], *more)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not trained


def test_without_a_terminal_progress_is_plain_lines(words, trained):
    result = run(*words)
    assert result.stderr.splitlines() == [
        "a word of warning",
        " 50%  step 7  content 2 style 1.25  0.50 steps/s  2:05 left",
    ]


def test_on_a_terminal_progress_is_a_bar(tmp_path):
    screen = StringIO()
    with progress_bar(Console(file=screen, force_terminal=True, width=120)) as progress:
        bar = Bar(progress, tmp_path / "look.safetensors")
        bar.download(50, 100)
        bar.report(replace(REPORT, preview=Path("look.preview.png")))
        bar.notify("a word [of] warning")
    shown = screen.getvalue()
    for part in ("look.safetensors", "50 %", "2:05 left", "preview: ", "a word [of] warning"):
        assert part in shown


def test_quiet_still_warns(words, trained):
    assert run(*words, "--quiet").stderr == "a word of warning\n"


@pytest.mark.parametrize(
    ("kept", "more", "said"),
    [
        (True, [], "what was learnt is kept; the same command goes on from it."),
        (True, ["--restart"], "is kept; the same command without --restart goes on from it."),
        (False, [], "Interrupted before anything was learnt."),
    ],
)
def test_an_interruption_says_how_to_go_on(words, monkeypatch, tmp_path, kept, more, said):
    def fake(*_, **__):
        if kept:
            (tmp_path / "look.safetensors.train.pt").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr("stylize.models.train.train", fake)
    result = run(*words, *more)
    assert result.exit_code == 130
    assert said in result.stderr


def test_a_failure_is_one_line(words, monkeypatch, capsys):
    def fake(*_, **__):
        raise TrainingError("the style loss is nan at step 3")

    monkeypatch.setattr("stylize.models.train.train", fake)
    with pytest.raises(SystemExit, match="1"):
        main(["train", *words])
    assert capsys.readouterr().err == "Error: the style loss is nan at step 3\n"


@pytest.mark.parametrize(
    ("more", "recorded"),
    [
        ([], ""),
        (["--seed", "3"], " --seed 3"),
        (["--restart", "--minutes=1.5"], " --minutes 1.5 --restart"),
        (
            ["--resume", "--learning-rate=1e-3", "--quiet"],
            " --learning-rate 0.001 --resume --quiet",
        ),
        (["--vgg={folder}/style.png"], " --vgg style.png"),
    ],
)
def test_the_recipe_holds_the_command_without_folders(words, trained, tmp_path, more, recorded):
    style, _, content, _, output = words
    typed = [f"--content={content}", *(word.format(folder=tmp_path) for word in more)]
    assert run(*typed, f"-o{output}", style).exit_code == 0
    command = trained[0][2]["command"]
    assert command == f"stylize train style.png --content photographs -o look.safetensors{recorded}"
    assert str(tmp_path) not in command


def test_the_recipe_names_the_folder_that_a_dot_stands_for(words, trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path / "photographs")
    assert run(words[0], "--content", ".", "-o", words[-1]).exit_code == 0
    assert "--content photographs " in trained[0][2]["command"]


def test_help_does_not_import_torch():
    code = (
        "import sys\n"
        "from stylize.pipeline.cli.train import train\n"
        "train(['--help'], standalone_mode=False)\n"
        "sys.exit('torch' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, stdout=-3).returncode == 0


@pytest.mark.vgg
def test_a_real_run_makes_a_network(words, shared, vgg_weights, tmp_path):
    for path in sorted((shared / "photos").iterdir())[:4]:
        (tmp_path / "photographs" / path.name).symlink_to(path)
    small = "--steps=2 --crop=64 --batch=1 --style-size=64 --preview-every=0"
    weights = str(vgg_weights / "vgg_normalised.pth")
    result = run(*words, *small.split(), "--vgg", weights)
    assert result.exit_code == 0, result.output
    assert load_model(Path(words[-1])).recipe["steps"] == 2
