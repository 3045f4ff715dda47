"""`nnst` paints pictures of any size in styles, by shares, masks and strength; and by its seed."""

import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from stylize.models import ModelError, WeightsError
from stylize.models.any_style import Mixture
from stylize.models.nnst import Nnst, NnstOptions, coarse_to_fine
from stylize.models.vgg import Vgg

QUICK = {"iterations": 5, "learning_rate": 0.03, "scales": 2}


@pytest.fixture
def vgg(tiny_vgg):
    return Vgg(*tiny_vgg)


def picture(seed, height=40, width=48):
    generator = torch.Generator().manual_seed(seed)
    low = torch.rand(1, 3, 8, 8, generator=generator)
    return F.interpolate(low, (height, width), mode="bicubic").clamp(0, 1)


def plain(red, green, blue):
    noise = torch.randn(3, 24, 32, generator=torch.Generator().manual_seed(9)) * 0.05
    return (torch.tensor([red, green, blue])[:, None, None] + noise).clamp(0, 1)


def paint(vgg, pictures, styles, *, strength=1.0, **options):
    mixture = styles if isinstance(styles, Mixture) else Mixture((styles,))
    painter = Nnst(NnstOptions(**(QUICK | options))).with_styles(
        mixture, vgg=vgg, strength=strength
    )
    return painter(pictures)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("iterations", 0, "iterations is a whole number from 1 to 100000 (got 0)"),
        ("iterations", 2.5, "iterations is a whole number from 1 to 100000 (got 2.5)"),
        ("iterations", True, "iterations is a whole number from 1 to 100000 (got True)"),
        ("learning_rate", 0, "learning_rate is a number from 1e-05 to 1 (got 0)"),
        ("learning_rate", float("nan"), "learning_rate is a number from 1e-05 to 1 (got nan)"),
        ("scales", 17, "scales is a whole number from 1 to 16 (got 17)"),
        ("alpha", 1.1, "alpha is a number from 0 to 1 (got 1.1)"),
        ("alpha", "much", "alpha is a number from 0 to 1 (got 'much')"),
        ("splitting", 1, "splitting is true or false (got 1)"),
        ("rematch", 0, "rematch is a whole number from 1 to 100000 (got 0)"),
        ("match_colours", "yes", "match_colours is true or false (got 'yes')"),
        ("style_scale", 0.05, "style_scale is a number from 0.1 to 10 (got 0.05)"),
        ("seed", -1, "seed is a whole number from 0 to 9223372036854775807 (got -1)"),
    ],
)
def test_options_out_of_range_are_refused_with_the_range(option, value, message):
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole message is compared
        NnstOptions(**{option: value})
    assert str(refused.value) == message


def test_it_needs_an_extractor_that_reaches_relu4_1(tiny_vgg):
    styles = Mixture((plain(0.5, 0.5, 0.5),))
    with pytest.raises(ModelError, match="nnst needs an extractor: give with_styles a VGG"):
        Nnst().with_styles(styles)
    plan, tensors = tiny_vgg
    short = {name: tensor for name, tensor in tensors.items() if not name.startswith("11.")}
    with pytest.raises(WeightsError, match="no layer relu4_1"):
        Nnst().with_styles(styles, vgg=Vgg(plan, short))


@pytest.mark.parametrize("broken", ["picture", "style", "extractor"])
def test_numbers_that_are_not_finite_are_refused(vgg, broken):
    content, style = picture(1, 20, 24), picture(2)[0]
    damaged = {"picture": content, "style": style, "extractor": vgg.convolutions["relu2_1"].bias}
    damaged[broken].view(-1)[1] = float("nan")
    with pytest.raises(ModelError, match="loss nan at step 1: the picture, a style or the"):
        paint(vgg, content, style)


