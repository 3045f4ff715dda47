"""`swift`: its shapes, its scales, and the path on which colours go past all else."""

import pytest
import torch

from stylize.models import Swift, load_model, save_model
from stylize.models.instance_norm import moments

GENERATOR = torch.Generator().manual_seed(8)
STYLE = torch.nn.functional.interpolate(
    torch.rand(1, 3, 9, 9, generator=GENERATOR) * torch.tensor([0.3, 0.5, 0.2])[:, None, None]
    + torch.tensor([0.3, 0.1, 0.4])[:, None, None],
    (72, 72),
    mode="bicubic",
)[0].clamp(0, 1)
PICTURE = torch.nn.functional.interpolate(
    torch.rand(1, 3, 12, 16, generator=GENERATOR), (96, 128), mode="bicubic"
).clamp(0, 1)


@pytest.fixture
def coloured():
    torch.manual_seed(9)
    return Swift(widths=(4, 6, 8, 4), blocks=1).eval().requires_grad_(False)


def test_before_anything_is_learnt_a_picture_has_the_colours_of_the_style(coloured):
    coloured.take_colours(STYLE)
    coloured.up3.weight[:, :-3] = 0  # without the strokes that chance gives it
    painted = coloured(PICTURE)[0]
    for channel in range(3):
        assert abs(painted[channel].mean() - STYLE[channel].mean()) < 0.03
        assert painted[channel].std() < 1.5 * STYLE[channel].std() + 0.02


def test_and_shows_what_the_picture_shows(coloured):
    coloured.take_colours(STYLE)
    coloured.up3.weight[:, :-3] = 0
    lightness = [picture.mean(0).flatten() for picture in (coloured(PICTURE)[0], PICTURE[0])]
    assert torch.corrcoef(torch.stack(lightness))[0, 1] > 0.95


def test_colours_of_one_colour_have_a_finite_slope(coloured):
    flat = torch.full((1, 3, 32, 32), 0.4, requires_grad=True)
    deviation, mean = coloured.colours(flat)
    (deviation.sum() + mean.sum()).backward()
    assert flat.grad.isfinite().all()


def test_a_network_is_saved_and_loaded_as_it_is(tmp_path, coloured):
    save_model(coloured, tmp_path / "s.safetensors", recipe={})
    loaded = load_model(tmp_path / "s.safetensors").network
    assert isinstance(loaded, Swift)
    torch.testing.assert_close(loaded(PICTURE), coloured(PICTURE), atol=0.02, rtol=0)


def test_a_painting_has_the_palette_of_the_style_whatever_is_painted(coloured):
    coloured.take_colours(STYLE)
    coloured.up3.weight.add_(0.1 * torch.randn(coloured.up3.weight.shape, generator=GENERATOR))
    palettes = [
        torch.cat(moments(coloured(picture).clamp(0.02, 0.98).logit())[::-1])
        for picture in (PICTURE, 0.2 + 0.3 * PICTURE.flip(1), 1 - PICTURE)
    ]
    for palette in palettes:
        torch.testing.assert_close(palette, palettes[0], atol=0.05, rtol=0)
        torch.testing.assert_close(palette[0], coloured.last_norm.bias, atol=0.05, rtol=0)


def test_what_is_plain_is_not_painted_in_full_contrast(coloured):
    coloured.take_colours(STYLE)
    noise = torch.randn(1, 3, 96, 128, generator=GENERATOR)
    plain, drawn = coloured(0.5 + 0.002 * noise), coloured(PICTURE)
    assert (plain.std((2, 3)) < drawn.std((2, 3)) / 3).all()


def test_rounding_is_not_painted_as_strokes(coloured):
    coloured.take_colours(STYLE)
    logits = 3 + 0.002 * torch.randn(1, 3, 40, 40, generator=GENERATOR)
    assert coloured.last_norm(logits).std((2, 3)).max() < 0.002


def test_the_norms_in_the_order_they_run_end_with_colours_and_the_last(coloured):
    pairs = coloured.normalised()[-2:]
    assert pairs[0] == (coloured.colour, coloured.colour_norm)
    assert pairs[1] == (coloured.up3, coloured.last_norm)


@pytest.mark.parametrize(
    "shape", [{"widths": (4, 6, 8)}, {"widths": (4, 6, 8, 0)}, {"widths": (4, 6, 8, 10**6)}]
)
def test_a_shape_out_of_range_is_refused(shape):
    with pytest.raises(ValueError, match="each is to be 1 to 128"):
        Swift(**shape)
