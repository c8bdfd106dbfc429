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
