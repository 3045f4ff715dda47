"""Previews show what was painted, side by side."""

import numpy as np
import pytest
import torch
from PIL import Image

from stylize.models import TrainingError
from stylize.models.preview import GAP, save_preview


def plain(*levels):
    return [torch.full((3, 8, 8), float(level)) for level in levels]


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_stacks_stand_in_rows_of_three_with_white_between(tmp_path):
    save_preview([plain(0, 0.5)] * 4, tmp_path / "preview.png")
    shown = pixels(tmp_path / "preview.png")
    tile = 8 + GAP
    assert shown.shape == (2 * 2 * tile, 3 * tile, 3)
    assert (shown[:8, :8] == 0).all()
    assert (shown[tile : tile + 8, 2 * tile : 2 * tile + 8] == 128).all()
    assert (shown[8:tile] == 255).all()
    assert (shown[2 * tile :, tile:] == 255).all()


def test_what_leaves_the_range_in_training_is_cut_off_and_does_not_wrap_around(tmp_path):
    save_preview([plain(1.3, -0.2)], tmp_path / "preview.png")
    shown = pixels(tmp_path / "preview.png")
    assert (shown[:8, :8] == 255).all()
    assert (shown[8 + GAP : 16 + GAP, :8] == 0).all()


def test_one_that_cannot_be_written_is_an_error(tmp_path):
    with pytest.raises(TrainingError, match=r"preview\.png: the preview cannot be written \("):
        save_preview([plain(0)], tmp_path / "nowhere" / "preview.png")
