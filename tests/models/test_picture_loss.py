"""The loss of a picture: tiles and masks change nothing that they should not."""

import pytest
import torch

from stylize.models.any_style import Mixture
from stylize.models.gatys_options import GatysOptions
from stylize.models.picture_loss import PictureLoss, measure_styles
from stylize.models.style_terms import Gram
from stylize.models.vgg import Vgg

LAYERS = {"relu1_1": 1.0, "relu2_1": 0.5, "relu4_1": 2.0}
TERMS = ["gram", "linear", "gaussian", "moments", "wasserstein"]


@pytest.fixture
def vgg(tiny_vgg):
    return Vgg(*tiny_vgg)


def _options(**options):
    return GatysOptions(content_layers={"relu3_1": 1.0}, style_layers=LAYERS, **options)


def _pictures(size, *, seed=0):
    """A picture, its content and two styles, none of which is noise all over."""
    generator = torch.Generator().manual_seed(seed)

    def picture(height, width):
        coarse = torch.rand(1, 3, 5, 5, generator=generator)
        smooth = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic")
        return (smooth + 0.1 * torch.rand(1, 3, height, width, generator=generator)).clamp(0, 1)

    return picture(*size), picture(*size), [picture(40, 50), picture(60, 30)]


def _evaluate(vgg, size, *, masks=None, shares=(2.0, 1.0), **options):
    picture, content, pictures = _pictures(size)
    settings = _options(**options)
    styles = Mixture(tuple(each[0] for each in pictures[: len(shares)]), shares, masks)
    wanted = measure_styles(vgg, pictures[: len(shares)], settings)
    loss = PictureLoss(vgg, content, wanted=wanted, styles=styles, options=settings)
    return loss(picture)


def _same(one, other, *, tolerance=2e-4):
    assert one[0] == pytest.approx(other[0], rel=tolerance)
    scale = other[1].abs().max()
    assert torch.allclose(one[1], other[1], atol=tolerance * scale)


@pytest.mark.parametrize("term", TERMS)
def test_a_picture_in_tiles_has_the_loss_and_gradient_of_the_whole(vgg, term):
    options = {"style_term": term, "tv_weight": 0.5}
    whole = _evaluate(vgg, (101, 90), tile=128, **options)
    _same(_evaluate(vgg, (101, 90), tile=64, **options), whole, tolerance=1e-3)


@pytest.mark.parametrize("size", [(17, 400), (700, 7), (97, 131)])
def test_so_it_has_in_odd_sizes_and_under_masks(vgg, size):
    masks = (torch.rand(1, 9, 9), torch.rand(1, 30, 20))
    whole = _evaluate(vgg, size, tile=512, masks=masks)
    _same(_evaluate(vgg, size, tile=64, masks=masks), whole, tolerance=1e-3)


@pytest.mark.parametrize("term", TERMS)
def test_white_masks_are_as_good_as_none(vgg, term):
    white = (torch.ones(1, 8, 8), torch.ones(1, 5, 9))
    plain = _evaluate(vgg, (33, 46), style_term=term)
    _same(_evaluate(vgg, (33, 46), style_term=term, masks=white), plain)


def test_what_a_mask_leaves_out_has_no_part_in_the_style(vgg):
    """Only the upper half is to be like the style: nothing pulls at the lower end."""
    upper = torch.zeros(1, 12, 1)
    upper[:, :6] = 1
    masks = (upper, 1 - upper)
    options = {"content_weight": 0, "masks": masks}
    _, gradient = _evaluate(vgg, (96, 40), shares=(1.0, 1.0), **options)
    _, upper_only = _evaluate(vgg, (96, 40), shares=(1.0, 1e-9), **options)
    assert gradient[..., 80:, :].abs().max() > 1e-3 * gradient.abs().max()
    assert upper_only[..., :16, :].abs().max() > 1e-3 * upper_only.abs().max()


def test_style_is_not_put_where_it_is_not_shown(vgg):
    upper = torch.zeros(1, 12, 1)
    upper[:, :6] = 1
    _, gradient = _evaluate(vgg, (96, 40), shares=(1.0,), content_weight=0, masks=(upper,))
    assert gradient[..., 80:, :].abs().max() < 1e-3 * gradient.abs().max()


@pytest.mark.parametrize("form", ["squared", "absolute"])
@pytest.mark.parametrize("tile", [64, 128])
def test_the_gradient_is_the_slope_of_the_loss(vgg, form, tile):
    """Measured by a step along it, in the network's own numbers made exact."""
    picture, content, styles = _pictures((70, 75))
    settings = _options(tv_weight=2.0, tv=form, tile=tile)
    mixture = Mixture((styles[0][0],))
    wanted = measure_styles(vgg, styles[:1], settings)
    loss = PictureLoss(vgg, content, wanted=wanted, styles=mixture, options=settings)
    value, gradient = loss(picture)
    step = 2e-4 * gradient / gradient.norm()
    slope = (loss(picture + step)[0] - loss(picture - step)[0]) / (2 * step.norm().item())
    assert slope == pytest.approx(gradient.norm().item(), rel=0.05)
    assert value > 0


