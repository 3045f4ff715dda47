"""Films go together frame by frame, by their times; where they do not, a line says why."""

import re
from fractions import Fraction

import pytest
import torch

from stylize.pipeline.errors import SourceError
from stylize.pipeline.measuring.side_by_side import Reel, side_by_side
from stylize.pipeline.values import Frame


def reel(name, times, *, shade=0.0, size=(12, 16), timed=True, length=Fraction(1, 25)):
    frames = (Frame(torch.full((3, *size), shade), Fraction(time), length) for time in times)
    return Reel(name, frames, timed=timed)


def at_25(count, *, since=Fraction(0)):
    return [since + Fraction(index, 25) for index in range(count)]


def test_frames_of_all_films_come_together_with_the_times_of_the_source():
    films = [reel(f"{n}.mp4", at_25(3, since=Fraction(n)), shade=n / 10) for n in (0, 1, 2)]
    moments = list(side_by_side(films, start=Fraction(5)))
    assert [moment.time for moment in moments] == [5 + time for time in at_25(3)]
    assert [[p.mean().item() for p in moment.pictures] for moment in moments] == [
        pytest.approx([0, 0.1, 0.2])
    ] * 3


def test_uneven_times_pair_with_the_same_uneven_times():
    times = [Fraction(0), Fraction(1, 25), Fraction(3, 25), Fraction(1)]
    pair = [reel("a.mp4", times), reel("b.mp4", [time + 7 for time in times])]
    assert [moment.time for moment in side_by_side(pair)] == times


def test_rounded_times_pair():
    # A GIF counts hundredths of a second.
    exact = [Fraction(index, 30) for index in range(60)]
    rounded = [Fraction(round(time * 100), 100) for time in exact]
    length = Fraction(1, 30)
    pair = [reel("a.mp4", exact, length=length), reel("b.gif", rounded, length=length)]
    assert len(list(side_by_side(pair))) == 60


def test_a_film_of_another_rate_is_refused_where_it_first_shows():
    pair = [reel("a.mp4", at_25(9)), reel("b.mp4", [Fraction(i, 20) for i in range(9)])]
    said = "b.mp4: frame 3 comes after 0.100 s, and that of a.mp4 after 0.080 s; only films of one"
    with pytest.raises(SourceError, match=re.escape(said)):
        list(side_by_side(pair))


def test_a_film_that_lost_a_frame_is_refused():
    times = at_25(9)
    pair = [reel("a.mp4", times), reel("b.mp4", times[:4] + times[5:])]
    with pytest.raises(SourceError, match=r"b\.mp4: frame 5 comes after 0\.200 s"):
        list(side_by_side(pair))


def test_pictures_without_times_pair_by_their_order():
    pair = [reel("a.mp4", at_25(9)), reel("b", [0] * 9, timed=False)]
    assert len(list(side_by_side(pair))) == 9


@pytest.mark.parametrize(
    ("lengths", "said"),
    [
        ((5, 3), "b.mp4: ends after 3 frames, and a.mp4 goes on; only films of one length"),
        ((3, 5), "a.mp4: ends after 3 frames, and b.mp4 goes on"),
    ],
)
def test_a_film_of_another_length_is_refused_with_the_way_out(lengths, said):
    pair = [reel(f"{name}.mp4", at_25(n)) for name, n in zip("ab", lengths, strict=True)]
    moments = side_by_side(pair)
    assert [next(moments).time for _ in range(3)] == at_25(3)
    with pytest.raises(SourceError, match=re.escape(said)) as refused:
        next(moments)
    assert "(--frames 3 measures what both have)" in str(refused.value)


def test_a_picture_of_another_size_is_refused():
    pair = [reel("a.mp4", at_25(2)), reel("b", at_25(2), size=(12, 20))]
    said = "b: frame 1 is of 20×12 pixels, and that of a.mp4 of 16×12; only films of one size"
    with pytest.raises(SourceError, match=re.escape(said)):
        list(side_by_side(pair))


def test_no_more_frames_are_read_than_were_asked_for():
    read = []

    def frames():
        for time in at_25(9):
            read.append(time)
            yield Frame(torch.zeros(3, 12, 16), time, Fraction(1, 25))

    moments = side_by_side([Reel("a.mp4", frames()), reel("b.mp4", at_25(9))])
    next(moments)
    assert len(read) == 1
