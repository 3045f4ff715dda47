"""The losses fall to nothing where a picture is what it was matched with, and guide it there."""

import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from stylize.models.any_style import Mixture
from stylize.models.hypercolumns import balance, columns, gather, grid_of, widths
from stylize.models.matching import ColumnMatch, LayerMatch, _Middles, shares_at
from stylize.models.vgg import Vgg


@pytest.fixture
def vgg(tiny_vgg):
    return Vgg(*tiny_vgg)


def picture(seed, height=32, width=40):
    generator = torch.Generator().manual_seed(seed)
    low = torch.rand(1, 3, 8, 8, generator=generator)
    return F.interpolate(low, (height, width), mode="bicubic").clamp(0, 1)


def column_match(vgg, content, styles, *, search=None, strength=1.0, mixture=None):
    return ColumnMatch(
        vgg,
        content,
        content if search is None else search,
        styles,
        mixture or Mixture(tuple(style[0] for style in styles), (1.0,) * len(styles)),
        strength=strength,
        generator=torch.Generator().manual_seed(0),
    )


def layer_match(vgg, content, styles, *, strength=1.0, rematch=1, mixture=None):
    return LayerMatch(
        vgg,
        content,
        styles,
        mixture or Mixture(tuple(style[0] for style in styles), (1.0,) * len(styles)),
        strength=strength,
        rematch=rematch,
        generator=torch.Generator().manual_seed(0),
    )


def test_each_styles_places_are_measured_from_a_mean_of_their_own(vgg):
    """Darkness of a masked half is no reason to give it the dark side of its style."""
    left = torch.zeros(1, 16, 20)
    left[..., :10] = 1
    styles = [picture(2), picture(3)]
    mixture = Mixture(tuple(style[0] for style in styles), (1.0, 1.0), (left, 1 - left))
    features = torch.rand(6, 16 * 20)
    dark = features.clone().view(6, 16, 20)
    dark[..., :10] -= 5
    middles = _Middles(mixture, (16, 20), features)
    apart = (dark.flatten(1) - middles.of(dark.flatten(1))).view(6, 16, 20)
    assert apart[..., :10].mean((1, 2)).abs().max() < 0.01
    assert apart[..., 10:].mean((1, 2)).abs().max() < 0.01
    some = torch.tensor([3, 200])
    torch.testing.assert_close(middles.of(features, some), middles.of(features)[:, some])


def test_a_picture_matched_with_itself_has_no_column_loss(vgg):
    content = picture(1)
    match = column_match(vgg, content, [content])
    assert match(content, 0).abs() < 1e-4
    assert match(picture(2), 0) > 0.02


def test_the_targets_are_as_near_as_an_exhaustive_match_finds(vgg):
    content, style = picture(1), picture(2, 36, 28)
    pool = gather(
        [style],
        lambda turned: {"all": columns(vgg, turned)},
        most=10**6,
        generator=torch.Generator().manual_seed(0),
    )["all"]
    factors = balance(pool, widths(vgg))
    wanted = columns(vgg, content) * factors
    wanted -= wanted.mean(0)
    alike = F.normalize(wanted) @ F.normalize(pool.rows).T
    best = (pool.rows + pool.means)[alike.argmax(1)]
    seen = columns(vgg, picture(3)) * factors
    loss = 1 - F.cosine_similarity(seen, best).mean()
    assert column_match(vgg, content, [style])(picture(3), 0).item() == pytest.approx(
        loss.item(), abs=1e-5
    )


def test_the_search_decides_what_is_matched(vgg):
    content, style = picture(1), picture(2)
    followed = column_match(vgg, content, [style], search=style)
    assert followed(style, 0).abs() < 1e-4
    assert column_match(vgg, content, [style])(style, 0) > 0.01


