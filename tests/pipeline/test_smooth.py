"""Smoothing: paintings stand still where the film does, and nothing is carried past a shot."""

from dataclasses import replace
from fractions import Fraction

import pytest
import torch
from torch.nn.functional import interpolate

from stylize.pipeline.batch import scatter
from stylize.pipeline.flow import dis_flow
from stylize.pipeline.flow_follow import follow
from stylize.pipeline.flow_window import REACH, windows
from stylize.pipeline.smooth import smooth
from stylize.pipeline.smooth_window import smooth_window
from stylize.pipeline.steadiness import excess, match, mean_score, score
from stylize.pipeline.values import Batch, Fade, Frame

HIGH, WIDE = 96, 128


def texture(seed, *, high=2 * HIGH, wide=3 * WIDE, cell=4):
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, high // cell, wide // cell, generator=generator)
    return interpolate(coarse, (high, wide), mode="bicubic").clamp(0, 1)[0]


SCENE, STROKES = texture(1), texture(2, cell=3)


def view(picture, right=0, down=0):
    return picture[:, down : down + HIGH, right : right + WIDE].contiguous()


def flicker(seed, amount=0.06):
    generator = torch.Generator().manual_seed(seed)
    rough = torch.randn(1, 3, HIGH // 2, WIDE // 2, generator=generator)
    return amount * interpolate(rough, (HIGH, WIDE), mode="bilinear")[0]


def paint(strokes, seed, amount=0.06):
    """Strokes that stick to the scene, and something that is new in every frame."""
    return (0.25 + 0.5 * strokes + flicker(seed, amount)).clamp(0, 1)


SMOOTHERS = {
    "fast": lambda batches: smooth(follow(batches)),
    "best": lambda batches: smooth_window(windows(batches)),
}
only = {name: pytest.mark.parametrize("run", [name], indirect=True) for name in SMOOTHERS}


def as_batches(sources, paintings, shots=None):
    for i, (source, painting) in enumerate(zip(sources, paintings, strict=True)):
        frame = Frame(source, Fraction(i, 25), shot=shots[i] if shots else 0)
        yield Batch(painting[None], (frame,))


@pytest.fixture(params=SMOOTHERS)
def run(request):
    """Smooth a film, each way there is."""

    def run(sources, paintings, *, shots=None):
        batches = as_batches(sources, paintings, shots)
        return [batch.pictures[0] for batch in SMOOTHERS[request.param](batches)]

    return run


@pytest.fixture(params=SMOOTHERS)
def run_fading(request):
    """Smooth a film whose style changes, each way there is."""

    def run(sources, paintings, fades):
        batches = as_batches(sources, paintings)
        changing = (replace(each, fades=(fade,)) for each, fade in zip(batches, fades, strict=True))
        return [batch.pictures[0] for batch in SMOOTHERS[request.param](changing)]

    return run


def excess_of(sources, film, gap=1):
    found = [
        match(dis_flow(a, b), dis_flow(b, a)) for a, b in zip(sources, sources[gap:], strict=False)
    ]

    def mean(pictures):
        pairs = zip(pictures, pictures[gap:], found, strict=False)
        return mean_score(score(a, b, match=each) for a, b, each in pairs)

    return excess(mean(film), mean(sources))


def gradient(picture):
    return (picture.diff(dim=1).square().mean() + picture.diff(dim=2).square().mean()).item()


def grainy(picture, seed):
    generator = torch.Generator().manual_seed(1000 + seed)
    return (picture + 0.02 * torch.randn(picture.shape, generator=generator)).clamp(0, 1)


@pytest.mark.parametrize("step", [0, 1, 3])
def test_a_pan_is_calmed_and_stays_as_crisp(run, step):
    sources = [grainy(view(SCENE, step * i), i) for i in range(12)]
    paintings = [paint(view(STROKES, step * i), i) for i in range(12)]
    smoothed = run(sources, paintings)
    before, after = excess_of(sources[4:], paintings[4:]), excess_of(sources[4:], smoothed[4:])
    assert after < before / 3
    kept = sum(map(gradient, smoothed[4:])) / sum(map(gradient, paintings[4:]))
    assert 0.9 < kept < 1.1


def test_a_zoom_is_calmed(run):
    def zoomed(picture, i):
        inner = picture[:, i : HIGH * 2 - i, i * 2 : WIDE * 2 - i * 2]
        return interpolate(inner[None], (HIGH, WIDE), mode="area")[0]

    sources = [grainy(zoomed(SCENE, i), i) for i in range(10)]
    paintings = [paint(zoomed(STROKES, i), i) for i in range(10)]
    smoothed = run(sources, paintings)
    assert excess_of(sources[3:], smoothed[3:]) < excess_of(sources[3:], paintings[3:]) / 2


@only["fast"]
def test_the_first_frame_of_every_shot_is_the_painting_itself(run):
    sources = [view(SCENE), view(SCENE), view(SCENE, 90, 50), view(SCENE, 90, 50)]
    paintings = [paint(view(STROKES), i) for i in range(4)]
    smoothed = run(sources, paintings, shots=[0, 0, 1, 1])
    assert torch.equal(smoothed[0], paintings[0])
    assert torch.equal(smoothed[2], paintings[2])
    assert not torch.equal(smoothed[3], paintings[3])


def test_frames_that_were_not_painted_are_left_alone(run):
    sources = [grainy(view(SCENE, i), i) for i in range(6)]
    paintings = [*sources[:2], paint(view(STROKES, 2), 2), *sources[3:]]
    smoothed = run(sources, paintings)
    for index in (0, 1, 3, 4, 5):
        assert torch.equal(smoothed[index], sources[index])


def test_shots_of_one_frame_and_a_film_of_one_frame_are_left_alone(run):
    paintings = [paint(view(STROKES), i) for i in range(3)]
    smoothed = run([view(SCENE)] * 3, paintings, shots=[0, 1, 2])
    assert all(torch.equal(a, b) for a, b in zip(smoothed, paintings, strict=True))
    assert torch.equal(run([view(SCENE)], paintings[:1])[0], paintings[0])
    assert run([], []) == []


def test_what_a_moving_square_uncovers_is_painted_afresh(run):
    def film(ground, i, colour):
        picture = view(ground).clone()
        picture[:, 30:66, 10 + 8 * i : 46 + 8 * i] = torch.tensor(colour)[:, None, None]
        return picture

    sources = [film(SCENE, i, (0.95, 0.05, 0.05)) for i in range(8)]
    paintings = [film(0.25 + 0.5 * STROKES, i, (0.05, 0.9, 0.1)) for i in range(8)]
    smoothed = run(sources, paintings)
    uncovered = (slice(None), slice(32, 64), slice(12 + 8 * 6, 16 + 8 * 6))
    difference = (smoothed[7] - paintings[7])[uncovered].abs()
    assert difference.mean() < 0.03  # of 0.4 and more between the square and the ground
    assert (smoothed[7] - paintings[7]).abs().mean() < 0.02


def test_a_flash_leaves_no_ghost(run):
    sources = [view(SCENE)] * 8
    paintings = [paint(view(STROKES), i, 0.02) for i in range(8)]
    sources[4], paintings[4] = torch.ones(3, HIGH, WIDE), torch.ones(3, HIGH, WIDE)
    smoothed = run(sources, paintings)
    assert (smoothed[4] - 1).abs().mean() < 0.01
    assert (smoothed[5] - paintings[5]).abs().mean() < 0.02


def test_a_dissolve_that_nobody_told_of_leaves_no_ghost(run):
    other, wall = view(texture(3)), view(texture(4, cell=3))
    shares = [0.0] * 3 + [i / 10 for i in range(1, 11)] + [1.0] * 4
    sources = [view(SCENE) * (1 - s) + other * s for s in shares]
    paintings = [view(STROKES) * (1 - s) + wall * s for s in shares]
    smoothed = run(sources, paintings)
    assert (smoothed[-1] - paintings[-1]).abs().mean() < 0.03


def test_light_that_fades_is_followed(run):
    light = [1 - 0.02 * i for i in range(30)]
    sources = [view(SCENE) * each for each in light]
    paintings = [paint(view(STROKES), i, 0.05) * each for i, each in enumerate(light)]
    smoothed = run(sources, paintings)
    difference = smoothed[-1].mean() - paintings[-1].mean()
    assert abs(difference / paintings[-1].mean()) < 0.03


def test_a_film_that_fades_in_is_calmed_meanwhile(run):
    light = [0.2 + 0.04 * i for i in range(20)]
    sources = [grainy(view(SCENE) * each, i) for i, each in enumerate(light)]
    paintings = [paint(view(STROKES), i) for i in range(20)]
    smoothed = run(sources, paintings)
    before, after = (
        torch.stack(film)[4:].diff(dim=0).square().mean() for film in (paintings, smoothed)
    )
    assert after < before / 2


def test_a_long_static_shot_drifts_neither_in_light_nor_in_contrast(run):
    source, strokes = view(SCENE)[:, :48, :64], view(STROKES)[:, :48, :64]
    sources = [grainy(source, i) for i in range(300)]
    paintings = [
        (grainy(0.2 + 0.6 * strokes, i) + 0.2 * each).clamp(0, 1) for i, each in enumerate(sources)
    ]
    last = run(sources, paintings)[-1]
    assert abs(last.mean() / paintings[-1].mean() - 1) < 0.01
    assert abs(last.std() / paintings[-1].std() - 1) < 0.01
    assert 0.9 < gradient(last) / gradient(paintings[-1]) < 1.1


def test_a_still_picture_stays_as_it_is(run):
    text = (view(STROKES) > 0.5).float()  # edges as hard as those of letters
    smoothed = run([view(SCENE)] * 20, [text] * 20)
    assert (smoothed[-1] - text).abs().max() < 0.02


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (11, 11), (12, 7), (37, 61), (65, 33)])
def test_odd_and_tiny_sizes_are_kept(run, size):
    sources = [SCENE[:, : size[0], i : i + size[1]].contiguous() for i in range(3)]
    paintings = [STROKES[:, : size[0], i : i + size[1]].contiguous() for i in range(3)]
    smoothed = run(sources, paintings)
    assert all(each.shape == (3, *size) for each in smoothed)
    assert all(each.isfinite().all() and each.min() >= 0 and each.max() <= 1 for each in smoothed)


