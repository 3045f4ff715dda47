"""Every word can be shown in the letters that there are."""

import pytest

from stylize.pipeline.picture.lettering import font, letterable


@pytest.mark.parametrize("words", ["plain words", "a-b_c (1).jpg", ""])
def test_words_of_letters_that_are_there_stay_as_they_are(words):
    assert letterable(words) == words


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("für Noël", "fur Noel"),
        ("²", "2"),
        ("漢", "?"),
        ("two\nlines", "two?lines"),
        ("\udcff", "?"),
    ],
)
def test_letters_that_are_missing_lose_their_accents_or_become_question_marks(words, shown):
    assert letterable(words) == shown


def test_letters_are_as_large_as_asked():
    assert font(20).getbbox("H")[3] > font(10).getbbox("H")[3]
