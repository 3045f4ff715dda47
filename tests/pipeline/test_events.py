"""Events: from all threads to one."""

import json
from pathlib import Path
from threading import Thread, current_thread

from stylize.pipeline.events import Advanced, Failed, Notice, Outbox, as_json


def test_events_from_other_threads_are_delivered_in_the_callers():
    seen: list[tuple[object, str]] = []
    outbox = Outbox(lambda event: seen.append((event, current_thread().name)))
    thread = Thread(target=outbox.notify, args=("sound transcoded",))
    thread.start()
    thread.join()
    assert seen == []
    outbox.deliver()
    here = current_thread().name
    assert seen == [(Notice("sound transcoded"), here), (Advanced(0, 0, 0), here)]


def test_items_are_counted_by_stage_as_they_pass():
    seen: list[object] = []
    outbox = Outbox(seen.append)
    list(outbox.count("read", iter("abc")))
    written = outbox.count("written", iter("ab"))
    next(written)
    outbox.deliver()
    assert seen == [Advanced(read=3, painted=0, written=1)]
    assert outbox.counted("read") == 3


def test_an_event_as_json_has_a_name_and_plain_values():
    event = as_json(Failed(Path("a/b.png"), "truncated"))
    assert json.loads(json.dumps(event)) == {
        "event": "failed",
        "source": str(Path("a/b.png")),
        "reason": "truncated",
    }
