"""Options of `gatys`: what is refused and how, and layers as they are typed."""

import pytest
import torch

from stylize.models.gatys_options import GatysOptions, parse_layers, shares


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"iterations": 0}, r"iterations must be a whole number from 1 to 100,000 \(got 0\)"),
        ({"iterations": 2.5}, r"iterations must be a whole number .* \(got 2.5\)"),
        ({"iterations": True}, r"iterations must be a whole number .* \(got True\)"),
        ({"content_weight": -1}, r"content_weight must be a number from 0 to 1,000,000 \(got -1\)"),
        ({"style_weight": float("nan")}, r"style_weight must be a number .* \(got nan\)"),
        ({"tv_weight": "1"}, r"tv_weight must be a number .* \(got '1'\)"),
        ({"average": 1}, r"average must be a number from 0 to 0.9999 \(got 1\)"),
        ({"style_scale": 11}, r"style_scale must be a number from 0.1 to 10 \(got 11\)"),
        ({"smallest": 8}, r"smallest must be a whole number from 16 to 65,536 \(got 8\)"),
        ({"tile": 32}, r"tile must be a whole number from 64 to 65,536 \(got 32\)"),
        ({"seed": -1}, r"seed must be a whole number from 0 to [\d,]+ \(got -1\)"),
        ({"optimizer": "sgd"}, r"optimizer must be one of lbfgs, adam \(got 'sgd'\)"),
        ({"init": "black"}, r"init must be one of content, noise, style \(got 'black'\)"),
        ({"tv": "huber"}, r"tv must be one of squared, absolute \(got 'huber'\)"),
        ({"style_term": "cubic"}, r"style_term must be one of gram, linear, .* \(got 'cubic'\)"),
        ({"learning_rate": 0.1}, "learning_rate is for the optimizer adam alone"),
        ({"learning_rate": 2, "optimizer": "adam"}, "learning_rate must be a number from 1e-05"),
        ({"content_weight": 0, "style_weight": 0}, "one must be above 0"),
        ({"style_layers": {"conv1_1": 1}}, r"style_layers must be of relu1_1 .* \(got 'conv1_1'\)"),
        ({"content_layers": {"relu1_3": 1}}, r"content_layers must be .* \(got 'relu1_3'\)"),
        ({"style_layers": {"relu1_1": -1}}, "the weight of relu1_1 must be a number from 0"),
        ({"style_layers": {}}, "style_layers: one layer must have a weight above 0"),
        ({"content_layers": {"relu4_2": 0}}, "content_layers: one layer must have a weight"),
        ({"start": torch.zeros(1, 5, 5)}, r"start must be \(3, H, W\) \(got \(1, 5, 5\)\)"),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(given, message):
    with pytest.raises(ValueError, match=message):
        GatysOptions(**given)


def test_layers_are_read_with_and_without_weights():
    assert parse_layers("relu1_1, relu4_1:0.5") == {"relu1_1": 1.0, "relu4_1": 0.5}
    assert parse_layers("relu5_4:2") == {"relu5_4": 2.0}


@pytest.mark.parametrize("text", ["", "relu4_1:", "relu4_1:x", "relu6_1", "relu4_1,,relu1_1"])
def test_what_names_no_layers_is_refused(text):
    with pytest.raises(ValueError, match=r"layers must be .* such as relu1_1,relu4_1:0.5 \(got "):
        parse_layers(text)


def test_only_ratios_of_layers_matter_and_those_of_weight_0_do_not_count():
    assert shares({"relu1_1": 3, "relu2_1": 1, "relu3_1": 0}) == {"relu1_1": 0.75, "relu2_1": 0.25}


def test_layers_of_a_loss_that_is_left_out_are_not_wanted():
    both = GatysOptions(style_layers={"relu2_1": 1}, content_layers={"relu3_1": 1})
    assert both.wanted_layers() == ["relu2_1", "relu3_1"]
    texture = GatysOptions(style_layers={"relu2_1": 1}, content_weight=0)
    assert texture.wanted_layers() == ["relu2_1"]
    rebuilt = GatysOptions(content_layers={"relu3_1": 1}, style_weight=0)
    assert rebuilt.wanted_layers() == ["relu3_1"]
