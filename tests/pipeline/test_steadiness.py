"""The measure of steadiness says what is known beforehand, in made motion and in true motion."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import avg_pool2d, interpolate

from stylize.models.read_picture import read_picture
from stylize.pipeline.flow import dis_flow
from stylize.pipeline.steadiness import (
    Match,
    Score,
    excess,
    match,
    mean_score,
    score,
    squared_gradient,
    warp,
)

SIZE = 96


def texture(seed=0, *, cell=6, size=2 * SIZE):
    """A picture without edges, much larger than its pixels: sampling between them costs little."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, size // cell, size // cell, generator=generator)
    return interpolate(coarse, (size, size), mode="bicubic").clamp(0, 1)[0]


def pan(picture, pixels):
    """What a camera that moves to the left by that much a frame sees, in two frames."""
    rows, columns = slice(20, 20 + SIZE), slice(20, 20 + SIZE)
    whole = math.floor(pixels)
    moved = picture.roll(whole, dims=2)
    part = pixels - whole
    return picture[:, rows, columns], (moved * (1 - part) + moved.roll(1, 2) * part)[
        :, rows, columns
    ]


def even(right, down=0.0, *, height=SIZE, width=SIZE):
    return torch.tensor([right, down])[:, None, None].expand(2, height, width)


def panned(right, *, said=None):
    """The match of a pan; `said` is the flow that is found where the true one is `right`."""
    flow = even(right if said is None else said)
    return match(flow, -flow)


def measured(paint, frames, found):
    painted = [paint(frame) for frame in frames]
    return score(*painted, match=found), score(*frames, match=found)


# Warping


def test_a_later_frame_is_fetched_from_where_its_content_went():
    picture = torch.rand(3, 7, 9)
    later = picture.roll((2, 3), dims=(1, 2))
    fetched = warp(later, even(3.0, 2.0, height=7, width=9))
    torch.testing.assert_close(fetched[:, :5, :6], picture[:, :5, :6])


def test_between_pixels_the_mean_of_both_is_fetched():
    row = torch.tensor([0.0, 1.0, 0.5, 0.5]).expand(1, 3, 4)
    fetched = warp(row, even(0.5, height=3, width=4))
    torch.testing.assert_close(fetched[0, 1], torch.tensor([0.5, 0.75, 0.5, 0.5]))


def test_beyond_the_border_is_the_nearest_pixel():
    row = torch.tensor([0.0, 1.0, 0.5, 0.25]).expand(1, 3, 4)
    fetched = warp(row, even(9.0, height=3, width=4))
    assert torch.equal(fetched, torch.full((1, 3, 4), 0.25))


# What is visible


def test_what_leaves_the_frame_is_not_visible():
    visible = panned(5.0).visible
    assert visible[:, :-5].all()
    assert not visible[:, -5:].any()


def test_a_pixel_that_comes_back_elsewhere_is_hidden():
    backward = even(-2.0).clone()
    backward[:, 40:60] = 3.0
    visible = match(even(2.0), backward).visible
    assert not visible[40:60].any()
    assert visible[:39, :-2].all()


@pytest.mark.parametrize(("slip", "seen"), [(0.7, True), (0.8, False)])
def test_a_slip_of_less_than_about_seven_tenths_of_a_pixel_is_no_hiding(slip, seen):
    # 0.01·(2² + 1.3²) + 0.5 = 0.557 = 0.746²
    assert match(even(2.0), even(slip - 2)).visible[:, : -2 - 1].all().item() is seen


def test_a_boundary_of_motion_is_not_visible():
    forward = even(0.0).clone()
    forward[0, :, 48:] = 4.0
    visible = match(forward, -forward).visible
    assert not visible[:, 47].any()  # its gradient is 16 pixels² a pixel
    assert visible[:, :47].all()


def test_gentle_zooms_have_no_boundaries():
    line = (torch.arange(SIZE) - SIZE / 2) * 0.02
    forward = torch.stack((line.expand(SIZE, SIZE), line[:, None].expand(SIZE, SIZE)))
    # Squared gradient 2·0.02² = 0.0008, below 0.002.
    assert match(forward, -forward / 1.02).visible[1:-1, 1:-1].all()


def test_pixels_without_a_known_motion_are_not_visible_and_spoil_nothing():
    flow = even(1.0).clone()
    flow[:, 10:20, 10:20] = math.nan
    found = match(flow, even(-1.0))
    assert not found.visible[10:20, 10:20].any()
    assert found.visible[30:, :-1].all()
    assert math.isfinite(score(*pan(texture(), 1), match=found).error)


# The figures


def test_a_pan_by_whole_pixels_costs_nothing():
    frames = pan(texture(), 3)
    painted, source = measured(lambda frame: 1 - 0.5 * frame, frames, panned(3.0))
    assert painted.error == pytest.approx(0, abs=1e-10)
    assert source.error == pytest.approx(0, abs=1e-10)
    assert painted.gradient == pytest.approx(source.gradient / 4)


@pytest.mark.parametrize("contrast", [0.25, 1.0, 3.0])
def test_contrast_alone_is_no_excess(contrast):
    frames = pan(texture(), 2.5)
    painted, source = measured(lambda frame: contrast * frame, frames, panned(2.5))
    assert source.error > 1e-6
    assert excess(painted, source) == pytest.approx(1, rel=1e-3)


