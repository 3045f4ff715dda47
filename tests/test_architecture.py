"""The rules of the house, read from the imports: who may know whom, and where a library may appear.

presets, models              leaves, which do not know each other
pipeline                     errors, values … <- stages <- prepare, run_… <- cli
pipeline.film, .picture      reading and writing, which do not know each other either
"""

import ast
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("models", "pipeline", "presets", "samples", "tests")
STAGES = {
    *("pipeline.film.read_video", "pipeline.film.write_video"),
    *("pipeline.picture.read_image", "pipeline.picture.write_image"),
    *("pipeline.shots", "pipeline.prefetch", "pipeline.batch", "pipeline.restyle"),
    *("pipeline.smooth", "pipeline.smooth_window", "pipeline.denoise_source"),
    "pipeline.fade_from_black",
}
RUNS = ("pipeline.prepare*", "pipeline.run_*")
ONLY_IN = {
    "av": ("pipeline.film.*",),
    "PIL": ("pipeline.picture.*", "models.*"),
    "cv2": ("pipeline.flow*", "pipeline.scene*"),
    "click": ("pipeline.cli", "pipeline.cli.*"),
    "rich": ("pipeline.cli", "pipeline.cli.*"),
    "torchvision": ("pipeline.flow_raft",),
    "tomllib": ("pipeline.toml_file",),
}
"""Library to the modules that may know it."""

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.py"))
}
PRODUCT = [name for name in MODULES if name.split(".")[0] in ("models", "pipeline", "presets")]


def _imports(name):
    """The dotted names that a module imports; those of this project begin with `stylize.`."""
    path = MODULES[name]
    package = ["stylize", *path.relative_to(ROOT).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _within(imported, module):
    return imported == module or imported.startswith(f"{module}.")


def _is_run(module):
    return any(fnmatch(module, pattern) for pattern in RUNS)


def _is_cli(module):
    return _within(module, "pipeline.cli")


def _known(name):
    """The modules of the pipeline that a module knows."""
    imported = [i.removeprefix("stylize.") for i in _imports(name)]
    return {other for other in _pipeline() for i in imported if _within(i, other)} - {
        *("pipeline", "pipeline.film", "pipeline.picture")
    }


def _pipeline():
    return [name for name in PRODUCT if name.startswith("pipeline.")]


def _some(wanted):
    return [name for name in _pipeline() if wanted(name)]


@pytest.mark.parametrize("name", MODULES)
def test_a_file_begins_with_a_line_that_says_what_it_is(name):
    text = MODULES[name].read_text(encoding="utf-8")
    assert text.startswith('"""')
    assert ast.get_docstring(ast.parse(text)).splitlines()[0].strip()


@pytest.mark.parametrize("name", MODULES)
def test_the_project_is_imported_by_its_full_name(name):
    bare = {i for i in _imports(name) if i.split(".")[0] in FOLDERS}
    assert not bare  # from the repository's root, `import models` would find a second module


@pytest.mark.parametrize("name", [n for n in PRODUCT if not n.startswith("pipeline.cli")])
def test_inside_a_package_imports_are_relative(name):
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    modules = [n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and not n.level]
    own = f"stylize.{name.split('.')[0]}"
    assert not [module for module in modules if _within(module, own)]


@pytest.mark.parametrize("name", [n for n in PRODUCT if n.startswith("presets")])
def test_presets_know_only_the_standard_library(name):
    assert {i.split(".")[0] for i in _imports(name)} <= sys.stdlib_module_names


@pytest.mark.parametrize("name", [n for n in PRODUCT if n.startswith("models")])
def test_models_know_neither_presets_nor_the_pipeline(name):
    ours = {i.split(".")[1] for i in _imports(name) if i.startswith("stylize.")}
    assert ours <= {"models"}


@pytest.mark.parametrize("name", PRODUCT)
def test_a_library_appears_only_where_it_belongs(name):
    for library, places in ONLY_IN.items():
        if any(_within(i, library) for i in _imports(name)):
            assert any(fnmatch(name, place) for place in places), library


@pytest.mark.parametrize("name", ["pipeline.errors", "pipeline.values"])
def test_errors_and_values_stand_on_nothing_of_the_pipeline(name):
    assert not _known(name)


@pytest.mark.parametrize("name", _some(lambda name: not _is_run(name) and not _is_cli(name)))
def test_what_is_below_the_runs_knows_no_other_stage_no_run_and_no_command(name):
    known = _known(name)
    assert not (known & STAGES) - {name}
    assert not {other for other in known if _is_run(other) or _is_cli(other)}


@pytest.mark.parametrize(("name", "other"), [("film", "picture"), ("picture", "film")])
def test_films_and_pictures_do_not_know_each_other(name, other):
    for module in _some(lambda module: module.startswith(f"pipeline.{name}")):
        assert not {known for known in _known(module) if known.startswith(f"pipeline.{other}")}


@pytest.mark.parametrize("name", _some(_is_run))
def test_a_run_does_not_know_the_command_line(name):
    assert not {known for known in _known(name) if _is_cli(known)}


@pytest.mark.parametrize("name", _some(_is_cli))
def test_the_command_line_drives_runs_not_stages(name):
    assert not _known(name) & STAGES


@pytest.mark.parametrize("name", PRODUCT)
def test_nothing_prints(name):
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    assert not [call for call in calls if isinstance(call, ast.Name) and call.id == "print"]


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["presets", "list"]]
    + [[name, "--help"] for name in ("video", "folder", "image", "grid", "presets", "measure")],
    ids=" ".join,
)
def test_help_and_presets_do_not_wait_for_torch(arguments):
    code = (
        "import sys; from stylize.pipeline import cli\n"
        f"code = cli._run({arguments!r})\n"
        "slow = {'torch', 'av', 'numpy', 'PIL'} & set(sys.modules)\n"
        "sys.exit(f'waited for {slow}' if slow else code)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout
