"""The queue between threads: bounds, order, and what counts as settled."""

from __future__ import annotations

from engage_sdk import NotDelivered, QueueFull, _limits
from engage_sdk._message import Draft
from engage_sdk._outbox import Outbox, Put
from engage_sdk._wire import Report
from engage_sdk.errors import MessageInvalid


def draft(n: int) -> Draft:
    return Draft("track", f"m-{n}", 0, "e", "c", {"event": "Opened"})


def filled(count: int, size: int = 1_000) -> Outbox:
    outbox = Outbox(size, "newest", 100)
    outbox.attended = True
    for n in range(count):
        outbox.put(draft(n))
    return outbox


def test_a_sender_is_woken_when_it_rests_or_a_batch_is_full_and_not_else() -> None:
    outbox = filled(0)
    assert outbox.rest()
    assert [outbox.put(draft(n)) for n in range(3)] == [Put.WAKE, Put.TAKEN, Put.TAKEN]
    assert [outbox.put(draft(n)) for n in range(97)][-1] is Put.WAKE


def test_everything_before_a_mark_is_settled_only_when_its_last_batch_is() -> None:
    outbox = filled(150)
    mark = outbox.mark()
    outbox.put(draft(150))
    first = outbox.take()
    assert len(first) == _limits.BATCH_MESSAGES_MAX
    outbox.settle(first)
    assert not outbox.is_settled(mark)
    rest = outbox.take()
    outbox.settle(rest[:50])
    assert not outbox.is_settled(mark)  # the batch in flight began before the mark
    outbox.settle(rest[50:])
    assert outbox.is_settled(mark)


def test_dropping_the_oldest_does_not_settle_what_is_in_flight() -> None:
    outbox = Outbox(2, "oldest", 1)
    outbox.put(draft(0))
    in_flight = outbox.take()
    outbox.put(draft(1))
    mark = outbox.mark()
    for n in range(2, 6):
        outbox.put(draft(n))
    assert not outbox.is_settled(mark)
    outbox.settle(in_flight)
    assert outbox.is_settled(mark)
    assert outbox.pending == 2


def test_what_a_cancelled_sender_returns_comes_first_again() -> None:
    outbox = filled(3)
    taken = outbox.take()
    outbox.settle(taken[:1])
    outbox.put(draft(3))
    outbox.put_back()
    assert [one.message_id for one in outbox.take()] == ["m-1", "m-2", "m-3"]


def test_giving_up_names_each_message_not_settled_once() -> None:
    outbox = filled(3)
    taken = outbox.take()
    outbox.settle(taken[:1])
    outbox.put(draft(3))
    outbox.abandon("the test says so")
    outbox.abandon("again")
    ((report,), lost) = outbox.take_reports()
    assert isinstance(report.error, NotDelivered)
    assert [message["messageId"] for message in report.messages] == ["m-1", "m-2", "m-3"]
    assert (outbox.pending, outbox.abandoned, lost) == (0, 3, 0)


def test_reports_are_bounded_and_the_rest_is_counted() -> None:
    outbox = filled(0)
    for _ in range(_limits.REPORTS_MAX + 7):
        outbox.note(Report(MessageInvalid("wrong"), []))
    reports, lost = outbox.take_reports()
    assert (len(reports), lost) == (_limits.REPORTS_MAX, 7)


def test_all_drops_are_counted_and_a_sample_is_kept() -> None:
    outbox = filled(1_000, size=500)
    ((report,), _) = outbox.take_reports()
    assert isinstance(report.error, QueueFull)
    assert report.error.dropped == 500
    assert len(report.messages) == _limits.DROPPED_SAMPLE_MAX
