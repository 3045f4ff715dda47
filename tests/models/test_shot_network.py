"""Networks on film: norms of the shot instead of the frame, folded where the shot is calm."""

import pytest
import torch

from stylize.models.johnson import Johnson
from stylize.models.shot_network import ShotNetwork
from stylize.models.swift import Swift

CPU = torch.device("cpu")


@pytest.fixture(params=["swift", "johnson"])
def network(request):
    torch.manual_seed(0)
    if request.param == "swift":
        return Swift(widths=(4, 6, 8, 4), blocks=1).eval().requires_grad_(False)
    return Johnson().eval().requires_grad_(False)


@pytest.fixture
def shot(network):
    return ShotNetwork(network, CPU, torch.float32)


@pytest.fixture
def frames():
    """Twenty frames of one scene, each with its own noise."""
    generator = torch.Generator().manual_seed(3)
    scene = torch.rand(1, 3, 32, 48, generator=generator)
    noise = torch.randn(20, 3, 32, 48, generator=generator) * 0.01
    return (scene + noise).clamp(0, 1)


def paint(network, frames):
    with torch.inference_mode():
        return torch.cat([network(frame[None]) for frame in frames])


def test_the_first_frame_is_painted_as_by_the_network_itself(network, shot, frames):
    torch.testing.assert_close(
        paint(shot, frames[:1]), paint(network, frames[:1]), atol=2e-4, rtol=0
    )


def test_a_frame_between_measurements_is_painted_as_if_frozen_before(network, shot, frames):
    still = frames[:1].expand(3, -1, -1, -1)
    wanted = network.freeze(still[:1])(still[:1])
    torch.testing.assert_close(paint(shot, still)[2:], wanted, atol=2e-4, rtol=0)
    assert shot._folded is None  # it is measured again now


def test_light_that_is_switched_on_is_not_painted_by_norms_of_the_dark(network, shot, frames):
    lit = frames[8:9].flip(1) * 0.3 + torch.tensor([0.0, 0.1, 0.6])[:, None, None]
    paint(shot, frames[:8])
    assert shot._left  # it would not be measured yet
    stale = shot._folded(lit)
    wanted = paint(network, lit)
    found = paint(shot, lit)
    assert (found - wanted).abs().mean() < 0.5 * (stale - wanted).abs().mean()


def test_a_thing_that_passes_changes_nothing_elsewhere(network, shot, frames):
    # A corner of a frame goes white: its norms change, and all of the frame with them.
    passing = frames[:12].clone()
    passing[6, :, :8, :8] = 1
    calm, disturbed = (
        (paint(each, passing)[6] - paint(each, passing)[5])[..., 24:, 24:].abs().mean()
        for each in (shot, network)
    )
    assert calm < disturbed


def test_light_that_fades_up_is_followed(network, shot, frames):
    levels = torch.linspace(0, 1, 20)[:, None, None, None]
    fading = torch.cat([frames * levels, frames[-1:].expand(12, -1, -1, -1)])
    last, wanted = paint(shot, fading)[-1], paint(network, fading[-1:])[0]
    never = paint(network.freeze(fading[1:2]), fading[-1:])[0]
    assert (last - wanted).abs().mean() < 0.2 * (never - wanted).abs().mean()


def test_a_new_shot_forgets_the_last(network, shot, frames):
    paint(shot, frames * 0.2)
    shot.begin_shot()
    torch.testing.assert_close(
        paint(shot, frames[:1]), paint(network, frames[:1]), atol=2e-4, rtol=0
    )


def test_a_calm_shot_is_measured_more_and_more_rarely(shot, frames, monkeypatch):
    measured = []
    forward = shot._measuring.forward
    monkeypatch.setattr(
        shot._measuring, "forward", lambda pictures: measured.append(1) or forward(pictures)
    )
    counts = []
    for frame in frames:
        before = len(measured)
        paint(shot, frame[None])
        counts.append(len(measured) - before)
    assert counts[:5] == [1, 1, 0, 1, 0]
    assert [index for index, count in enumerate(counts) if count] == [0, 1, 3, 7, 15]


@pytest.mark.parametrize("size", [2, 5, 20])
def test_batches_change_nothing(shot, frames, size):
    apart = paint(shot, frames)
    shot.begin_shot()
    together = torch.cat([shot(batch) for batch in frames.split(size)])
    torch.testing.assert_close(together, apart, atol=2e-4, rtol=0)


@pytest.mark.parametrize("colour", [(0, 0, 0), (0.5, 0.5, 0.5), (1, 1, 1), (0.2, 0.4, 0.7)])
def test_a_plain_shot_stays_plain_in_half_precision(network, colour):
    shot = ShotNetwork(network, CPU, torch.bfloat16)
    frames = torch.tensor(colour)[:, None, None].expand(3, 3, 32, 32).to(torch.bfloat16)
    painted = paint(shot, frames).float()
    assert painted.std((2, 3)).max() < 2 / 255


@pytest.mark.parametrize("level", [0.0, 1.0], ids=["black", "white"])
def test_what_is_plain_says_nothing_of_the_scene_before_it_and_after_it(shot, frames, level):
    plain = torch.full_like(frames[:1], level).expand(12, -1, -1, -1)
    film = torch.cat([frames[:8], plain, frames[8:12]])
    wanted = paint(shot, frames[:12])[8:]
    shot.begin_shot()
    found = paint(shot, film)[-4:]
    torch.testing.assert_close(found, wanted, atol=0.02, rtol=0)


@pytest.mark.parametrize("level", [0.0, 1.0], ids=["black", "white"])
def test_a_shot_that_begins_plain_is_painted_by_the_scene_that_comes(shot, frames, level):
    plain = torch.full_like(frames[:1], level).expand(5, -1, -1, -1)
    wanted = paint(shot, frames[:4])
    shot.begin_shot()
    found = paint(shot, torch.cat([plain, frames[:4]]))[5:]
    torch.testing.assert_close(found, wanted, atol=2e-4, rtol=0)


def test_a_batch_that_fails_and_comes_again_in_parts_is_painted_as_if_it_had_not(
    shot, frames, monkeypatch
):
    wanted = paint(shot, frames)
    shot.begin_shot()
    paint(shot, frames[:2])
    folded = shot._folding.folded

    def short_of_memory(_):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(shot._folding, "folded", short_of_memory)
    with pytest.raises(torch.OutOfMemoryError):
        shot(frames[2:8])
    monkeypatch.setattr(shot._folding, "folded", folded)
    found = torch.cat([paint(shot, frames[2:8]), paint(shot, frames[8:])])
    torch.testing.assert_close(found, wanted[2:], atol=1e-6, rtol=0)
