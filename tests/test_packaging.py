"""What is installed is what is here, though `setup.cfg` lists packages and data by hand."""

import ast
import re
import sys
from configparser import ConfigParser
from fnmatch import fnmatch
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("models", "pipeline", "presets")
CALLED_OTHERWISE = {"PIL": "pillow", "cv2": "opencv-python-headless", "tomli_w": "tomli-w"}
"""Modules whose distribution has another name."""


@pytest.fixture(scope="module")
def setup():
    """The parsed `setup.cfg`."""
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def _lines(text):
    return [line.strip() for line in text.splitlines() if line.strip()]


def _files():
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def _package_of(path):
    return "stylize." + ".".join(path.parent.relative_to(ROOT).parts)


def _requirements(text):
    return {re.match(r"[\w-]+", line)[0] for line in _lines(text)}


def test_every_folder_of_code_is_a_package_that_is_listed(setup):
    folders = {path.parent for path in _files() if path.suffix == ".py"}
    assert all((folder / "__init__.py").is_file() for folder in folders)
    on_disk = {_package_of(folder / "__init__.py") for folder in folders}
    assert set(_lines(setup["options"]["packages"])) == on_disk


def test_every_package_is_mapped_to_its_folder(setup):
    mapped = dict(re.split(r"\s*=\s*", line) for line in _lines(setup["options"]["package_dir"]))
    assert list(mapped) == _lines(setup["options"]["packages"])
    for package, folder in mapped.items():
        assert package == "stylize." + folder.replace("/", ".")


def test_every_file_that_is_no_code_matches_a_pattern_of_its_package(setup):
    patterns = {
        package: [pattern for line in _lines(text) for pattern in re.split(r"[,\s]+", line)]
        for package, text in setup["options.package_data"].items()
    }
    for path in _files():
        if path.suffix != ".py":
            listed = patterns.get(_package_of(path), [])
            assert any(fnmatch(path.name, pattern) for pattern in listed), path


def test_every_package_tells_type_checkers_that_it_is_typed():
    assert all((ROOT / folder / "py.typed").is_file() for folder in FOLDERS)


def test_stylize_is_a_namespace_so_that_no_folder_of_that_name_hides_it():
    assert not (ROOT / "stylize").exists()
    assert find_spec("stylize").origin is None


def test_the_libraries_that_are_imported_are_those_required(setup):
    imported = set()
    for path in _files():
        if path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.split(".")[0])
    foreign = imported - sys.stdlib_module_names - {"stylize"}
    extras = setup["options.extras_require"]
    optional = [_requirements(text) for name, text in extras.items() if name != "test"]
    required = _requirements(setup["options"]["install_requires"]).union(*optional)
    assert {CALLED_OTHERWISE.get(name, name) for name in foreign} == required


def test_the_command_is_there():
    (command,) = entry_points(group="console_scripts", name="stylize")
    assert command.value == "stylize.pipeline.cli:main"
    assert callable(command.load())


def test_ruff_reads_the_oldest_python_that_is_allowed(setup):
    oldest = setup["options"]["python_requires"].removeprefix(">=")
    ruff = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'target-version = "py{oldest.replace(".", "")}"' in ruff
