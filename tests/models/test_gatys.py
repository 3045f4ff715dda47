"""`gatys` paints pictures of any size, in any mixture, from any start, and never gives NaN."""

import copy

import pytest
import torch

from stylize.models import ModelError, WeightsError
from stylize.models.any_style import Mixture
from stylize.models.gatys import Gatys, _colours, _fitted
from stylize.models.gatys_options import GatysOptions
from stylize.models.vgg import VGG19_NORMALISED, Vgg
from stylize.models.weights import VGG19, find_weights

TERMS = ["gram", "linear", "gaussian", "moments", "wasserstein"]


@pytest.fixture
def vgg(tiny_vgg):
    return Vgg(*tiny_vgg)


def _options(**options):
    layers = {"relu1_1": 1.0, "relu2_1": 1.0, "relu3_1": 1.0}
    usual = {"content_layers": {"relu4_1": 1.0}, "style_layers": layers, "iterations": 6}
    return GatysOptions(**(usual | options))


def _stripes(height=40, width=50):
    picture = torch.tensor([0.1, 0.2, 0.8])[:, None, None].repeat(1, height, width)
    picture[:, ::6] = torch.tensor([0.9, 0.8, 0.2])[:, None, None]
    return picture


def _content(height=40, width=52, *, count=1):
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(count, 3, 5, 5, generator=generator)
    resized = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic")
    return resized.clamp(0, 1)


def _painter(vgg, *, styles=None, **options):
    return Gatys(_options(**options)).with_styles(styles or Mixture((_stripes(),)), vgg=vgg)


def _loss(painter, content):
    """What the painter goes down, for pictures that show this content."""
    return painter._loss(content, painter._styles, side=min(content.shape[-2:]))


@pytest.mark.parametrize("size", [(1, 1), (17, 5), (33, 31), (1, 70)])
@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_a_picture_of_any_size_is_painted(vgg, size, optimizer):
    pictures = _content(*size)
    painted = _painter(vgg, optimizer=optimizer)(pictures)
    assert painted.shape == pictures.shape
    assert painted.isfinite().all()
    assert 0 <= painted.min() <= painted.max() <= 1
    assert (painted - pictures).abs().max() > 0.01


@pytest.mark.parametrize("term", TERMS)
def test_every_term_brings_the_colours_of_the_style(vgg, term):
    pictures = _content()
    painted = _painter(vgg, style_term=term, iterations=30, content_weight=0.1)(pictures)
    wanted = _stripes().mean((1, 2))
    before, after = ((each[0].mean((1, 2)) - wanted).abs().sum() for each in (pictures, painted))
    assert after < 0.5 * before


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize("init", ["content", "noise", "style"])
def test_the_same_seed_gives_the_same_picture(vgg, optimizer, init):
    def paint(seed):
        return _painter(vgg, init=init, optimizer=optimizer, seed=seed)(_content())

    assert torch.equal(paint(1), paint(1))
    assert torch.equal(paint(1), paint(2)) == (init == "content")


@pytest.mark.parametrize("ink", [0.078, 0.95])
def test_large_plain_styles_have_colours_to_start_from(ink):
    style = torch.full((3, 1000, 1500), 0.95)
    style[:, 100:200] = ink  # 1.5 million pixels, of which rounding left less than no variance
    mean, root = _colours(Mixture((style,)))
    assert torch.allclose(mean, torch.full((3,), 0.9 * 0.95 + 0.1 * ink), atol=1e-4)
    assert torch.allclose(root @ root.T, torch.full((3, 3), 0.09 * (0.95 - ink) ** 2), atol=1e-4)


def test_pictures_of_a_batch_are_painted_as_if_alone(vgg):
    pictures = _content(count=2)
    painter = _painter(vgg)
    together = painter(pictures)
    for picture, painted in zip(pictures, together, strict=True):
        assert torch.equal(painter(picture[None])[0], painted)


def test_it_paints_under_inference_mode_and_keeps_the_dtype(vgg):
    with torch.inference_mode():
        styles = Mixture((_stripes(),))
        pictures = _content().to(torch.bfloat16)
        painted = _painter(vgg, styles=styles)(pictures)
    assert painted.dtype == torch.bfloat16
    assert not torch.equal(painted, pictures)


def test_an_extractor_is_normalised_under_inference_mode_too(vgg):
    vgg.normalised = False
    with torch.inference_mode():
        painter = _painter(vgg, styles=Mixture((_stripes(),)), iterations=1)
        assert painter(_content()).isfinite().all()


def test_a_network_in_half_precision_paints_nearly_as_well(vgg):
    painter = _painter(vgg, iterations=20)
    whole, loss = painter(_content()), _loss(painter, _content())
    half = _painter(copy.deepcopy(vgg), iterations=20).to(torch.bfloat16)(_content())
    assert half.dtype == torch.float32
    first, reached, reached_in_half = (loss(each)[0] for each in (_content(), whole, half))
    assert reached_in_half < 1.2 * reached < 0.3 * first


def test_steps_are_reported_over_all_pictures_and_scales(vgg):
    painter = _painter(vgg, iterations=7, smallest=16)
    seen = []
    painter.on_step = lambda done, total: seen.append((done, total))
    painter(_content(count=2))
    assert seen == [(done, 14) for done in range(1, 15)]


