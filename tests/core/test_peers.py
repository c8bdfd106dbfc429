"""Peers: who is compared with whom, and where a company stands among them."""

from __future__ import annotations

import msgspec

from engage.core.peers import Peers, gather, peers_table
from engage.core.privacy import Figure
from engage.core.reports import Contract, Driver, Health

AS_OF = "2026-11-15"


def health(score: int | None, habit: float = 50.0, as_of: str = AS_OF) -> Health:
    driver = Driver("habit", "Habit", habit, habit, 1.0, 0.0, "")
    return Health(as_of, score, "watch" if score is not None else "unscored", "high", "", (driver,))


def cells(peers: Peers | None, own: Health, contract: Contract, k: int = 3) -> dict[str, list[float | None]]:
    rows = peers_table(peers, own, contract, k).rows
    return {str(row[0]): [cell.value for cell in row[1:] if isinstance(cell, Figure)] for row in rows}


def test_a_company_stands_above_those_that_score_less_and_level_with_half_of_those_alike() -> None:
    pro = Contract(plan="Pro", seats=50)
    own = health(60, habit=20.0)
    peers = gather(AS_OF, [(own, pro), *((health(score), pro) for score in (40, 50, 60, 80))])
    kept = msgspec.json.decode(msgspec.json.encode(peers), type=Peers)
    found = cells(kept, own, pro)
    # Of four others two are lower and one alike; of the habits all others are higher.
    assert found["Health score"] == [60, 62, 50, 60, 60]
    assert found["Habit"][:2] == [20, 0]


def test_the_narrowest_group_with_k_others_is_compared_with() -> None:
    companies = [
        *((health(score), Contract(plan="Pro", seats=50)) for score in (10, 20)),
        *((health(score), Contract(plan="Free", seats=60)) for score in (30, 40, 50)),
        *((health(score), Contract(plan="Free", seats=600)) for score in (60, 70)),
    ]
    peers = gather(AS_OF, companies)
    pro = Contract(plan="Pro", seats=50)
    assert peers_table(peers, health(20), pro, 3).note.endswith("4 other companies of 20 to 99 seats.")
    free = Contract(plan="Free", seats=600)
    assert peers_table(peers, health(60), free, 3).note.endswith("4 other companies on the plan Free.")
    assert (
        peers_table(peers, health(60), Contract(seats=600), 3).note
        == "Compared with all 6 other scored companies."
    )
    assert peers_table(peers, health(20), pro, 7).rows == ()


def test_a_plan_of_few_companies_is_not_kept_and_the_unscored_and_the_old_do_not_count() -> None:
    plan = Contract(plan="Own")
    peers = gather(AS_OF, [(health(n), plan) for n in (1, 2, 3)])
    assert peers.groups == {}
    others = [(health(None), plan), (health(50, as_of="2026-11-01"), plan)]
    peers = gather(AS_OF, [(health(n), plan) for n in (1, 2, 3, 4)] + others)
    assert peers.groups["plan Own"].companies == 4


def test_only_the_newest_week_is_compared_which_further_west_is_the_one_before() -> None:
    west = health(5, as_of="2026-11-08")
    peers = gather(AS_OF, [(west, Contract()), *((health(n), Contract()) for n in range(9))])
    assert peers.groups["all"].companies == 10
    assert cells(peers, west, Contract())["Health score"][:2] == [5, 61]
    assert peers_table(peers, west, Contract(), 3, newest=False).rows == ()
    assert peers_table(peers, health(5, as_of="2026-11-01"), Contract(), 3).rows == ()
    assert peers_table(None, health(5), Contract(), 3).rows == ()
    assert peers_table(peers, health(None), Contract(), 3).note.startswith("A company without a score")