def test_without_strength_the_targets_are_the_contents(vgg):
    content, style = picture(1), picture(2)
    assert column_match(vgg, content, [style], strength=0.0)(content, 0).abs() < 1e-4
    losses = [column_match(vgg, content, [style], strength=s)(content, 0) for s in (0, 0.5, 1)]
    assert losses[0] < losses[1] < losses[2]


def test_a_picture_matched_with_itself_has_hardly_a_layer_loss(vgg):
    content = picture(1, 16, 16)  # so small that a step looks at all places
    match = layer_match(vgg, content, [content])
    with torch.no_grad():
        assert match(content, 0).abs() < 0.01  # the style's mean is that of all quarter turns
        assert match(picture(2, 16, 16), 1) > 0.1


@pytest.mark.parametrize("shift", [-0.1, 0.1])
def test_a_picture_that_becomes_lighter_or_darker_as_a_whole_is_not_as_good(vgg, shift):
    content = picture(1, 16, 16) * 0.6 + 0.2
    match = layer_match(vgg, content, [content])
    with torch.no_grad():
        assert match(content + shift, 0) > match(content, 1) + 0.03


@pytest.mark.parametrize("kind", ["columns", "layers"])
def test_steps_down_the_gradient_bring_the_loss_down(vgg, kind):
    content, style = picture(1), picture(2)
    match = (column_match if kind == "columns" else layer_match)(vgg, content, [style])
    seen = content.clone().requires_grad_()
    adam = torch.optim.Adam([seen], lr=0.02)
    losses = []
    for step in range(12):
        adam.zero_grad()
        loss = match(seen, step)
        loss.backward()
        losses.append(loss.item())
        adam.step()
    assert losses[-1] < 0.85 * losses[0]


def test_targets_follow_the_picture_at_every_rematch_and_stay_between(vgg):
    content, style = picture(1), picture(2)
    match = layer_match(vgg, content, [style], rematch=2)
    with torch.no_grad():
        losses = [match(content, step).item() for step in range(4)]
    assert losses[0] == losses[1]
    assert losses[2] == losses[3]
    assert losses[1] != losses[2]


def test_layers_below_full_strength_are_drawn_towards_the_content(vgg):
    content, style = picture(1), picture(2)
    with torch.no_grad():
        losses = [layer_match(vgg, content, [style], strength=s)(content, 0) for s in (0.1, 0.5, 1)]
    assert losses[0] < losses[1] < losses[2]


def test_where_a_mask_is_only_its_style_is_matched(vgg):
    content, one, other = picture(1), picture(2), picture(3)
    here = torch.ones(1, 8, 10)
    masked = Mixture((one[0], other[0]), (1, 1), (here, here * 0))
    for make in (column_match, layer_match):
        alone = make(vgg, content, [one])
        both = make(vgg, content, [one, other], mixture=masked)
        mixed = make(vgg, content, [one, other])
        with torch.no_grad():
            found = [match(content, 0).item() for match in (alone, both, mixed)]
        assert found[1] == pytest.approx(found[0], abs=0.02 * found[0])
        assert found[2] < found[0]  # with more to choose from something nearer is found


def test_shares_reach_every_place_with_and_without_masks():
    styles = (torch.rand(3, 4, 4), torch.rand(3, 4, 4))
    plain = shares_at(Mixture(styles, (1, 4)), (3, 5), torch.zeros(1))
    assert torch.allclose(plain, torch.tensor([[0.25], [1.0]]).expand(2, 15))
    left = torch.zeros(1, 6, 10)
    left[..., :5] = 1
    masked = shares_at(Mixture(styles, (1, 4), (left, 1 - left)), (6, 10), torch.zeros(1))
    assert torch.equal(masked.reshape(2, 6, 10)[0, :, :4], torch.ones(6, 4))
    assert masked.reshape(2, 6, 10)[1, :, :4].max() == 0


def test_a_grid_of_columns_is_as_large_as_the_mask_is_asked_for():
    assert grid_of(picture(1, 33, 41)) == (9, 11)
