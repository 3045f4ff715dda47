"""`adain`: the published formula and decoder, shares, masks, strength, sizes and its objective."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from stylize.models import adain as module
from stylize.models.adain import Adain, moments, renormalise
from stylize.models.any_style import Mixture
from stylize.models.checkpoint import load_model
from stylize.models.extractor import load_vgg
from stylize.models.vgg import Vgg


@pytest.fixture
def vgg(tiny_vgg):
    return Vgg(*tiny_vgg)


@pytest.fixture
def adain():
    torch.manual_seed(5)
    return Adain(widths=(6, 8, 8, 12)).eval().requires_grad_(False)


@pytest.fixture
def styles():
    torch.manual_seed(6)
    return torch.rand(3, 40, 56), torch.rand(3, 24, 32) * 0.4


@pytest.fixture
def photographs():
    torch.manual_seed(7)
    return F.interpolate(torch.rand(2, 3, 6, 8), (48, 64), mode="bicubic").clamp(0, 1)


def test_pictures_that_take_more_memory_than_there_is_are_refused_at_once(vgg, adain, styles):
    painter = adain.with_styles(Mixture(styles[:1]), vgg=vgg)
    large = torch.zeros(1, 3, 1, 1).expand(1, 3, 40_000, 40_000)  # of one number in memory
    with pytest.raises(torch.OutOfMemoryError, match=r"about 324 GB are needed"):
        painter(large)


def test_without_a_vgg_it_cannot_see(adain, styles):
    with pytest.raises(ValueError, match="adain sees pictures by a VGG"):
        adain.with_styles(Mixture(styles[:1]))


def test_features_get_the_means_and_deviations_that_are_wanted():
    torch.manual_seed(0)
    content, style = torch.randn(2, 5, 9, 7), torch.randn(1, 5, 4, 6) * 3 + 1
    wanted = moments(style)
    found = moments(renormalise(content, *wanted))
    for got, want in zip(found, wanted, strict=True):
        assert torch.allclose(got, want.expand_as(got), atol=1e-4)


def test_moments_weigh_places():
    features = torch.tensor([[[[1.0, 5.0, 100.0]]]])
    mean, deviation = moments(features, where=torch.tensor([[[1.0, 1.0, 0.0]]]))
    assert mean.item() == pytest.approx(3)
    assert deviation.item() == pytest.approx(2, rel=1e-4)


def test_strength_lies_between_the_decoded_content_and_the_style(adain, vgg, styles, photographs):
    painted = [
        adain.with_styles(Mixture(styles[:1]), vgg=vgg, strength=strength)(photographs)
        for strength in (0.0, 0.5, 1.0)
    ]
    decoded = adain.decoder(vgg(photographs, ["relu4_1"])["relu4_1"]).clamp(0, 1)
    assert torch.allclose(painted[0], decoded, atol=1e-6)
    apart = (painted[2] - painted[0]).abs().mean()
    assert apart > 1e-3
    assert (painted[1] - painted[0]).abs().mean() < apart
    assert (painted[1] - painted[2]).abs().mean() < apart


def test_shares_mix_the_styles(adain, vgg, styles, photographs):
    def paint(*shares):
        return adain.with_styles(Mixture(styles, shares), vgg=vgg)(photographs)

    alone = adain.with_styles(Mixture(styles[:1]), vgg=vgg)(photographs)
    assert torch.allclose(paint(1.0, 0.0), alone, atol=1e-6)
    assert (paint(0.5, 0.5) - alone).abs().mean() > 1e-4


def test_each_style_stays_in_its_mask(adain, vgg, styles, photographs):
    left = torch.zeros(1, 48, 64)
    left[..., :32] = 1
    both = adain.with_styles(Mixture(styles, (1, 1), (left, 1 - left)), vgg=vgg)(photographs)
    changed = Mixture((styles[0], 1 - styles[1]), (1, 1), (left, 1 - left))
    other = adain.with_styles(changed, vgg=vgg)(photographs)
    apart = (both - other).abs().mean((0, 1, 2))
    assert apart[-16:].mean() > 20 * apart[:8].mean()  # decoder and VGG reach across the border


def test_what_no_mask_covers_does_not_count(adain, vgg, styles):
    left = torch.zeros(1, 48, 256)
    left[..., :64] = 1
    painter = adain.with_styles(Mixture(styles[:1], (1,), (left,)), vgg=vgg)
    picture = torch.rand(1, 3, 48, 256, generator=torch.Generator().manual_seed(5))
    other = picture.clone()
    other[..., 160:] *= 0.2
    apart = (painter(picture) - painter(other)).abs().mean((0, 1, 2))
    assert apart[-16:].mean() > 100 * apart[:32].mean()


def test_masks_lie_as_on_the_picture_where_a_side_is_no_multiple_of_8(
    adain, vgg, styles, monkeypatch
):
    places = []

    def watched(features, *, where=None):
        places.append(where)
        return moments(features, where=where)

    left = torch.zeros(1, 8, 17)
    left[..., :9] = 1
    painter = adain.with_styles(Mixture(styles, (1, 1), (left, 1 - left)), vgg=vgg)
    monkeypatch.setattr(module, "moments", watched)
    painter(torch.rand(1, 3, 8, 17))
    assert torch.allclose(places[0], torch.tensor([[[1.0, 0.125, 0.0]]]), atol=1e-3)


@pytest.mark.parametrize("size", [(1, 1), (7, 30), (33, 17), (64, 8)])
def test_any_size_comes_back(adain, vgg, styles, size):
    painted = adain.with_styles(Mixture(styles[:1]), vgg=vgg)(torch.rand(1, 3, *size))
    assert painted.shape == (1, 3, *size)
    assert painted.min() >= 0
    assert painted.max() <= 1


def test_its_objective_falls_and_reaches_every_weight(vgg, styles, photographs):
    torch.manual_seed(8)
    adain = Adain(widths=(6, 8, 8, 12))
    optimiser = torch.optim.Adam(adain.parameters(), lr=3e-3)
    totals = []
    pictures = torch.stack([styles[1]] * 2)
    for _ in range(20):
        losses = adain.objective(vgg, photographs, pictures)
        assert set(losses) == {"content", "style"}
        total = sum(weight * loss for weight, loss in losses.values())
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        totals.append(total.item())
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in adain.parameters())
    assert totals[-1] < 0.7 * totals[0]


def mean_of(features):
    return features.flatten(2).mean(2)[..., None, None]


def deviation_of(features):
    return (features.flatten(2).var(2) + 1e-5).sqrt()[..., None, None]


def published(weights, content, style, alpha):
    """The encoder, the formula and the decoder as published, with plain layers of torch."""

    def layers(plan):
        modules = []
        for step in plan:
            if isinstance(step, tuple):
                modules += [nn.ReflectionPad2d(1), nn.Conv2d(*step, 3), nn.ReLU()]
            else:
                modules.append(step)
        return nn.Sequential(*modules)

    pool = nn.MaxPool2d(2, ceil_mode=True)
    vgg = layers(
        [
            *(nn.Conv2d(3, 3, 1), (3, 64), (64, 64), pool, (64, 128), (128, 128), pool),
            *((128, 256), (256, 256), (256, 256), (256, 256), pool, (256, 512)),
        ]
    )
    known = torch.load(weights / "vgg_normalised.pth", weights_only=True)
    vgg.load_state_dict({name: known[name] for name in vgg.state_dict()})
    double = nn.Upsample(scale_factor=2, mode="nearest")
    decoder = layers(
        [
            *((512, 256), double, (256, 256), (256, 256), (256, 256), (256, 128), double),
            *((128, 128), (128, 64), double, (64, 64), (64, 3)),
        ]
    )[:-1]
    decoder.load_state_dict(torch.load(weights / "decoder.pth", weights_only=True))
    with torch.no_grad():
        features, wanted = vgg(content), vgg(style)
        target = (features - mean_of(features)) / deviation_of(features)
        target = target * deviation_of(wanted) + mean_of(wanted)
        return decoder(alpha * target + (1 - alpha) * features).clamp(0, 1)


@pytest.mark.vgg
@pytest.mark.parametrize("alpha", [1.0, 0.5])
def test_it_paints_as_the_published_code_does(vgg_weights, alpha, monkeypatch):
    monkeypatch.setenv("STYLIZE_WEIGHTS", str(vgg_weights))
    torch.manual_seed(9)
    content, style = (
        F.interpolate(torch.rand(1, 3, 9, 12), (72, 96), mode="bicubic").clamp(0, 1)
        for _ in range(2)
    )
    network = load_model(vgg_weights / "decoder.pth").network
    painted = network.with_styles(Mixture((style[0],)), vgg=load_vgg(), strength=alpha)(content)
    error = (painted - published(vgg_weights, content, style, alpha)).square().mean()
    assert -10 * error.log10() > 70


def test_on_film_a_thing_that_passes_does_not_change_the_rest(adain, vgg, styles, photographs):
    passing = photographs[:1].clone()
    passing[..., :16, :16] = 1

    def changed(painter):
        before, after = (painter(picture) for picture in (photographs[:1], passing))
        return (after - before)[..., 40:, 40:].abs().mean()

    live = adain.with_styles(Mixture(styles[:1]), vgg=vgg)
    adain.prefer_steady()
    steady = adain.with_styles(Mixture(styles[:1]), vgg=vgg)
    assert changed(steady) < 0.6 * changed(live)
    steady.begin_shot()
    assert torch.allclose(steady(passing), live(passing), atol=1e-6)


def test_on_film_what_is_plain_says_nothing_of_the_scene(adain, vgg, styles, photographs):
    adain.prefer_steady()
    painter = adain.with_styles(Mixture(styles[:1]), vgg=vgg)
    scene = photographs[:1]
    wanted = painter(scene)
    painter(torch.zeros_like(scene))
    assert torch.allclose(painter(scene), wanted, atol=1e-5)
    painter.begin_shot()
    together = painter(torch.cat([torch.ones_like(scene), scene]))
    assert torch.allclose(together[1:], wanted, atol=1e-5)


def test_on_film_frames_that_fail_and_come_again_are_painted_as_if_they_had_not(
    adain, vgg, styles, photographs, monkeypatch
):
    adain.prefer_steady()
    painter = adain.with_styles(Mixture(styles[:1]), vgg=vgg)
    before, after = photographs[:1], photographs[1:2]
    painter(before)
    wanted = painter(after)
    painter.begin_shot()
    painter(before)

    def short_of_memory(*_):
        raise torch.OutOfMemoryError

    with monkeypatch.context() as patched:
        patched.setattr(painter.decoder, "forward", short_of_memory)
        with pytest.raises(torch.OutOfMemoryError):
            painter(after)
    assert torch.allclose(painter(after), wanted, atol=1e-6)
