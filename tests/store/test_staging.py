"""The sort of an import: each company by time, and rows without a company to the only one they can belong to."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from engage.store.staging import Staged, Staging


@pytest.fixture
def staging() -> Iterator[Staging]:
    opened = Staging()
    yield opened
    opened.close()


def test_rows_come_back_by_company_time_and_place_whatever_their_number(staging: Staging) -> None:
    chance = random.Random(3)
    rows: list[Staged] = [
        (f"c{chance.randrange(4)}", chance.randrange(50), place, b"%d" % place) for place in range(5000)
    ]
    for start in range(0, len(rows), 700):
        staging.add(rows[start : start + 700])
    staging.attribute()
    blocks = list(staging.in_order(300))
    assert [row for block in blocks for row in block] == sorted(rows)
    assert max(map(len, blocks)) == 300


def test_runs_that_follow_one_another_come_back_in_full_blocks(staging: Staging) -> None:
    rows: list[Staged] = [(f"c{n % 3}", n, n, b"%d" % n) for n in range(1000)]
    for start in range(0, len(rows), 70):
        staging.add(rows[start : start + 70])
    blocks = list(staging.in_order(300))
    assert [row for block in blocks for row in block] == sorted(rows)
    assert [len(block) for block in blocks] == [300, 300, 300, 100]


def test_runs_in_order_beside_runs_that_overlap_and_single_rows(staging: Staging) -> None:
    rows: list[Staged] = [("a", at, at, b"a") for at in range(100)] + [
        ("c", at, at, b"c") for at in range(100)
    ]
    for start in range(0, len(rows), 10):
        staging.add(rows[start : start + 10])
    overlapping: list[Staged] = [("b", at, at, b"b") for at in range(100)]
    staging.add(overlapping[::2])
    staging.add(overlapping[1::2])
    # Belongs to a, whose runs are in order, and falls between two of them.
    staging.add_loose([(45, 1000, b"late", "ann", "")])
    staging.know([("ann", "a")])
    assert staging.attribute() == 0
    found = [row for block in staging.in_order(33) for row in block]
    assert sorted(found) == sorted([*rows, *overlapping, ("a", 45, 1000, b"late")])
    for company in "abc":
        mine = [row for row in found if row[0] == company]
        assert mine == sorted(mine)
    assert [row[0] for row in found] == sorted([row[0] for row in found], key="cab".index)


def test_nobody_is_guessed_into_one_of_two_companies(staging: Staging) -> None:
    staging.add_loose(
        [
            (1, 1, b"ann", "ann", ""),
            (2, 2, b"bob", "bob", ""),
            (3, 3, b"visit", "", "v1"),
            (4, 4, b"identify", "ann", "v1"),
            (5, 5, b"stranger", "", "v2"),
        ]
    )
    staging.know([("ann", "acme"), ("bob", "acme"), ("bob", "bolt")])
    assert staging.attribute() == 2
    found = {payload: company for block in staging.in_order(10) for company, _, _, payload in block}
    assert found == {b"ann": "acme", b"visit": "acme", b"identify": "acme", b"bob": "", b"stranger": ""}


def test_an_id_of_a_user_is_not_one_of_a_visitor(staging: Staging) -> None:
    staging.add_loose([(1, 1, b"visit", "", "ann")])
    staging.know([("ann", "acme")])
    assert staging.attribute() == 1


def test_users_without_a_company_are_listed_once(staging: Staging) -> None:
    staging.add_loose([(n, n, b"", f"u{n % 1200:04}", "") for n in range(3000)])
    listed = [user for block in staging.users_without_company() for user in block]
    assert listed == [f"u{n:04}" for n in range(1200)]
