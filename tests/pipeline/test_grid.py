"""The columns of a grid: products in order, labels that say what differs."""

from pathlib import Path

import pytest

from stylize.pipeline.errors import SettingsError
from stylize.pipeline.grid import distinct_names, make_columns

A, B = Path("a.jpg"), Path("b.jpg")


def labels(**given) -> list[str]:
    return [column.label for column in make_columns(settings={}, **given)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"styles": [A]}, ["a"]),
        ({"presets": [Path("looks/mine.toml")]}, ["mine"]),
        ({"presets": ["wave", "mosaic"], "styles": [A, B]}, ["a", "b", "wave", "mosaic"]),
        ({"styles": [A], "methods": ["micro", "nnst"]}, ["micro", "nnst"]),
        ({"styles": [A], "methods": ["adain"]}, ["a"]),
        (
            {"styles": [A, B], "methods": ["micro", "nnst"]},
            ["a, micro", "a, nnst", "b, micro", "b, nnst"],
        ),
        (
            {"styles": [A], "presets": ["wave"], "methods": ["micro"], "models": [Path("my.pt")]},
            ["a, micro", "a, my", "wave"],
        ),
        (
            {
                "styles": [A],
                "methods": ["micro", "gatys"],
                "method_options": [{"steps": 5, "extractor": f"vgg{n}"} for n in (16, 19)],
            },
            ["micro", "gatys extractor vgg16", "gatys extractor vgg19"],
        ),
        ({"styles": [A], "strengths": [0.5, 1]}, ["strength 0.5", "strength 1"]),
        ({"styles": [A], "strengths": [0.5]}, ["a"]),
        (
            {"styles": [A], "presets": ["wave"], "strengths": [0, 0.25]},
            ["a, strength 0", "a, strength 0.25", "wave, strength 0", "wave, strength 0.25"],
        ),
        ({"models": [Path("x/one.st"), Path("y/one.st")]}, ["x/one.st", "y/one.st"]),
        ({"styles": [Path("wave.jpg")], "presets": ["wave"]}, ["wave", "preset wave"]),
        (
            {"styles": [A], "presets": ["a", "wave"], "strengths": [0.5, 1]},
            [
                f"{name}, strength {strength}"
                for name in ("a", "preset a", "wave")
                for strength in ("0.5", "1")
            ],
        ),
        ({"presets": ["wave", "mine/wave.toml"]}, ["wave", "wave.toml"]),
    ],
)
def test_columns_are_the_product_of_what_is_given_several_times(given, expected):
    assert labels(**given) == expected


def test_a_column_says_what_to_choose():
    columns = make_columns(
        styles=[A],
        presets=["wave"],
        methods=["gatys", "micro"],
        strengths=[0.5],
        method_options=[{"iterations": 5}],
        settings={"size": 64, "strength": 1.0},
    )
    both = {"size": 64, "strength": 0.5}
    assert [column.options for column in columns] == [
        {**both, "style": [A], "method": "gatys", "method_options": {"iterations": 5}},
        {**both, "style": [A], "method": "micro", "method_options": {}},
        {**both, "preset": "wave"},
    ]
    (alone,) = make_columns(models=[Path("one.st")], settings={})
    assert alone.options == {"model": Path("one.st")}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "name a look by --style, by --preset or by --model"),
        ({"methods": ["gatys"]}, "a method paints like pictures: name one by --style"),
        (
            {"styles": [A], "method_options": [{"iterations": 5}]},
            "--set is for gatys and nnst: name one by --method",
        ),
    ],
)
def test_what_makes_no_column_is_refused(given, said):
    with pytest.raises(SettingsError, match=said):
        make_columns(settings={}, **given)


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        ([], []),
        (["x/a.jpg", "y/b.jpg"], ["a", "b"]),
        (["a.jpg", "a.png"], ["a.jpg", "a.png"]),
        (["p/x/a.jpg", "p/y/a.jpg"], ["x/a.jpg", "y/a.jpg"]),
        (["p/x/a.jpg", "q/x/a.jpg"], ["p/x/a.jpg", "q/x/a.jpg"]),
        (["a.jpg", "a.jpg"], ["a", "a"]),
    ],
)
def test_names_are_as_short_as_they_differ(paths, names):
    assert distinct_names([Path(path) for path in paths]) == names
