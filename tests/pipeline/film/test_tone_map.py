"""Tone mapping, against the levels that BT.2408 names and against what must not happen."""

import pytest
import torch

from stylize.pipeline.film.tone_map import HLG, PQ, tone_map

# BT.2408, table 1: signal levels of HDR reference white (203 nits).
WHITE = {PQ: 0.5807, HLG: 0.75}
PEAK = {PQ: 0.7518, HLG: 1.0}  # 1000 nits


def _mapped(values, transfer, primaries=9):
    picture = torch.tensor(values, dtype=torch.float32).T.reshape(3, 1, -1)
    return tone_map(picture, transfer=transfer, primaries=primaries)


def _grey(levels, transfer):
    return _mapped([(level,) * 3 for level in levels], transfer)[:, 0]


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_greys_stay_grey_and_in_order_from_black_to_white(transfer):
    grey = _grey(torch.linspace(0, 1, 200).tolist(), transfer)
    assert (grey.amax(0) - grey.amin(0)).max() < 1e-3
    assert grey[1, 0] == 0
    assert (grey[1].diff() >= -1e-6).all()
    assert grey[1, -1] == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_reference_white_is_bright_and_leaves_room_for_highlights(transfer):
    white, peak = _grey([WHITE[transfer], PEAK[transfer]], transfer)[1]
    assert 0.85 < white < 0.95
    assert peak == pytest.approx(1, abs=2e-3)


def test_pq_and_hlg_agree_on_the_same_light():
    assert _grey([WHITE[PQ]], PQ)[1] == pytest.approx(_grey([WHITE[HLG]], HLG)[1].item(), abs=5e-3)


def test_below_the_shoulder_light_is_kept():
    # 20.3 nits, a tenth of white, is PQ 0.3583; on a display of gamma 2.4 that is 0.1 ** (1 / 2.4).
    assert _grey([0.3583], PQ)[1] == pytest.approx(0.1 ** (1 / 2.4), abs=2e-3)


def test_a_bright_colour_keeps_its_hue():
    dim, bright = _mapped([(0.45, 0.40, 0.35), (0.75, 0.70, 0.65)], PQ)[:, 0].T
    assert dim[0] > dim[1] > dim[2]
    assert bright[0] > bright[1] + 0.05
    assert bright[1] > bright[2] + 0.05


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_the_purest_colours_of_bt2020_come_into_gamut(transfer):
    level = WHITE[transfer]
    pure = _mapped([(level, 0, 0), (0, level, 0), (0, 0, level)], transfer)[:, 0]
    assert pure.isfinite().all()
    assert pure.argmax(0).tolist() == [0, 1, 2]
    assert pure.min() >= 0
    assert pure.max() <= 1


def test_primaries_that_are_bt709_already_are_not_mixed():
    mixed, kept = _mapped([(0.5, 0.2, 0.2)], PQ), _mapped([(0.5, 0.2, 0.2)], PQ, primaries=1)
    assert kept[1] == kept[2]
    assert mixed[0] > kept[0]  # BT.2020's red is redder


def test_unknown_primaries_are_taken_for_bt2020():
    values = [(0.5, 0.3, 0.2)]
    assert torch.equal(_mapped(values, PQ, primaries=2), _mapped(values, PQ, primaries=9))