def test_the_total_variation_is_a_mean_of_differences(vgg):
    picture = _pictures((20, 31))[0]
    down, across = picture.diff(dim=-2), picture.diff(dim=-1)
    for form, sums in (
        ("absolute", down.abs().sum() + across.abs().sum()),
        ("squared", down.square().sum() + across.square().sum()),
    ):
        without, _ = _evaluate(vgg, (20, 31), tv=form, style_weight=0)
        value, _ = _evaluate(vgg, (20, 31), tv=form, style_weight=0, tv_weight=3.0)
        assert value - without == pytest.approx(3 * (sums / picture.numel()).item(), rel=1e-3)


def test_the_losses_add_up_and_each_can_be_left_out(vgg):
    both, _ = _evaluate(vgg, (33, 46))
    content, _ = _evaluate(vgg, (33, 46), style_weight=0)
    style, _ = _evaluate(vgg, (33, 46), content_weight=1e-9)
    assert both == pytest.approx(content + style, rel=1e-5)
    assert min(content, style) > 0


def test_the_content_itself_has_no_content_loss(vgg):
    _, content, _ = _pictures((33, 46))
    settings = _options(style_weight=0)
    loss = PictureLoss(
        vgg, content, wanted={}, styles=Mixture((torch.rand(3, 9, 9),)), options=settings
    )
    value, gradient = loss(content)
    assert value == 0
    assert not gradient.any()


def test_only_ratios_of_layer_weights_matter(vgg):
    picture, content, styles = _pictures((33, 46))
    values = []
    for factor in (1, 10):
        layers = {layer: weight * factor for layer, weight in LAYERS.items()}
        settings = GatysOptions(content_layers={"relu3_1": factor}, style_layers=layers)
        wanted = measure_styles(vgg, styles[:1], settings)
        mixture = Mixture((styles[0][0],))
        loss = PictureLoss(vgg, content, wanted=wanted, styles=mixture, options=settings)
        values.append(loss(picture)[0])
    assert values[0] == pytest.approx(values[1], rel=1e-5)


def test_the_loss_of_a_mixture_is_the_mean_by_shares(vgg):
    first = _evaluate(vgg, (33, 46), shares=(1.0,), content_weight=0)[0]
    second = 3 * _evaluate(vgg, (33, 46), shares=(1.0, 2.0), content_weight=0)[0] - first
    both = _evaluate(vgg, (33, 46), shares=(3.0, 1.0), content_weight=0)[0]
    assert both == pytest.approx((3 * first + second / 2) / 4, rel=1e-4)


def test_the_loss_of_the_content_is_in_parts_of_its_own_energy(vgg):
    picture, content, _ = _pictures((33, 46))
    settings = _options(style_weight=0, content_weight=3.0)
    styles = Mixture((torch.rand(3, 9, 9),))
    loss = PictureLoss(vgg, content, wanted={}, styles=styles, options=settings)
    found, wanted = (vgg(each, ["relu3_1"])["relu3_1"] for each in (picture, content))
    expected = 3 * (found - wanted).square().sum() / wanted.square().sum()
    assert loss(picture)[0] == pytest.approx(expected.item(), rel=1e-4)


def test_a_gram_loss_is_in_parts_of_what_style_and_content_have(vgg):
    """|G - G'|² / (|G'|² + |G"|²) at each layer, G' of the style and G" of the content."""
    picture, content, (style, _) = _pictures((33, 46))
    settings = _options(content_weight=1e-9)
    wanted = measure_styles(vgg, [style], settings)
    loss = PictureLoss(vgg, content, wanted=wanted, styles=Mixture((style[0],)), options=settings)
    expected = 0.0
    for layer, weight in LAYERS.items():
        found = (vgg(each, [layer])[layer][0].flatten(1) for each in (picture, content, style))
        of_picture, of_content, of_style = (each @ each.T / each.shape[1] for each in found)
        error = (of_picture - of_style).square().sum()
        most = of_style.square().sum() + of_content.square().sum()
        expected += Gram.scale * weight / sum(LAYERS.values()) * (error / most).item()
    assert loss(picture)[0] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("style", [torch.zeros(1, 3, 40, 50), _pictures((60, 30), seed=3)[0]])
def test_no_style_is_farther_from_the_content_than_the_scale_of_its_term(vgg, term, style):
    _, content, _ = _pictures((33, 46))
    settings = _options(style_term=term)
    wanted = measure_styles(vgg, [style], settings)
    loss = PictureLoss(vgg, content, wanted=wanted, styles=Mixture((style[0],)), options=settings)
    most = wanted["relu1_1"].term.scale
    assert 0.001 * most < loss(content)[0] <= 1.001 * most


def test_what_a_texture_is_measured_by_knows_nothing_of_the_content(vgg):
    picture, content, (style, _) = _pictures((33, 46))
    settings = _options(content_weight=0)
    wanted = measure_styles(vgg, [style], settings)
    losses = [
        PictureLoss(vgg, each, wanted=wanted, styles=Mixture((style[0],)), options=settings)
        for each in (content, torch.ones_like(content))
    ]
    assert losses[0](picture)[0] == losses[1](picture)[0]
