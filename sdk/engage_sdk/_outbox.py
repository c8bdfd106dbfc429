"""The bounded queue between the caller's threads and the sender.

Owns what waits, what is in flight, what was dropped, and the problems to be reported by the sender. Every
method is safe from any thread and holds its lock for a few instructions only. Knows nothing of sending.
"""

from __future__ import annotations

import enum
import threading
from collections import deque
from collections.abc import Sequence
from typing import Literal, TypeAlias

from . import _limits
from ._message import Draft, readable
from ._wire import Report, counted
from .errors import EngageError, NotDelivered, QueueFull

DropPolicy: TypeAlias = Literal["newest", "oldest"]


class Put(enum.Enum):
    """What became of a draft offered to the outbox."""

    TAKEN = 1
    WAKE = 2  # taken, and the sender should be woken
    DROPPED = 3
    CLOSED = 4


# Looked up once: in some versions an enum's member is found slowly, and put() is on the host's hot path.
_TAKEN, _WAKE = Put.TAKEN, Put.WAKE


class Outbox:
    """A first-in first-out queue of drafts, and the batch that is being delivered.

    Drafts are numbered in the order they were accepted. Work is done in that order, so everything accepted
    before some moment is settled once neither the queue nor the batch in flight reaches back beyond it.
    """

    def __init__(self, size_max: int, drop: DropPolicy, flush_at: int) -> None:
        self._size_max = size_max
        self._drop = drop
        self._flush_at = min(flush_at, size_max)
        self.reset()

    def reset(self) -> None:
        """Empties everything. In a forked child the lock may be held by a thread that does not exist there."""
        # Reentrant: a signal handler or a __del__ of the host may call track() while track() runs.
        self._lock = threading.RLock()
        self._progress = threading.Condition(self._lock)
        self._waiting: deque[Draft] = deque()
        self._in_flight: dict[int, Draft] = {}  # by identity: a host may use one message id twice
        self._in_flight_from = 0
        self._reports: deque[Report] = deque()
        self._reports_lost = 0
        self._telling = 0  # how many are at it
        self._dropped: list[Draft] = []
        self._dropped_count = 0
        self._resting = False
        self._accepted = 0
        self.attended = False  # whether a sender is at work on this outbox
        self.closed = False
        self.abandoned = 0

    def put(self, draft: Draft) -> Put:
        """Takes a draft, or drops one by the policy."""
        with self._lock:
            if self.closed:
                return Put.CLOSED
            waiting = self._waiting
            if len(waiting) >= self._size_max:
                self._dropped_count += 1
                if self._drop == "newest":
                    self._remember_dropped(draft)
                    return Put.DROPPED
                self._remember_dropped(waiting.popleft())
            waiting.append(draft)
            self._accepted += 1
            if self._resting or not self.attended or len(waiting) == self._flush_at:
                self._resting = False
                return _WAKE
            return _TAKEN

    def _remember_dropped(self, draft: Draft) -> None:
        if len(self._dropped) < _limits.DROPPED_SAMPLE_MAX:
            self._dropped.append(draft)

    def note(self, report: Report) -> None:
        """Leaves a problem for the sender to report, so that `on_error` never runs inside track()."""
        with self._lock:
            if len(self._reports) < _limits.REPORTS_MAX:
                self._reports.append(report)
            else:
                self._reports_lost += 1

    def take_reports(self) -> tuple[list[Report], int]:
        """What there is to report, and how many more problems were not kept. Call `told` after reporting it."""
        with self._lock:
            self._telling += 1
            reports = list(self._reports)
            self._reports.clear()
            lost, self._reports_lost = self._reports_lost, 0
            if self._dropped_count:
                sample = [readable(draft) for draft in self._dropped]
                reports.append(Report(QueueFull(self._dropped_count, self._drop), sample))
                self._dropped, self._dropped_count = [], 0
        return reports, lost

    def told(self) -> None:
        """What was taken to be reported is."""
        with self._lock:
            self._telling -= 1
            self._progress.notify_all()

    def wait_until_told(self, timeout: float) -> bool:
        """Blocks until there is nothing left to report."""
        with self._lock:
            return self._progress.wait_for(
                lambda: not (self._reports or self._reports_lost or self._dropped_count or self._telling),
                timeout,
            )

    def take(self) -> list[Draft]:
        """Moves up to a batch of drafts into flight. The batch before must be finished."""
        with self._lock:
            assert not self._in_flight
            self._in_flight_from = self._accepted - len(self._waiting)
            count = min(len(self._waiting), _limits.BATCH_MESSAGES_MAX)
            drafts = [self._waiting.popleft() for _ in range(count)]
            self._in_flight = {id(draft): draft for draft in drafts}
            return drafts

    def settle(self, drafts: Sequence[Draft]) -> None:
        """These need no further work."""
        with self._lock:
            for draft in drafts:
                self._in_flight.pop(id(draft), None)
            self._progress.notify_all()

    def put_back(self) -> None:
        """A cancelled sender returns what it had. Some may have arrived: the service knows their messageIds."""
        with self._lock:
            self._waiting.extendleft(reversed(self._in_flight.values()))
            self._in_flight = {}

    def rest(self) -> bool:
        """True if there is nothing to do, and then the next put() answers WAKE."""
        with self._lock:
            self._resting = not (self._waiting or self._reports or self._dropped_count)
            return self._resting

    def is_ripe(self) -> bool:
        """Whether a whole batch waits, so that there is no point in collecting more."""
        with self._lock:
            return len(self._waiting) >= self._flush_at

    @property
    def pending(self) -> int:
        """How many messages are waiting or in flight."""
        with self._lock:
            return len(self._waiting) + len(self._in_flight)

    def mark(self) -> int:
        """The point up to which everything accepted so far is numbered."""
        with self._lock:
            return self._accepted

    def is_settled(self, mark: int) -> bool:
        """Whether everything accepted before the mark is settled."""
        with self._lock:
            return self._is_settled(mark)

    def _is_settled(self, mark: int) -> bool:
        left_the_queue = self._accepted - len(self._waiting)
        return left_the_queue >= mark and (not self._in_flight or self._in_flight_from >= mark)

    def wait_until_settled(self, mark: int, timeout: float | None) -> bool:
        """Blocks until then."""
        with self._lock:
            return self._progress.wait_for(lambda: self._is_settled(mark), timeout)

    def close(self) -> None:
        """Takes no more drafts."""
        with self._lock:
            self.closed = True

    def abandon(self, why: str, cause: EngageError | None = None) -> None:
        """Gives up everything that is not settled and leaves a report of it."""
        with self._lock:
            left = [*self._in_flight.values(), *self._waiting]
            self._waiting.clear()
            self._in_flight = {}
            self.abandoned += len(left)
            self._progress.notify_all()
        if left:
            known = f"; last, {cause}" if cause else ""
            were = "was" if len(left) == 1 else "were"
            error = NotDelivered(f"{counted(len(left))} {were} not delivered: {why}{known}")
            error.__cause__ = cause
            self.note(Report(error, [readable(draft) for draft in left]))