def test_a_picture_that_takes_more_memory_than_there_is_is_refused_at_once(vgg):
    large = torch.zeros(1, 3, 1, 1).expand(1, 3, 40_000, 40_000)  # of one number in memory
    with pytest.raises(torch.OutOfMemoryError, match=r"about 16320 GB are needed"):
        paint(vgg, large, plain(0.2, 0.4, 0.6))


def test_its_facts_say_that_it_optimises_and_mixes_content_in():
    assert (Nnst.method, Nnst.reaches) == ("nnst", "relu4_1")
    assert Nnst.optimises
    assert Nnst.applies_strength


@pytest.mark.parametrize(
    ("size", "most", "shorter"),
    [
        ((512, 768), 8, [64, 128, 256, 512]),
        ((1000, 1500), 8, [63, 125, 250, 500, 1000]),
        ((512, 768), 2, [256, 512]),
        ((80, 300), 8, [80]),
        ((16, 16), 8, [16]),
    ],
)
def test_sizes_go_from_about_64_pixels_to_the_full_size(size, most, shorter):
    sizes = coarse_to_fine(*size, most=most)
    assert [min(each) for each in sizes] == shorter
    assert sizes[-1] == size


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (17, 16), (33, 70)])
@pytest.mark.parametrize("style", [(1, 1), (300, 1), (40, 24)])
def test_pictures_and_styles_of_any_size_are_painted(vgg, size, style):
    found = paint(vgg, picture(1, *size), picture(2, *style)[0], iterations=2)
    assert found.shape == (1, 3, *size)
    assert found.isfinite().all()
    assert 0 <= found.min() <= found.max() <= 1


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_plain_pictures_and_plain_styles_stay_finite(vgg, level):
    grey = torch.full((1, 3, 20, 24), level)
    for content, style in ((grey, picture(2)[0]), (picture(1, 20, 24), grey[0]), (grey, grey[0])):
        found = paint(vgg, content, style, iterations=3, match_colours=True)
        assert found.isfinite().all()


def test_it_paints_in_inference_mode_what_it_paints_outside(vgg):
    content, style = picture(1), picture(2)[0]
    outside = paint(vgg, content, style)
    with torch.inference_mode():
        inside = paint(vgg, content.clone(), style.clone())
    assert torch.equal(inside, outside)


def test_what_comes_back_has_the_dtype_of_the_picture_and_an_extractor_may_be_bf16(vgg):
    content, style = picture(1, 20, 24), picture(2)[0]
    found = paint(vgg.to(torch.bfloat16), content.half(), style)
    assert found.dtype == torch.float16
    assert found.isfinite().all()


def test_each_picture_of_a_batch_is_painted_as_if_alone(vgg):
    pictures, style = torch.cat([picture(1), picture(3)]), picture(2)[0]
    together = paint(vgg, pictures, style)
    for index in range(2):
        assert torch.equal(together[index : index + 1], paint(vgg, pictures[[index]], style))


def test_the_seed_decides_what_is_drawn(vgg):
    content, style = picture(1), picture(2)[0]
    once = paint(vgg, content, style, seed=1)
    assert torch.equal(once, paint(vgg, content, style, seed=1))
    assert not torch.equal(once, paint(vgg, content, style, seed=2))


def test_steps_are_told_over_all_passes_and_pictures(vgg):
    told = []
    painter = Nnst(NnstOptions(iterations=3)).with_styles(Mixture((picture(2)[0],)), vgg=vgg)
    painter.on_step = lambda done, total: told.append((done, total))
    painter(torch.cat([picture(1, 24, 20)] * 2))
    assert told == [(step, 12) for step in range(1, 13)]  # a size and a last pass, two pictures


def test_strength_goes_from_the_content_to_the_style(vgg):
    content, style = picture(1, 24, 32), plain(0.9, 0.2, 0.1)
    assert torch.equal(paint(vgg, content, style, strength=0.0), content)
    hardly = paint(vgg, content, style, strength=0.02, learning_rate=0.004)
    assert (hardly - content).abs().mean() < 0.03

    def redness(strength):
        found = paint(vgg, content, style, strength=strength, iterations=20)
        return (found[:, 0] - found[:, 2]).mean()

    assert (content[:, 0] - content[:, 2]).mean() + 0.1 < redness(0.5) < redness(1.0) - 0.1


