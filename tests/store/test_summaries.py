"""Summaries of scores that were there before summaries were: what the migration makes of them."""

from __future__ import annotations

from importlib import import_module

import msgspec
import pytest

from engage.core.portfolio import decode_facts, decode_summary
from engage.core.reports import Driver, Health
from engage.core.stage_words import CompanyStage
from engage.core.state import CompanyState, encode_state
from engage.store.signal import Scored

MIGRATION = import_module("migrations.0014_summaries")
AS_OF = "2026-11-15"
SUNDAY = 739935


def driver(name: str, contribution: float) -> Driver:
    return Driver(name, name.title(), 1.0, 40.0, 0.5, contribution, "")


@pytest.mark.parametrize(
    "scored",
    [
        Scored(Health(AS_OF, None, "unscored", "low", "Not scored.")),
        Scored(
            Health(AS_OF, 45, "watch", "high", "Watch.", (driver("habit", 3.0), driver("breadth", -8.0))),
            [None, 50, 45],
            CompanyStage("at_risk", AS_OF, "It is."),
        ),
        Scored(Health(AS_OF, 81, "thriving", "high", "Well.", (driver("habit", 3.0),), (), 2, -1), [7, 81]),
    ],
)
def test_a_migrated_score_is_summed_up_as_a_new_one(scored: Scored) -> None:
    migrated = MIGRATION._summary(SUNDAY, msgspec.msgpack.encode(scored))
    assert decode_summary(migrated) == scored.summary


def test_the_facts_of_a_company_are_what_its_state_begins_with() -> None:
    state = CompanyState("Acme", "Asia/Tokyo", 20, {"plan": "Pro"}, head_at=5, members=3, last_seq=7)
    facts = decode_facts(encode_state(state))
    assert (facts.name, facts.timezone, facts.seats, facts.traits) == (
        state.name,
        state.timezone,
        state.seats,
        state.traits,
    )
