"""What is told of new scores and stages: to webhooks through the outbox, and as the signal that other systems keep.

Owns who is told what: the difference from what was last told, never from the week before. Must not know how it is
delivered.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from engage import clock
from engage.actions.score_company import Company
from engage.core.measures import WEEK
from engage.core.notices import HEALTH_CHANGED, STAGE_CHANGED
from engage.core.reports import health_notice
from engage.core.signal import Signal, has_changed, is_older, says_other_health, signal_of
from engage.core.stage_words import stage_notice
from engage.store.log import load_heads
from engage.store.outbox import load_last
from engage.store.signal import Scored
from engage.store.statements import Row, Transaction


def new_signals(companies: Sequence[Company]) -> list[tuple[int, int, Signal]]:
    """What other systems are to be told, of companies of which they know something else."""
    now = clock.now()
    found = []
    for company in companies:
        signal = signal_now(company)
        if has_changed(signal, company.signal) and not is_older(signal, company.signal):
            found.append((company.followed.id, now, signal))
    return found


def signal_now(company: Company) -> Signal:
    newest = company.scores[company.last_monday + WEEK - 1]
    return signal_of(newest.health, newest.stage)


def news(companies: Sequence[Company], scores: Sequence[tuple[int, int, Scored]]) -> list[Row]:
    """(company, Sunday, at, type, data as JSON): whose newest score, band or stage is not what was last told of it. The
    past is nobody's news.

    Not the week before: after a pause of weeks nobody has been told of that one.
    """
    new = {(id, sunday) for id, sunday, _ in scores}
    now = clock.now()
    rows: list[Row] = []
    for company in companies:
        one, sunday = company.followed, company.last_monday + WEEK - 1
        if (one.id, sunday) not in new:
            continue
        scored, signal, last = company.scores[sunday], signal_now(company), company.signal
        if is_older(signal, last):
            continue
        told: list[tuple[str, Any]] = []
        if says_other_health(signal, last):
            was = (last.health_score, last.health_band, last.score_profile) if last else (None, None, None)
            told.append((HEALTH_CHANGED, health_notice(scored.health, *was)))
        was_in = _stage_told(company, sunday)
        if signal.account_stage != was_in:
            told.append((STAGE_CHANGED, stage_notice(scored.stage, was_in, signal.as_of)))
        rows += [(one.id, sunday, now, type, msgspec.json.encode(data)) for type, data in told]
    return rows


def _stage_told(company: Company, sunday: int) -> str | None:
    """Where what was last told was told without a stage, that of the week before."""
    last = company.signal
    if last is not None and last.account_stage == "":
        before = company.scores.get(sunday - WEEK)
        return before.stage.stage if before is not None and before.stage else None
    return last.account_stage if last is not None else None


async def place_behind(tx: Transaction, notices: Sequence[Row]) -> list[Row]:
    """For the outbox: each behind all that was told of its company, with the day or more for a number.

    Within the companies' turns: what members did while the score was made may have been told by now, and whatever is
    placed before that is never sent. No entry lies between two weeks of a company that is idle, nor between two runs
    over one week.
    """
    heads = await load_heads(tx, {company for company, *_ in notices})
    last = await load_last(tx, {(head.company_id, head.seq) for head in heads.values()})
    rows: list[Row] = []
    for company, day, *rest in notices:
        last[company] = n = max(last.get(company, 0) + 1, day)
        rows.append((company, heads[company].seq, n, *rest))
    return rows
