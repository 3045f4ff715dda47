"""Running a network on batches, and mixing what it paints with the source."""

import weakref
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from stylize.pipeline.batch import scatter
from stylize.pipeline.errors import StylizeError
from stylize.pipeline.restyle import Mixing, restyle, working_size
from stylize.pipeline.values import Batch, Frame

CPU = torch.device("cpu")
LATTICE = 8


def a_batch(count: int = 2, height: int = 20, width: int = 30) -> Batch:
    pictures = torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(1))
    return Batch(pictures, tuple(Frame(p) for p in pictures))


def paint(network, mixing: Mixing, batch: Batch, dtype: torch.dtype = torch.float32) -> Tensor:
    """Paint a batch; the paintings, as far as they are to show, on their sources."""
    (painted,) = restyle([batch], network=network, mixing=mixing, device=CPU, dtype=dtype)
    assert painted.pictures.dtype == torch.float32
    assert painted.pictures.shape == batch.pictures.shape
    return torch.stack([frame.picture for frame in scatter([painted])])


def invert(pictures: Tensor) -> Tensor:
    return 1 - pictures


def test_full_strength_is_what_the_network_paints():
    batch = a_batch()
    assert torch.allclose(paint(invert, Mixing(), batch), 1 - batch.pictures)


def test_no_strength_gives_the_source_and_does_not_run_the_network():
    def never(pictures: Tensor) -> Tensor:
        raise AssertionError

    batch = a_batch()
    assert torch.equal(paint(never, Mixing(strength=0), batch), batch.pictures)


def test_half_strength_lies_in_the_middle():
    batch = a_batch()
    half = torch.full_like(batch.pictures, 0.5)
    assert torch.allclose(paint(invert, Mixing(strength=0.5), batch), half)


def test_what_is_painted_is_whole_and_frames_know_how_much_of_it_is_to_show():
    mask = torch.zeros(1, 1, 5, 6)
    mask[..., 3:] = 1
    batch = a_batch()
    mixing = Mixing(strength=0.5, coverage=mask)
    (painted,) = restyle([batch], network=invert, mixing=mixing, device=CPU, dtype=torch.float32)
    torch.testing.assert_close(painted.pictures, 1 - batch.pictures)
    covers = [frame.cover for frame in painted.frames]
    assert covers[0] is covers[1]  # no memory for each
    assert covers[0].shape == (1, 20, 30)
    shown = paint(invert, mixing, batch)
    assert torch.equal(shown[..., :11], batch.pictures[..., :11])
    torch.testing.assert_close(shown[..., 19:], torch.full((2, 3, 20, 11), 0.5))
    border = covers[0][0, 0, 11:19]
    assert 0 < border[2] < border[5] < 0.5  # as soft as it is


def test_each_size_has_a_mask_of_its_own():
    mixing = Mixing(coverage=torch.ones(1, 1, 5, 6))
    batches = [a_batch(1, 20, 30), a_batch(1, 8, 9), a_batch(1, 20, 30)]
    painted = restyle(batches, network=invert, mixing=mixing, device=CPU, dtype=torch.float32)
    assert [tuple(each.frames[0].cover.shape) for each in painted] == [
        (1, 20, 30),
        (1, 8, 9),
        (1, 20, 30),
    ]


def test_keeping_the_colour_takes_the_luminance_only():
    picture = torch.tensor([0.5, 0.4, 0.3]).view(3, 1, 1).expand(3, 8, 8)
    batch = Batch(picture[None], (Frame(picture),))
    brighter = paint(lambda p: p * 1.2, Mixing(keep_color=True), batch)
    shift = (brighter - batch.pictures)[0, :, 0, 0]
    assert shift[0] == pytest.approx(shift[1]) == pytest.approx(shift[2])  # grey was added
    luma = 0.2126 * 0.5 + 0.7152 * 0.4 + 0.0722 * 0.3
    assert shift[0] == pytest.approx(0.2 * luma, abs=1e-5)


def test_the_network_sees_the_working_size_and_the_output_has_the_sources():
    seen: list[torch.Size] = []

    def watch(pictures: Tensor) -> Tensor:
        seen.append(pictures.shape)
        return pictures

    paint(watch, Mixing(size=10), a_batch(1, 21, 43))
    assert seen == [(1, 3, 10, 20)]


def test_what_was_painted_small_is_enlarged_by_the_source():
    step = torch.zeros(3, 40, 60)
    step[..., 31:] = 1
    batch = Batch(step[None], (Frame(step),))
    painted = paint(lambda p: 0.9 * p, Mixing(size=10), batch)
    assert painted.diff(dim=-1).abs().max() > 0.5  # resampling would leave 0.2
    assert (painted - 0.9 * step).abs().mean() < 0.02


@pytest.mark.parametrize(
    ("size", "expected"),
    [(None, (480, 853)), (240, (240, 426)), (960, (960, 1706)), (1, (1, 2))],
)
def test_the_working_size_keeps_the_shape(size: int | None, expected: tuple[int, int]):
    assert working_size(480, 853, size) == expected


def test_a_long_thin_picture_is_not_enlarged_without_end():
    height, width = working_size(1, 8000, 720)
    assert 33e6 < height * width < 35e6
    assert working_size(8000, 12_000, 720) == (720, 1080)
    assert working_size(8000, 12_000, 9000) == (8000, 12_000)  # large already: left as it is