def test_a_size_that_changes_begins_anew(run):
    sources = [view(SCENE), view(SCENE)[:, :50, :70].contiguous()]
    paintings = [paint(view(STROKES), 0), paint(view(STROKES), 1)[:, :50, :70].contiguous()]
    assert torch.equal(run(sources, paintings)[1], paintings[1])


@pytest.mark.parametrize("smoother", SMOOTHERS.values(), ids=SMOOTHERS)
def test_how_frames_are_batched_changes_nothing(smoother):
    sources = [view(SCENE, i) for i in range(6)]
    paintings = [paint(view(STROKES, i), i) for i in range(6)]
    frames = tuple(Frame(each) for each in sources)
    together = smoother([Batch(torch.stack(paintings), frames)])
    for one, other in zip(smoother(as_batches(sources, paintings)), scatter(together), strict=True):
        assert torch.equal(one.pictures[0], other.picture)


def test_a_shot_comes_out_as_if_it_were_alone(run):
    sources = [grainy(view(SCENE, 80 * (i // 5)), i) for i in range(10)]
    paintings = [paint(view(STROKES), i) for i in range(10)]
    whole = run(sources, paintings, shots=[0] * 5 + [1] * 5)
    alone = run(sources[:5], paintings[:5]) + run(sources[5:], paintings[5:])
    assert all(torch.equal(a, b) for a, b in zip(whole, alone, strict=True))


@only["best"]
def test_both_ends_of_a_shot_are_calmed(run):
    sources = [grainy(view(SCENE), i) for i in range(10)]
    strokes = 0.25 + 0.5 * view(STROKES)
    paintings = [paint(view(STROKES), i) for i in range(10)]
    smoothed = run(sources, paintings)
    for index in (0, 9):
        before, after = (film[index] - strokes for film in (paintings, smoothed))
        assert after.square().mean() < before.square().mean() / 2


@only["best"]
def test_a_look_that_changes_at_once_does_not_leak_into_the_other(run):
    sources = [grainy(view(SCENE), i) for i in range(10)]
    other = [1 - view(texture(7, cell=3))] * 10
    looks = [paint(view(STROKES), i, 0.02) if i < 5 else other[i] for i in range(10)]
    smoothed = run(sources, looks)
    assert (smoothed[5] - other[5]).abs().mean() < 0.02
    assert (smoothed[4] - looks[4]).abs().mean() < 0.03


def test_frames_that_both_sides_know_are_calmed_more():
    sources = [grainy(view(SCENE, i), i) for i in range(20)]
    paintings = [paint(view(STROKES, i), i) for i in range(20)]
    excesses = {}
    for name, smoother in SMOOTHERS.items():
        smoothed = [each.pictures[0] for each in smoother(as_batches(sources, paintings))]
        excesses[name] = excess_of(sources[4:-4], smoothed[4:-4])
    assert excesses["best"] < excesses["fast"]


def test_a_frame_waits_for_no_more_than_its_window():
    taken = []

    def film():
        for batch in as_batches([view(SCENE)[:, :32, :32]] * 30, [view(STROKES)[:, :32, :32]] * 30):
            taken.append(batch)
            yield batch

    for given, batch in enumerate(smooth_window(windows(film())), 1):
        assert len(taken) <= given + REACH
        assert batch.frames == taken[given - 1].frames
    assert given == 30


def test_inputs_are_left_as_they_were(run):
    sources, paintings = (
        [view(SCENE, i) for i in range(4)],
        [paint(view(STROKES), i) for i in range(4)],
    )
    copies = [each.clone() for each in (*sources, *paintings)]
    run(sources, paintings)
    for now, before in zip((*sources, *paintings), copies, strict=True):
        assert torch.equal(now, before)


def test_a_painting_that_is_steady_is_calmed_less_than_one_that_flickers(run):
    sources = [grainy(view(SCENE), i) for i in range(8)]
    changes = []
    for amount in (0.01, 0.2):
        paintings = [paint(view(STROKES), i, amount) for i in range(8)]
        pairs = zip(run(sources, paintings)[4:], paintings[4:], strict=True)
        changes.append(sum((a - b).square().mean().item() for a, b in pairs) / amount**2)
    assert changes[0] < 0.8 * changes[1]


def test_colours_stay_as_fine_as_they_were_painted(run):
    stripes = torch.zeros(3, HIGH, WIDE)
    stripes[0, :, ::2], stripes[2, :, 1::2] = 0.8, 0.8  # red and blue, a pixel each
    paintings = [(stripes + flicker(i, 0.02)).clamp(0, 1) for i in range(8)]
    smoothed = run([view(SCENE)] * 8, paintings)[-1]
    assert (smoothed - stripes).abs().mean() < 0.03


def test_a_fade_between_two_styles_keeps_its_time_and_is_calmed(run_fading):
    sources = [grainy(view(SCENE), i) for i in range(30)]
    other = texture(7, cell=3)
    pairs = [(paint(view(STROKES), i), paint(view(other), 50 + i)) for i in range(30)]
    places = [min(1.0, max(0.0, (i - 8) / 12)) for i in range(30)]
    paintings = [one.lerp(two, part) for (one, two), part in zip(pairs, places, strict=True)]
    clean = [paint(view(each), 0, amount=0) for each in (STROKES, other)]
    fades = [
        Fade(part, two - one if 0 < part < 1 else None)
        for (one, two), part in zip(pairs, places, strict=True)
    ]
    smoothed = run_fading(sources, paintings, fades)
    for i in range(4, 30):
        wanted = clean[0].lerp(clean[1], places[i])
        left, before = ((each - wanted).square().mean() for each in (smoothed[i], paintings[i]))
        assert left < before / 2


def test_nothing_is_carried_from_one_style_to_another_without_a_fade(run_fading):
    sources = [grainy(view(SCENE), i) for i in range(8)]
    strokes = [STROKES] * 4 + [STROKES * 0.9] * 4  # so alike that it would be taken for a flicker
    paintings = [paint(view(each), i) for i, each in enumerate(strokes)]
    smoothed = run_fading(sources, paintings, [Fade(float(i >= 4)) for i in range(8)])
    alone = run_fading(sources[4:], paintings[4:], [Fade(1.0)] * 4)
    # The flow of the source, which goes on, begins with what is known of it.
    torch.testing.assert_close(torch.stack(smoothed[4:]), torch.stack(alone), atol=2e-3, rtol=0)
