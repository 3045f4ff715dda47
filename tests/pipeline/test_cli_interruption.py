"""Ctrl-C, at any moment: the program ends in time and says so in one line."""

import signal
import subprocess
import sys
import time

import pytest

from stylize.pipeline.cli import interruption


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_before_the_work_begins_the_program_ends_on_the_spot(number: signal.Signals):
    code = (
        "from stylize.pipeline.cli import interruption\n"
        "interruption.end_at_once()\n"
        "print('listening', flush=True)\n"
        "import time; time.sleep(60)\n"
    )
    job = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert job.stdout is not None
    job.stdout.readline()
    asked = time.monotonic()
    job.send_signal(number)
    _, said = job.communicate(timeout=30)
    assert (job.returncode, said) == (130, f"{interruption.SAID}\n")
    assert time.monotonic() - asked < 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_what_nohup_or_a_shell_lets_be_ignored_stays_so(number: signal.Signals):
    signal.signal(number, signal.SIG_IGN)
    interruption.end_at_once()
    interruption.clean_up_first()
    signal.raise_signal(number)
    interruption.check()


def test_once_the_work_has_begun_an_interruption_can_be_cleaned_up_after():
    interruption.clean_up_first()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)


def test_an_interruption_that_was_swallowed_is_raised_again():
    interruption.clean_up_first()
    interruption.check()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        interruption.check()
    interruption.clean_up_first()
    interruption.check()