def test_a_network_in_bfloat16_gives_float32_back():
    def check(pictures: Tensor) -> Tensor:
        assert pictures.dtype == torch.bfloat16
        return pictures

    batch = a_batch()
    painted = paint(check, Mixing(), batch, dtype=torch.bfloat16)
    assert (painted - batch.pictures).abs().max() <= 1 / 256


def test_values_outside_the_range_are_cut_off():
    painted = paint(lambda p: p * 4 - 1, Mixing(), a_batch())
    assert painted.min() == 0
    assert painted.max() == 1


def latticed(pictures: Tensor) -> Tensor:
    """A network that paints nothing but the lattice by which it sees."""
    height, width = pictures.shape[-2:]
    rows, columns = torch.arange(height) % LATTICE, torch.arange(width) % LATTICE
    return ((rows[:, None] * LATTICE + columns) / LATTICE**2).expand_as(pictures)


def panned(*pans: tuple[float, float], height: int = 20, width: int = 30) -> Batch:
    batch = a_batch(len(pans), height, width)
    frames = zip(batch.frames, pans, strict=True)
    return replace(batch, frames=tuple(replace(frame, pan=pan) for frame, pan in frames))


def test_the_lattice_goes_along_with_a_pan():
    whole = latticed(torch.zeros(1, 3, 60, 60))[0]
    painted = paint(latticed, Mixing(lattice=LATTICE), panned((0, 0), (3.2, -1.6), (-11, 20)))
    for picture, (right, down) in zip(painted, [(0, 0), (3, -2), (-11, 20)], strict=True):
        top, left = 24 - down % LATTICE, 24 - right % LATTICE
        assert torch.equal(picture, whole[:, top : top + 20, left : left + 30])


def test_it_goes_by_the_pixels_that_the_network_sees():
    batch = panned((6.0, 0.0), height=20, width=40)
    painted = paint(latticed, Mixing(lattice=LATTICE, size=10), batch)
    as_if = paint(latticed, Mixing(lattice=LATTICE), panned((3.0, 0.0), height=10, width=20))
    assert (painted[0, 0, ::2, ::2] - as_if[0, 0]).abs().mean() < 0.1


def test_it_stays_where_a_picture_moves_by_whole_cells_or_it_does_not_matter():
    still = latticed(torch.zeros(1, 3, 20, 30))
    assert torch.equal(paint(latticed, Mixing(lattice=LATTICE), panned((0.3, 8.4))), still)
    assert torch.equal(paint(latticed, Mixing(), panned((3.0, 1.0))), still)


def test_a_batch_is_painted_as_each_frame_alone_however_it_pans():
    def soft(pictures: Tensor) -> Tensor:
        return torch.nn.functional.avg_pool2d(pictures, 5, 1, 2)

    batch = panned((0, 0), (3, 1), (8, 0))
    together = paint(soft, Mixing(lattice=LATTICE), batch)
    for index, alone in enumerate(together):
        single = Batch(batch.pictures[index : index + 1], batch.frames[index : index + 1])
        assert torch.equal(paint(soft, Mixing(lattice=LATTICE), single)[0], alone)


@pytest.mark.parametrize("size", [(1, 1), (3, 50), (8, 8)])
def test_a_small_picture_can_pan(size: tuple[int, int]):
    batch = panned((5.0, 2.0), height=size[0], width=size[1])
    assert torch.allclose(paint(invert, Mixing(lattice=LATTICE), batch), 1 - batch.pictures)


def test_short_of_memory_the_batch_is_halved_until_it_fits():
    sizes: list[int] = []

    def small_only(pictures: Tensor) -> Tensor:
        sizes.append(len(pictures))
        if len(pictures) > 2:
            raise torch.OutOfMemoryError
        return 1 - pictures

    batch = a_batch(5)
    assert torch.allclose(paint(small_only, Mixing(), batch), 1 - batch.pictures)
    assert sizes == [5, 3, 2, 2, 1]
    sizes.clear()
    film = [batch, batch, a_batch(4, height=24)]
    list(restyle(film, network=small_only, mixing=Mixing(), device=CPU, dtype=torch.float32))
    assert sizes == [5, 3, 2, 2, 1, 2, 2, 1, 4, 2, 2]  # another size may fit


def test_what_did_not_fit_is_let_go_before_less_is_tried():
    held: list[weakref.ref[Tensor]] = []
    alive: list[int] = []

    def small_only(pictures: Tensor) -> Tensor:
        alive.append(sum(each() is not None for each in held))
        held.append(weakref.ref(pictures))
        if len(pictures) > 1:
            raise torch.OutOfMemoryError
        return 1 - pictures

    paint(small_only, Mixing(size=10), a_batch(4))
    assert alive == [0] * 6


@pytest.mark.parametrize(
    ("size", "way_out"),
    [(None, "try --size 20$"), (1000, "try --size 500$"), (31, "cut it into parts$")],
)
def test_a_picture_that_never_fits_is_refused_with_the_way_out(size: int | None, way_out: str):
    def full(pictures: Tensor) -> Tensor:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 GB")

    with pytest.raises(StylizeError, match=rf"a 60x40 picture does not fit .* of cpu; {way_out}"):
        paint(full, Mixing(size=size), a_batch(3, 40, 60))


def test_other_errors_are_not_mistaken_for_a_lack_of_memory():
    def broken(pictures: Tensor) -> Tensor:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes do not match"):
        paint(broken, Mixing(), a_batch())