@pytest.mark.parametrize("blur", [5, 9])
def test_blur_gains_nothing(blur):
    sharp = texture(cell=12)
    blurred = avg_pool2d(sharp[None], blur, 1, blur // 2)[0]
    found = panned(2, said=2.25)
    painted, source = (score(*pan(film, 2), match=found) for film in (blurred, sharp))
    assert painted.error < 0.9 * source.error
    assert excess(painted, source) == pytest.approx(1, rel=0.01)


def test_a_pattern_that_stays_where_it_is_while_the_scene_moves_shows():
    lattice = 0.2 * (torch.arange(SIZE) * math.tau / 8).sin()
    frames = pan(texture(), 2.5)
    painted, source = measured(lambda frame: frame + lattice, frames, panned(2.5))
    assert excess(painted, source) > 10


def test_flicker_shows_as_the_square_of_its_depth():
    frames = pan(texture(), 2.5)
    found = panned(2.5)
    source = score(*frames, match=found)
    brighter = score(frames[0], frames[1] + 0.1, match=found)
    assert brighter.error == pytest.approx(source.error + 0.01, rel=0.05)
    assert brighter.gradient == source.gradient


def test_what_is_hidden_does_not_count():
    earlier, later = pan(texture(), 3)
    found = panned(3.0)
    spoilt = later.clone()
    spoilt[:, 30:50] = 1
    visible = found.visible.clone()
    visible[30:50] = False
    assert score(earlier, spoilt, match=found).error > 0.01
    assert score(earlier, spoilt, match=Match(found.flow, visible)).error < 1e-10


def test_the_gradient_is_of_forward_differences_over_channels():
    picture = torch.zeros(2, 3, 4)
    picture[0, 1, 1] = 2
    expected = torch.zeros(3, 4)
    expected[1, 1], expected[1, 0], expected[0, 1] = (4 + 4) / 2, 4 / 2, 4 / 2
    assert torch.equal(squared_gradient(picture), expected)


# Means, and where nothing can be said


def test_the_mean_leaves_out_pairs_that_show_nothing_together():
    scores = [Score(1, 2, 0.5), Score(math.nan, math.nan, 0), Score(3, 4, 1)]
    assert mean_score(scores) == Score(2, 3, 0.75)


def test_a_pair_that_shows_nothing_together_has_no_figures():
    frame = texture(size=SIZE)
    nothing = score(frame, frame, match=Match(even(0.0), torch.zeros(SIZE, SIZE, dtype=bool)))
    assert math.isnan(nothing.error)
    with pytest.raises(ValueError, match="no pair of frames shows the same thing"):
        mean_score([nothing])


@pytest.mark.parametrize(
    ("painted", "source", "expected"),
    [
        (Score(0, 1, 1), Score(0, 1, 1), 0),
        (Score(1, 1, 1), Score(0, 1, 1), math.inf),
        (Score(4, 2, 1), Score(1, 1, 1), 2),
    ],
)
def test_still_films_have_an_excess_too(painted, source, expected):
    assert excess(painted, source) == expected


def test_what_arithmetic_alone_makes_is_no_error():
    frame = texture(size=SIZE)
    found = panned(0.0)
    still = score(frame, frame, match=found)
    assert still.error == 0
    assert score(frame, frame + 1e-5, match=found).error == pytest.approx(1e-10, rel=0.1)


# True motion


@pytest.fixture(scope="module")
def alley(shared):
    """Frames 2 and 3 of a film with its true flow, and which pixels of frame 2 are hidden in 3."""
    folder = shared / "flow_truth" / "sintel_alley_1"
    frames = [read_picture(folder / f"frame_000{k}.png") for k in (2, 3)]
    flow = torch.from_numpy(np.load(folder / "flow_0002.npz")["flow"].astype(np.float32))
    return frames, flow.permute(2, 0, 1), read_picture(folder / "occluded_0002.png")[0] > 0.5


def test_true_flow_explains_nearly_all_that_changes(alley):
    (earlier, later), flow, _ = alley
    found = match(flow, dis_flow(later, earlier))
    still = score(earlier, later, match=Match(torch.zeros_like(flow), found.visible))
    assert score(earlier, later, match=found).error < 0.03 * still.error  # measured 0.023


def test_hidden_pixels_are_found_and_few_others(alley):
    (earlier, later), flow, hidden = alley
    found = match(flow, dis_flow(later, earlier))
    assert (~found.visible)[hidden].float().mean() > 0.65  # measured 0.70
    assert found.visible[~hidden].float().mean() > 0.9  # measured 0.92
    everything = score(earlier, later, match=Match(flow, torch.ones_like(hidden)))
    assert score(earlier, later, match=found).error < 0.1 * everything.error


def test_found_flow_tells_the_steady_from_the_nervous(alley):
    frames, _, _ = alley
    found = match(dis_flow(*frames), dis_flow(*reversed(frames)))
    calm, source = measured(lambda frame: (1.4 * frame - 0.2).clamp(0, 1), frames, found)
    torch.manual_seed(0)
    nervous, _ = measured(lambda frame: frame + 0.05 * torch.randn(frame.shape), frames, found)
    assert 0.7 < excess(calm, source) < 1.3
    assert excess(nervous, source) > 3
