"""One switch for all threads: who must not be rounded has their way."""

from threading import Event, Thread

import pytest
import torch

from stylize.models.tf32 import tf32


def allowed() -> bool:
    return torch.backends.cudnn.allow_tf32


@pytest.mark.parametrize("before", [True, False])
def test_it_is_afterwards_as_it_was_before(monkeypatch, before):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", before)
    with tf32(allowed=False):
        assert not allowed()
        with tf32(allowed=True):  # an optimiser that paints
            assert allowed()
        assert not allowed()
    assert allowed() == before
    with pytest.raises(KeyError), tf32(allowed=not before):
        raise KeyError
    assert allowed() == before


def test_a_network_is_not_rounded_while_an_optimiser_works_in_another_thread():
    before, begun, over = allowed(), Event(), Event()

    @tf32(allowed=True)
    def optimise():
        begun.set()
        assert over.wait(20)

    other = Thread(target=optimise)
    other.start()
    assert begun.wait(20)
    assert allowed()
    with tf32(allowed=False):
        assert not allowed()
    assert allowed()
    with tf32(allowed=False):
        over.set()
        other.join()
        assert not allowed()
    assert allowed() == before
