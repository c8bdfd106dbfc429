"""The hash chain: what it covers cannot change unseen, and what it leaves out can be erased."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engage.core.calendar import DAY, HOUR
from engage.core.chain import GENESIS, LINK_BYTES, Item, link
from engage.core.decisions import decode_record, encode_record
from engage.core.event import Body
from engage.core.ledger import Transfer
from tests.core.history import History, program_of

AT = 20_500 * DAY + 9 * HOUR
PROGRAM = program_of(
    """
name: Chain
currencies: {points: {}, coins: {}}
events: {Sale: {}}
badges: {closer: {name: Closer}}
levels: {currency: points, steps: [{id: silver, name: Silver, threshold: 10}]}
rules:
  - {id: sale, trigger: Sale, effects: [award: {currency: points, amount: 10}, badge: closer]}
  - {id: coin, trigger: Sale, effects: [award: {currency: coins, amount: 1}]}
"""
)


def items() -> list[Item]:
    told = History()
    told.publish(PROGRAM)
    told.version = 1  # taken up without an entry of its own, as the link below has none
    told.track("ann", "Sale", AT, {"value": 1})
    told.track("bob", "Sale", AT + 1, {"value": 2})
    told.adjust("ann", AT + 2, "points", -3)
    return told.items()


ITEMS = items()
LINK = link(GENESIS, ITEMS)


def with_entry(**changes: object) -> list[Item]:
    entry, record, transfers = ITEMS[0]
    return [(replace(entry, **changes), record, transfers), *ITEMS[1:]]


def with_transfer(**changes: object) -> list[Item]:
    entry, record, transfers = ITEMS[0]
    return [(entry, record, (replace(transfers[0], **changes), *transfers[1:])), *ITEMS[1:]]


def with_record(**changes: object) -> list[Item]:
    entry, record, transfers = ITEMS[0]
    return [(entry, encode_record(replace(decode_record(record), **changes)), transfers), *ITEMS[1:]]


ENTRY_FIELDS = ("seq", "kind", "member", "at", "received_at", "day", "hour", "program", "previous")


@pytest.mark.parametrize("field", ENTRY_FIELDS)
def test_a_changed_number_of_an_entry_changes_the_link(field: str) -> None:
    assert link(GENESIS, with_entry(**{field: getattr(ITEMS[0][0], field) + 1})) != LINK


@pytest.mark.parametrize(
    "changes", [{"amount": 11}, {"currency": "coins"}, {"source": 2}, {"target": 35}, {"rule": 1}]
)
def test_a_changed_transfer_changes_the_link(changes: dict[str, object]) -> None:
    assert link(GENESIS, with_transfer(**changes)) != LINK


@pytest.mark.parametrize(
    "changes",
    [
        {"undecided": 1},
        {"verdicts": (1, 0)},
        {"verdicts": (0,)},
        {"badges": ()},
        {"level_before": "gold"},
        {"level_after": ""},
    ],
)
def test_a_changed_decision_changes_the_link(changes: dict[str, object]) -> None:
    assert link(GENESIS, with_record(**changes)) != LINK


REARRANGED: dict[str, list[Item]] = {
    "an entry missing": ITEMS[:-1],
    "an entry twice": [*ITEMS, ITEMS[-1]],
    "entries swapped": [ITEMS[1], ITEMS[0], ITEMS[2]],
    "transfers swapped": [(ITEMS[0][0], ITEMS[0][1], ITEMS[0][2][::-1]), *ITEMS[1:]],
    "a transfer missing": [(ITEMS[0][0], ITEMS[0][1], ITEMS[0][2][:-1]), *ITEMS[1:]],
    "a transfer moved to the next entry": [
        (ITEMS[0][0], ITEMS[0][1], ITEMS[0][2][:-1]),
        (ITEMS[1][0], ITEMS[1][1], (ITEMS[0][2][-1], *ITEMS[1][2])),
        ITEMS[2],
    ],
    "a transfer invented": [*ITEMS[:2], (ITEMS[2][0], ITEMS[2][1], (Transfer("points", 1, 19, 1),))],
    "nothing at all": [],
}


@pytest.mark.parametrize("name", REARRANGED)
def test_rearranged_items_change_the_link(name: str) -> None:
    assert link(GENESIS, REARRANGED[name]) != LINK


def test_the_link_depends_on_all_before_it_and_on_where_commits_end() -> None:
    assert link(LINK, ITEMS) != LINK
    assert link(link(GENESIS, ITEMS[:1]), ITEMS[1:]) != LINK
    assert len(LINK) == LINK_BYTES


def test_names_and_properties_can_be_erased_and_the_chain_still_links() -> None:
    erased = [
        (replace(entry, name="", body=Body("", {})), record, transfers) for entry, record, transfers in ITEMS
    ]
    assert link(GENESIS, erased) == LINK


def test_the_link_is_what_it_was_when_first_released() -> None:
    """Stored chains must verify for ever: a change of the encoding needs a new semantics number."""
    told = link(GENESIS, ITEMS).hex()
    assert told == "2b08b796aa247b8c9bf4c616350abb1ebabb7cc249c4af587a3d8756a8b5c9a3"
