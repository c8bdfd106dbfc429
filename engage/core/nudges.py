"""Nudges: what became of the messages that rules sent: sent, opened, returned.

Owns what counts as opening one and as coming back. Must not know how a message reaches anybody: that is the host's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engage.core.event import Entry, Kind
from engage.core.state import NUDGES_KEPT, CompanyState, MemberState, NudgeCounts, Nudged

RETURN_DAYS: Final = 7
"""Who does something on a later local day than that of the message, and within so many, has come back."""


def send(company: CompanyState, member: MemberState, nudges: Iterable[str], entry: Entry) -> None:
    """What an entry sent, or what undoing one takes back. The newest stay, the last sent last."""
    for nudge in nudges:
        member.nudges.pop(nudge, None)
        before = member.nudged.pop(nudge, None)
        if entry.kind != Kind.REVERSAL:
            member.nudges[nudge] = entry.seq
            member.nudged[nudge] = Nudged(entry.day)
            count(company, nudge, sent=1)
        elif before is not None:
            count(company, nudge, sent=-1, opened=-bool(before.opened), returned=-before.returned)
    while len(member.nudges) > NUDGES_KEPT:
        oldest = next(iter(member.nudges))
        del member.nudges[oldest]
        member.nudged.pop(oldest, None)
    _look_out(member)


def open_nudge(company: CompanyState, member: MemberState, nudge: str, entry: Entry) -> None:
    """The member has seen it. Once: the first time counts."""
    standing = member.nudged.get(nudge)
    if standing is not None and not standing.opened:
        member.nudged[nudge] = Nudged(standing.day, entry.seq, standing.returned)
        count(company, nudge, opened=1)


def come_back(company: CompanyState, member: MemberState, day: int) -> None:
    """The member did something on a local day up to `member.awaited_until`."""
    for nudge, standing in member.nudged.items():
        if not standing.returned and standing.day < day <= standing.day + RETURN_DAYS:
            member.nudged[nudge] = Nudged(standing.day, standing.opened, True)
            count(company, nudge, returned=1)
    _look_out(member)


def _look_out(member: MemberState) -> None:
    """So that who has come back, or stayed away, costs no event a look at their nudges."""
    days = [standing.day for standing in member.nudged.values() if not standing.returned]
    member.awaited_until = max(days, default=-RETURN_DAYS) + RETURN_DAYS


def count(company: CompanyState, nudge: str, sent: int = 0, opened: int = 0, returned: int = 0) -> None:
    """Forgets zeros, so that equal histories give equal documents."""
    found = company.nudges.get(nudge) or NudgeCounts()
    counts = NudgeCounts(found.sent + sent, found.opened + opened, found.returned + returned)
    if counts == NudgeCounts():
        company.nudges.pop(nudge, None)
    else:
        company.nudges[nudge] = counts
