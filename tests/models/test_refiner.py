"""Both optimisers go on from a painting: better by their own measure, with its strokes in place."""

import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from stylize.models import ModelError
from stylize.models.any_style import Mixture
from stylize.models.gatys import Gatys
from stylize.models.gatys_options import GatysOptions
from stylize.models.nnst import Nnst, NnstOptions, NnstPainter
from stylize.models.refiner import Refiner
from stylize.models.vgg import Vgg

LAYERS = {"relu1_1": 1.0, "relu2_1": 1.0, "relu3_1": 1.0}


def _make(name, vgg, *, styles=None, steps=8, **options):
    mixture = styles or Mixture((_stripes(),))
    if name == "gatys":
        usual = {"content_layers": {"relu4_1": 1.0}, "style_layers": LAYERS, "smallest": 16}
        return Gatys(GatysOptions(**(usual | {"iterations": steps} | options))).with_styles(
            mixture, vgg=vgg
        )
    return Nnst(NnstOptions(iterations=steps, learning_rate=0.02, **options)).with_styles(
        mixture, vgg=vgg
    )


@pytest.fixture(params=["gatys", "nnst"])
def make(request, tiny_vgg):
    """Make a refiner of either method."""
    vgg = Vgg(*tiny_vgg)
    return lambda **options: _make(request.param, vgg, **options)


def _stripes(height=40, width=50):
    picture = torch.tensor([0.1, 0.2, 0.8])[:, None, None].repeat(1, height, width)
    picture[:, ::6] = torch.tensor([0.9, 0.8, 0.2])[:, None, None]
    return picture


def _smooth(seed, height=40, width=52):
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, 5, 5, generator=generator)
    return F.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1)


def test_both_optimisers_refine(make):
    assert isinstance(make(), Refiner)


@pytest.mark.parametrize("size", [(1, 1), (17, 5), (33, 31)])
def test_a_picture_of_any_size_is_refined(make, size):
    picture, start = _smooth(1, *size), _smooth(2, *size)
    refined = make(steps=3).refine(picture, start)
    assert refined.shape == picture.shape
    assert refined.isfinite().all()
    assert 0 <= refined.min() <= refined.max() <= 1
    assert (refined - start).abs().max() > 0.005


def test_it_goes_on_from_the_start_and_not_from_the_picture(make):
    picture, start = _smooth(1), _smooth(2)
    refined = make().refine(picture, start)
    assert (refined - start).square().mean() < 0.5 * (refined - picture).square().mean()


def test_detail_that_stands_in_the_start_stays_where_it_is(make):
    picture = _smooth(1)
    strokes = torch.zeros_like(picture)
    strokes[..., ::4, 10:20] = 0.4
    start = (picture * 0.5 + 0.1 + strokes).clamp(0, 1)
    fine = [_fine(each).flatten() for each in (start, make().refine(picture, start))]
    assert torch.corrcoef(torch.stack(fine))[0, 1] > 0.6


def test_pictures_of_a_batch_are_refined_as_if_alone(make):
    pictures, starts = (torch.cat([_smooth(each), _smooth(each + 1)]) for each in (1, 3))
    together = make(steps=3).refine(pictures, starts)
    for index in range(2):
        alone = make(steps=3).refine(pictures[[index]], starts[[index]])
        assert torch.equal(together[[index]], alone)


def test_it_refines_in_inference_mode_and_keeps_the_dtype(make):
    with torch.inference_mode():
        refined = make(steps=2).refine(_smooth(1).bfloat16(), _smooth(2).bfloat16())
    assert refined.dtype == torch.bfloat16


def test_every_step_is_told(make):
    refiner, seen = make(steps=4), []
    refiner.on_step = lambda done, total: seen.append((done, total))
    refiner.refine(_smooth(1), _smooth(2))
    total = seen[0][1]
    # gatys shares its steps among sizes, nnst takes them in each of its two passes
    assert total == (8 if isinstance(refiner, NnstPainter) else 4)
    assert seen == [(done, total) for done in range(1, total + 1)]


def test_a_start_that_is_not_finite_is_refused(make):
    start = _smooth(2)
    start[0, 0, 3, 3] = float("nan")
    with pytest.raises(ModelError, match=r"finite"):
        make(steps=2).refine(_smooth(1), start)


def test_masks_say_where_each_style_goes(make):
    left = torch.zeros(1, 10, 12)
    left[:, :, :6] = 1
    red, blue = (torch.tensor(c)[:, None, None].repeat(1, 30, 30) for c in ([1, 0, 0.0], [0, 0, 1]))
    styles = Mixture((red, blue.float()), (1.0, 1.0), (left, 1 - left))
    refined = make(styles=styles, steps=25).refine(_smooth(1), torch.full((1, 3, 40, 52), 0.5))
    redness = (refined[0, 0] - refined[0, 2]).mean(0)
    assert redness[:20].mean() > redness[-20:].mean() + 0.05


def _fine(picture):
    return picture - F.avg_pool2d(picture, 5, stride=1, padding=2)
