"""`adain`, `sanet` and `adaattn` learn what their papers say, as any other network is trained."""

from dataclasses import replace
from functools import partial

import pytest
import torch

from stylize.models import AdaAttN, Adain, Sanet, load_model, train, trainer
from stylize.models.settings import TrainingSettings

WIDTHS = (4, 6, 8, 10)
NETWORKS = {"adain": Adain, "sanet": Sanet, "adaattn": AdaAttN}
LOSSES = {
    "adain": {"content", "style"},
    "sanet": {"content", "style", "identity", "identity_features"},
    "adaattn": {"global", "local"},
}
SETTINGS = TrainingSettings(steps=4, minutes=None, crop=64, batch=2, style_size=192)
FALLEN = {"adain": 0.2, "sanet": 0.98, "adaattn": 0.4}
"""What is left of the objective after 40 steps; `sanet` begins near what it can learn here."""


@pytest.fixture(autouse=True)
def small(tmp_path, monkeypatch, deep_vgg):
    """Extractor and networks of a few channels."""
    weights = tmp_path / "extractor.pth"
    weights.write_bytes(b"stands for the real file")
    monkeypatch.setattr(train, "find_weights", lambda *_, **__: weights)
    monkeypatch.setattr(train, "load_vgg", lambda **_: deep_vgg)
    for name, kind in NETWORKS.items():
        monkeypatch.setitem(trainer.NETWORKS, name, partial(kind, widths=WIDTHS))


@pytest.fixture(params=NETWORKS)
def method(request):
    return request.param


@pytest.fixture
def run(photographs, tmp_path):
    def trained(settings, *, to="look.safetensors", **options):
        reports = []
        options = {"preview_every": 0, "report": reports.append} | options
        train.train(photographs, tmp_path / to, styles=photographs, settings=settings, **options)
        return reports

    return trained


def test_the_losses_are_those_of_the_paper_and_the_network_is_loaded_again(run, method, tmp_path):
    run(replace(SETTINGS, method=method))
    loaded = load_model(tmp_path / "look.safetensors")
    assert loaded.method == method
    assert set(loaded.recipe["losses"]) == LOSSES[method]
    assert not any(name.startswith("vgg") for name in loaded.network.state_dict())


@pytest.fixture
def crops():
    torch.manual_seed(3)
    smooth = torch.nn.functional.interpolate(torch.rand(4, 3, 8, 8), (64, 64), mode="bicubic")
    contents, styles = smooth.clamp(0, 1).split(2)
    return trainer.Crops((0, 1), contents), trainer.Crops((0, 1), styles)


@pytest.fixture
def begun(method, deep_vgg):
    def make(**settings):
        wanted = replace(SETTINGS, method=method, **settings)
        return trainer.Trainer(wanted, deep_vgg, None, torch.device("cpu"))

    return make


def test_the_objective_falls(begun, crops, method):
    run = begun(steps=40, learning_rate=3e-3)

    def objective():
        return run._by_its_paper(run.network, crops[0].pictures, crops[1])[1].item()

    before = objective()
    for _ in range(40):
        run.advance(*crops)
    assert objective() < FALLEN[method] * before


def test_an_interrupted_run_goes_on_as_if_nothing_had_been(run, method, tmp_path):
    settings = replace(SETTINGS, method=method)
    run(settings, to="whole.safetensors")

    def interrupt(report):
        if report.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(settings, to="cut.safetensors", report=interrupt)
    run(settings, to="cut.safetensors")
    whole, cut = (
        load_model(tmp_path / f"{name}.safetensors").network.state_dict()
        for name in ("whole", "cut")
    )
    assert all(torch.equal(whole[name], cut[name]) for name in whole)


def test_a_preview_shows_what_was_learnt(run, method, tmp_path):
    reports = run(replace(SETTINGS, method=method, steps=1), preview_every=1)
    assert reports[-1].preview == tmp_path / "look.preview.png"
    assert reports[-1].preview.stat().st_size > 1000


def test_settings_weigh_the_papers_losses(begun, crops):
    def total(**weights):
        run = begun(**weights)
        return run._by_its_paper(run.network, crops[0].pictures, crops[1])[1].item()

    assert total(style_weight=2.0) > total() > total(content_weight=0.5)
