"""A training step measures what it should, and remembers no more than it may."""

from dataclasses import replace

import pytest
import torch

from stylize.models import crops as crops_module
from stylize.models import trainer as module
from stylize.models.crops import Crops
from stylize.models.losses import CONTENT_LAYER, STYLE_LAYERS, content_loss, style_loss
from stylize.models.settings import TrainingSettings
from stylize.models.trainer import EVERY, Trainer
from stylize.models.vgg import Vgg

SETTINGS = TrainingSettings(steps=4, minutes=None, crop=64, batch=3, style_size=64)
NUMBERS = (5, 0, 7)


def style():
    return torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.fixture(params=[torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
def trainer(tiny_vgg, monkeypatch, request):
    monkeypatch.setattr(module, "training_dtype", lambda device: request.param)
    return Trainer(SETTINGS, Vgg(*tiny_vgg), style(), torch.device("cpu"))


@pytest.fixture
def crops():
    return torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("styles", ["one for all", "one for each"])
def test_paintings_measured_one_by_one_have_the_loss_and_gradient_of_all(trainer, crops, styles):
    content = trainer._content(NUMBERS, crops.flip(0))
    style = trainer._style if styles == "one for all" else trainer._measured(NUMBERS, 1 - crops)
    losses, gradient = trainer._perceived(crops, content, style)

    painted = crops.clone().requires_grad_()
    found = trainer._vgg(painted, {*STYLE_LAYERS, CONTENT_LAYER})
    wanted = {"content": content_loss(found, {CONTENT_LAYER: content})}
    wanted["style"] = style_loss(found, style)
    weight = SETTINGS.style_weight_at(0.0)
    (SETTINGS.content_weight * wanted["content"] + weight * wanted["style"]).backward()
    for name, loss in wanted.items():
        assert losses[name] == pytest.approx(loss.item(), rel=0.01)
    error = (gradient - painted.grad).norm() / painted.grad.norm()
    assert error < (0.02 if trainer._vgg.mean.dtype == torch.bfloat16 else 1e-5)


def test_what_is_measured_all_at_once_is_what_is_measured_one_by_one(trainer, crops):
    content = trainer._content(NUMBERS, crops)
    styles = trainer._measured(NUMBERS, crops)
    for known in (trainer._contents, trainer._styles):
        del known[NUMBERS[0]], known[NUMBERS[2]]
    trainer._at_once = True
    assert torch.allclose(trainer._content(NUMBERS, crops).float(), content.float(), rtol=0.02)
    again = trainer._measured(NUMBERS, crops)
    for layer, wanted in styles.items():
        for part in ("mean", "deviation", "gram"):
            before, after = getattr(wanted, part), getattr(again[layer], part)
            assert before.shape == after.shape
            assert torch.allclose(before, after, rtol=0.02, atol=1e-3)


def test_a_step_learns_in_either_type_and_keeps_the_network_in_float32(trainer, crops):
    before = [each.detach().clone() for each in trainer.network.parameters()]
    trainer.advance(Crops(NUMBERS, crops))
    after = list(trainer.network.parameters())
    assert {each.dtype for each in after} == {torch.float32}
    assert any(not torch.equal(*pair) for pair in zip(before, after, strict=True))
    assert set(trainer.losses) == {"content", "style", "tv", "grid", "temporal"}


def test_what_is_painted_in_plain_places_counts_when_it_is_to(tiny_vgg):
    settings = replace(SETTINGS, calm_weight=5.0, temporal_weight=0.0)
    trainer = Trainer(settings, Vgg(*tiny_vgg), style(), torch.device("cpu"))
    trainer.advance(Crops(NUMBERS, torch.full((3, 3, 64, 64), 0.5)))
    # Where all is plain it is the total variation.
    assert trainer.losses["calm"] == pytest.approx(trainer.losses["tv"], rel=1e-3)


@pytest.mark.parametrize("method", ["swift", "micro"])
def test_what_is_painted_on_plain_pictures_counts_in_every_second_step(tiny_vgg, crops, method):
    settings = replace(SETTINGS, method=method, plain_weight=5.0, style_size=192)
    read = None if method == "micro" else style()
    trainer = Trainer(settings, Vgg(*tiny_vgg), read, torch.device("cpu"))
    told = []
    for _ in range(4):
        losses, _ = trainer._by_perception(NUMBERS, crops, Crops(NUMBERS, 1 - crops))
        told.append("plain" in losses)
        trainer.step += 1
    assert told == [False, True, False, True]
    assert losses["plain"] > 0


@pytest.mark.parametrize("name", ["tv", "grid", "calm", "temporal", "plain"])
def test_a_paler_painting_pleases_only_what_compares_it(tiny_vgg, crops, name):
    settings = replace(SETTINGS, calm_weight=1.0, plain_weight=1.0)
    trainer = Trainer(settings, Vgg(*tiny_vgg), style(), torch.device("cpu"))
    trainer.step = int(name == "plain")
    lattice = 0.1 * (torch.arange(64) % 8)

    def losses(strength):
        def paint(pictures):
            return 0.5 + strength * ((pictures - 0.5).roll(1, 3) + lattice)

        trainer._paint = lambda styles: (paint, trainer._style)
        return trainer._by_perception(NUMBERS, crops, None)[0]

    pale, strong = (losses(strength)[name].item() for strength in (0.5, 1.0))
    assert pale == pytest.approx(strong, rel=0.02)


def _gradients(total, trainer):
    found = torch.autograd.grad(total, list(trainer.network.parameters()), allow_unused=True)
    return torch.cat([each.flatten() for each in found if each is not None])


@pytest.mark.parametrize(
    ("name", "step", "times"),
    [("tv", 0, 1), ("grid", 0, 1), ("calm", 0, 1), ("temporal", 0, EVERY), ("plain", 1, EVERY)],
)
def test_each_term_is_learnt_from_by_its_weight(tiny_vgg, crops, monkeypatch, name, step, times):
    monkeypatch.setattr(module, "training_dtype", lambda device: torch.float32)

    nothing = dict.fromkeys(("content", "style", "tv", "grid", "temporal"), 0.0) | {name: 7.0}
    settings = replace(SETTINGS, **{f"{each}_weight": weight for each, weight in nothing.items()})

    def measured():
        trainer = Trainer(settings, Vgg(*tiny_vgg), style(), torch.device("cpu"))
        trainer.step = step
        pictures = (crops + 1) / 3 if name != "calm" else crops / 100 + 0.5
        return trainer, *trainer._by_perception(NUMBERS, pictures, None)

    trainer, losses, _ = measured()
    alone = _gradients(losses[name], trainer)
    trainer, _, total = measured()
    assert alone.norm() > 0
    error = (_gradients(total, trainer) - 7.0 * times * alone).norm()
    assert error < 0.01 * 7.0 * times * alone.norm()


def test_the_style_counts_more_at_first_and_as_its_quarters_are_to(tiny_vgg, crops, monkeypatch):
    monkeypatch.setattr(module, "training_dtype", lambda device: torch.float32)

    def perceived(**changed):
        settings = replace(SETTINGS, content_weight=0.0, **changed)
        trainer = Trainer(settings, Vgg(*tiny_vgg), style(), torch.device("cpu"))
        return trainer._perceived(crops, trainer._content(NUMBERS, crops), trainer._style)

    _, gradient = perceived(style_first=1.0)
    _, at_first = perceived(style_first=10.0)
    torch.testing.assert_close(at_first, 10 * gradient)
    whole, quarters = (perceived(quarters=share)[0]["style"] for share in (0.0, 1.0))
    assert quarters > 1.01 * whole
    grams = [perceived(gram_weight=weight)[0]["style"].item() for weight in (0.0, 1e3, 2e3)]
    assert grams[0] < grams[1] == pytest.approx((grams[0] + grams[2]) / 2, rel=0.01)


def test_each_step_has_its_rate_and_its_dice(trainer, crops):
    rates, drawn = [], []
    step = trainer._optimiser.step

    def spied(*, rate):
        rates.append(rate)
        drawn.append(torch.rand((), generator=trainer._dice()).item())
        step(rate=rate)

    trainer._optimiser.step = spied
    for _ in range(SETTINGS.steps):
        trainer.advance(Crops(NUMBERS, crops))
    assert rates == [SETTINGS.learning_rate_at(done / 4) for done in range(4)]
    assert len(set(rates)) == len(set(drawn)) == 4


def test_content_for_which_there_is_no_memory_is_measured_anew(trainer, crops, monkeypatch):
    whole = trainer._content(NUMBERS, crops)
    assert sorted(trainer._contents) == sorted(NUMBERS)
    one = whole[:1].nbytes
    monkeypatch.setattr(module, "CONTENT_BYTES", 2 * one)
    trainer._contents.clear()
    for _ in range(2):
        assert torch.equal(trainer._content(NUMBERS, crops), whole)
    assert sorted(trainer._contents) == [0, 5]


def test_the_content_of_all_crops_of_the_usual_size_fits_into_memory():
    side = TrainingSettings().crop // 8  # relu4_1 of VGG-19 has 512 channels, in bfloat16
    assert crops_module.CROPS * 512 * side * side * 2 <= module.CONTENT_BYTES
