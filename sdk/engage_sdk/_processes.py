"""What happens to every sender when the process forks or ends.

Owns the list of live senders and the two hooks. Senders are held weakly here; a running thread or task holds
its own.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import os
import threading
import time
import weakref
from typing import Protocol


class Sender(Protocol):
    """What the hooks ask of a sender."""

    exit_timeout: float

    def forget(self) -> None:
        """In a forked child: start empty, with a new thread and new connections."""

    def drain_at_exit(self, timeout: float) -> None:
        """At exit: deliver what is left within this many seconds."""


making_http = threading.RLock()
"""Held while a client is made. That reads certificates under locks of OpenSSL: a process that forked meanwhile would
give its child these locks held by a thread it does not have, and the child could never make a client of its own."""

_kept: set[Sender] = set()
_senders: weakref.WeakSet[Sender] = weakref.WeakSet()


def register(sender: Sender) -> None:
    """Puts a sender under the hooks."""
    _senders.add(sender)


def unregister(sender: Sender) -> None:
    """A closed sender needs no hooks."""
    _senders.discard(sender)
    _kept.discard(sender)


def keep(sender: Sender) -> None:
    """Its client is garbage and nothing runs it, but it has messages to deliver at exit."""
    _kept.add(sender)


def _after_fork() -> None:
    _kept.clear()
    for sender in list(_senders):
        sender.forget()


def _at_exit() -> None:
    # One bound for all clients together: the longest any of them asked for.
    senders = list(_senders)
    ends_at = time.monotonic() + max((sender.exit_timeout for sender in senders), default=0.0)
    for sender in senders:
        sender.drain_at_exit(max(0.0, min(sender.exit_timeout, ends_at - time.monotonic())))


# httpx imports these at its first use, which is in the sender's thread. A process that forked at that moment
# would give its child an import lock held by a thread it does not have, and the child's sender would hang.
for _name in ("certifi", "encodings.idna", "gzip", "httpcore", "importlib.resources"):
    with contextlib.suppress(ImportError):
        importlib.import_module(_name)

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=making_http.acquire, after_in_parent=making_http.release, after_in_child=making_http.release
    )
    os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