def test_each_mask_gets_the_colours_of_its_style(vgg):
    left = torch.zeros(1, 20, 24)
    left[..., :12] = 1
    mixture = Mixture((plain(0.9, 0.2, 0.1), plain(0.1, 0.2, 0.9)), (1, 1), (left, 1 - left))
    found = paint(vgg, picture(1, 24, 32), mixture, iterations=20)
    red, blue = found[:, 0].mean(1), found[:, 2].mean(1)
    assert (red - blue)[:, :12].mean() > 0.2
    assert (red - blue)[:, 20:].mean() < -0.2


def test_a_style_without_a_share_leaves_no_trace(vgg):
    content, one, other = picture(1, 24, 32), plain(0.9, 0.2, 0.1), plain(0.1, 0.2, 0.9)
    mixed = paint(vgg, content, Mixture((one, other), (1, 0)), iterations=20)
    half = paint(vgg, content, Mixture((one, other), (1, 1)), iterations=20)
    assert (mixed[:, 0] - mixed[:, 2]).mean() > (half[:, 0] - half[:, 2]).mean() + 0.1


def test_beside_a_style_without_a_share_the_other_is_painted_as_alone(vgg):
    content, one, other = picture(1, 24, 32), picture(2)[0], picture(3)[0]
    alone = paint(vgg, content, Mixture((one,)), iterations=5)
    assert torch.equal(paint(vgg, content, Mixture((one, other), (1, 0)), iterations=5), alone)


def test_without_splitting_there_is_no_last_pass(vgg):
    told = []
    painter = Nnst(NnstOptions(iterations=3, splitting=False)).with_styles(
        Mixture((picture(2)[0],)), vgg=vgg
    )
    painter.on_step = lambda done, total: told.append((done, total))
    painter(picture(1, 24, 20))
    assert told[-1] == (3, 3)


def test_matched_colours_are_the_styles_in_the_mean(vgg):
    content, style = picture(1), plain(0.55, 0.45, 0.4)
    found = paint(vgg, content, style, match_colours=True)
    tint, wanted = ((each[:, 0] - each[:, 2]).mean() for each in (found, style[None]))
    assert tint.item() == pytest.approx(wanted.item(), abs=0.02)


def test_a_larger_style_is_seen_larger(vgg):
    def sizes(style_scale):
        painter = Nnst(NnstOptions(style_scale=style_scale)).with_styles(
            Mixture((picture(2, 30, 60)[0],)), vgg=vgg
        )
        return [tuple(style.shape[-2:]) for style in painter._styles_for(picture(1, 40, 48))]

    assert sizes(1.0) == [(40, 80)]
    assert sizes(0.5) == [(20, 40)]
    assert sizes(10.0) == [(192, 192)]


@pytest.mark.vgg
def test_with_the_real_vgg_a_photograph_takes_on_the_colours_of_a_painting(vgg_weights, shared):
    from stylize.models.read_picture import read_picture
    from stylize.models.vgg import VGG19_NORMALISED

    tensors = torch.load(vgg_weights / "vgg_normalised.pth", weights_only=True)
    photograph = read_picture(sorted((shared / "photos_512").glob("*.jpg"))[3], shorter=64)[None]
    painting = read_picture(next((shared / "paintings").glob("starry_night*")), shorter=96)
    found = paint(Vgg(VGG19_NORMALISED, tensors), photograph, painting, iterations=6, scales=1)
    before, after = (
        (each.mean((0, 2, 3)) - painting.mean((1, 2))).abs().max() for each in (photograph, found)
    )
    assert after < 0.6 * before
    fine, smooth = (each[..., 1:] - each[..., :-1] for each in (found, photograph))
    assert fine.abs().mean() > 0.5 * smooth.abs().mean()
