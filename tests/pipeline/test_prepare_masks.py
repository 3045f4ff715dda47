"""Masks: what of them counts as inside, and what is refused."""

import numpy as np
import pytest
import torch
from PIL import Image

from stylize.pipeline.errors import SettingsError, SourceError
from stylize.pipeline.prepare_masks import covered, read_mask


def test_white_is_inside_and_black_is_outside(tmp_path):
    Image.fromarray(np.array([[0, 128, 255]], np.uint8)).save(tmp_path / "m.png")
    mask = read_mask(tmp_path / "m.png")
    assert mask.shape == (1, 1, 3)
    assert mask.flatten().tolist() == pytest.approx([0, 128 / 255, 1], abs=1e-4)


def test_what_is_transparent_is_outside(tmp_path):
    picture = Image.new("RGBA", (2, 1), (255, 255, 255, 255))
    picture.putpixel((1, 0), (255, 255, 255, 0))
    picture.save(tmp_path / "m.png")
    assert read_mask(tmp_path / "m.png").flatten().tolist() == pytest.approx([1, 0], abs=1e-4)


@pytest.mark.parametrize("level", [(0, 0, 0, 255), (255, 255, 255, 0)])
def test_a_mask_without_anything_inside_is_refused(level, tmp_path):
    Image.new("RGBA", (4, 4), level).save(tmp_path / "m.png")
    with pytest.raises(SettingsError, match=r"m\.png: this mask is black all over, so nothing"):
        read_mask(tmp_path / "m.png")


def test_a_mask_that_is_no_picture_is_refused(tmp_path):
    (tmp_path / "m.png").write_bytes(b"no picture")
    with pytest.raises(SourceError, match=r"m\.png: not a picture"):
        read_mask(tmp_path / "m.png")


def test_masks_of_several_sizes_cover_together():
    left = torch.zeros(1, 4, 8)
    left[..., :4] = 1
    both = covered([left, torch.full((1, 8, 4), 0.5)])
    assert both.shape == (1, 1, 8, 8)
    assert both[..., 0].min() == 1  # never more than all
    assert both[..., -1].tolist() == [[[0.5] * 8]]