def test_a_content_without_style_is_rebuilt_from_noise(vgg):
    pictures = _content(24, 24)
    options = {"content_layers": {"relu1_1": 1.0}, "iterations": 120, "smallest": 32}
    painter = _painter(vgg, style_weight=0, init="noise", **options)
    noise = _painter(vgg, style_weight=0, init="noise", iterations=1, content_weight=1e-9)
    error = (painter(pictures) - pictures).square().mean()
    assert error < 0.1 * (noise(pictures) - pictures).square().mean()


def test_a_texture_knows_nothing_of_the_content(vgg):
    painter = _painter(vgg, content_weight=0, init="style")
    assert torch.equal(painter(_content()), painter(_content().flip(2)))


def test_a_given_picture_is_started_from(vgg):
    start = torch.zeros(3, 10, 12)
    start[1] = 1.0
    options = {"style_weight": 0, "content_weight": 1e-6, "iterations": 1, "smallest": 64}
    painted = _painter(vgg, start=start, **options)(_content())
    assert painted[0, 1].mean() > 0.9
    assert painted[0, ::2].mean() < 0.1


def test_noise_of_the_style_has_its_colours(vgg):
    options = {"style_weight": 0, "content_weight": 1e-6, "iterations": 1, "smallest": 64}
    painted = _painter(vgg, init="style", **options)(_content(64, 64))[0]
    style = _stripes()
    assert torch.allclose(painted.mean((1, 2)), style.mean((1, 2)), atol=0.1)
    correlation = torch.corrcoef(painted.flatten(1))
    assert (correlation - torch.corrcoef(style.flatten(1))).abs().max() < 0.3


def test_a_style_without_a_share_changes_nothing(vgg):
    both = Mixture((_stripes(), torch.ones(3, 30, 30)), (1.0, 0.0))
    assert torch.equal(_painter(vgg, styles=both)(_content()), _painter(vgg)(_content()))


def test_each_style_is_painted_where_its_mask_is(vgg):
    red, blue = (torch.eye(3)[index][:, None, None].expand(3, 20, 20) for index in (0, 2))
    left = torch.zeros(1, 10, 10)
    left[..., :5] = 1
    styles = Mixture((red, blue), (1.0, 1.0), (left, 1 - left))
    options = {"content_weight": 0.01, "style_term": "moments", "iterations": 40}
    painted = _painter(vgg, styles=styles, **options)(_content(40, 80))[0]
    redness = (painted[0] - painted[2]).mean(0)
    assert redness[:25].mean() > 0.2
    assert redness[-25:].mean() < -0.2


def test_black_masks_and_a_style_of_one_pixel_paint_too(vgg):
    black = torch.zeros(1, 7, 9)
    styles = Mixture((torch.rand(3, 1, 1), _stripes()), (1.0, 1.0), (black, black))
    painted = _painter(vgg, styles=styles)(_content())
    assert painted.isfinite().all()


def test_an_enormously_long_style_is_measured_in_reasonable_size():
    for style in (torch.rand(3, 20, 4000), torch.rand(3, 4000, 30)):
        seen = _fitted(style, 256)
        assert min(seen.shape[-2:]) >= 16
        assert seen.shape[-2] * seen.shape[-1] <= 4.1 * 256**2
    assert _fitted(torch.rand(3, 5, 5), 40_000).shape == (1, 3, 4096, 4096)


def test_the_size_of_strokes_follows_the_picture():
    """The style's shorter side is the picture's, times the scale, whatever its own size is."""
    assert _fitted(torch.rand(3, 80, 100), 160).shape == (1, 3, 160, 200)
    assert _fitted(torch.rand(3, 300, 200), 50.0).shape == (1, 3, 75, 50)


def test_weights_that_are_not_numbers_are_named_not_painted(vgg):
    with torch.no_grad():
        vgg.convolutions["relu2_1"].weight.fill_(torch.nan)
    with pytest.raises(ModelError, match="the loss is not a number from the start"):
        _painter(vgg)(_content())


def test_an_extractor_is_needed_and_must_reach_the_layers(vgg):
    with pytest.raises(ModelError, match="gatys needs an extractor"):
        Gatys().with_styles(Mixture((_stripes(),)))
    with pytest.raises(WeightsError, match="the extractor has no layer relu"):
        Gatys().with_styles(Mixture((_stripes(),)), vgg=vgg)


def test_a_style_is_measured_once_for_all_pictures_of_a_size(vgg, monkeypatch):
    sizes = []
    monkeypatch.setattr(
        "stylize.models.gatys._fitted", lambda style, side: sizes.append(side) or style[None]
    )
    painter = _painter(vgg, style_scale=2.0)
    for _ in range(2):
        painter(_content(24, 30, count=2))
    assert sizes == [48]


@pytest.mark.vgg
def test_with_the_real_vgg_the_loss_falls_and_the_content_stays(vgg_weights, shared):
    from stylize.models.read_picture import read_picture

    tensors = torch.load(find_weights(VGG19, given=vgg_weights / VGG19.name), weights_only=True)
    vgg = Vgg(VGG19_NORMALISED, tensors)
    content = read_picture(sorted((shared / "photos_512").glob("*.jpg"))[0], shorter=64)[None]
    styles = Mixture((read_picture(shared / "paintings" / "great_wave.jpg", shorter=64),))
    painter = Gatys(GatysOptions(iterations=8)).with_styles(styles, vgg=vgg)
    painted = painter(content)
    loss = _loss(painter, content)
    assert loss(painted)[0] < 0.7 * loss(content)[0]
    correlation = torch.corrcoef(
        torch.stack([each.mean(1).flatten() for each in (painted, content)])
    )
    assert correlation[0, 1] > 0.5
