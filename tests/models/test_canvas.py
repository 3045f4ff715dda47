"""The canvas has a frame at every scale, and what is cut out of it is the picture."""

import pytest
import torch

from stylize.models.any_style import Mixture
from stylize.models.canvas import Canvas


@pytest.mark.parametrize("size", [(40, 52), (33, 200), (129, 16)])
def test_what_is_framed_and_cut_is_the_same(size):
    canvas = Canvas(size, smallest=16)
    pictures = torch.rand(2, 3, *size)
    framed = canvas.frame(pictures)
    assert framed.shape[-2:] == canvas.sizes[-1]
    assert torch.equal(canvas.cut(framed), pictures)


def test_the_frame_continues_the_picture_as_in_a_mirror():
    picture = torch.rand(1, 3, 40, 50)
    framed = Canvas((40, 50), smallest=128).frame(picture)
    assert framed.shape[-2:] == (48, 58)
    assert torch.equal(framed[..., :4, 4:-4], picture[..., 1:5, :].flip(2))
    assert torch.equal(framed[..., 4:-4, -4:], picture[..., -5:-1].flip(3))


def test_at_every_scale_the_frame_is_wider_than_a_rim():
    canvas = Canvas((512, 768), smallest=128)
    assert (canvas.sizes[0], canvas.sizes[-1]) == ((136, 200), (544, 800))
    for size in canvas.sizes:
        assert min(size) - canvas.side(size) >= 2 * 4
    assert [canvas.side(size) for size in canvas.sizes] == [128, 181, 256, 362, 512]


@pytest.mark.parametrize("size", [(1, 1), (3, 70), (90, 2)])
def test_a_tiny_picture_is_painted_larger_and_comes_back_in_its_size(size):
    canvas = Canvas(size, smallest=128)
    picture = torch.rand(1, 3, *size)
    framed = canvas.frame(picture)
    assert min(framed.shape[-2:]) >= 24
    assert canvas.cut(framed).shape == picture.shape


def test_masks_lie_where_they_lay_on_the_picture():
    left = torch.zeros(1, 5, 8)
    left[..., :4] = 1
    styles = Mixture((torch.rand(3, 9, 9),) * 2, (2.0, 1.0), (left, 1 - left))
    canvas = Canvas((64, 96), smallest=64)
    framed = canvas.frame_masks(styles)
    assert framed.shares == styles.shares
    assert framed.masks is not None
    assert framed.masks[0].shape == (1, *canvas.sizes[-1])
    found, wanted = canvas.cut(framed.weights(canvas.sizes[-1])), styles.weights((64, 96))
    assert torch.allclose(found[..., :36], wanted[..., :36], atol=0.01)
    assert torch.allclose(found[..., -36:], wanted[..., -36:], atol=0.01)
    plain = Mixture((torch.rand(3, 9, 9),))
    assert canvas.frame_masks(plain) is plain
