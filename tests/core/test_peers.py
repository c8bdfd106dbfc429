"""Peers: who is compared with whom, and where a company stands among them."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from engage.core.care import Ceiling, lowered
from engage.core.language import translate
from engage.core.peers import Peers, gather, peers_table
from engage.core.privacy import Figure
from engage.core.reports import Contract, Driver, Health
from engage.core.scored_as import ScoredAs

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


def test_without_a_plan_companies_are_compared_by_seats_from_the_least_of_a_class_on() -> None:
    companies = [(health(n), Contract(seats=seats)) for n, seats in enumerate((20, 20, 20, 20, 19, 19))]
    peers = gather(AS_OF, companies)
    assert peers_table(peers, health(0), Contract(seats=20), 3).note.endswith(
        "3 other companies of 20 to 99 seats."
    )
    assert peers_table(peers, health(4), Contract(seats=19), 3).note == (
        "Compared with all 5 other scored companies."
    )


def test_fewer_others_than_k_are_compared_with_in_nothing() -> None:
    """Nor in a measure that fewer of them have."""
    alone = replace(health(50), drivers=())
    own, others = health(10), [health(20), health(30), health(40)]
    peers = gather(AS_OF, [(one, Contract()) for one in (own, *others, alone)])
    few = peers_table(peers, own, Contract(), 5)
    assert (few.rows, few.note) == ((), "There are fewer than 5 other scored companies.")
    assert set(cells(peers, own, Contract(), 4)) == {"Health score"}
    assert set(cells(peers, own, Contract(), 3)) == {"Health score", "Habit"}


def test_quartiles_are_the_least_values_that_so_many_do_not_exceed() -> None:
    peers = gather(AS_OF, [(health(score), Contract()) for score in (10, 20, 30, 40)])
    assert cells(peers, health(10), Contract())["Health score"] == [10, 0, 10, 20, 30]


def test_a_company_scored_again_since_stands_between_the_others() -> None:
    peers = gather(AS_OF, [(health(score), Contract()) for score in (10, 20, 30, 40, 50)])
    assert cells(peers, health(25), Contract())["Health score"][:2] == [25, 50]


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


def test_companies_scored_by_another_profile_are_not_comparable() -> None:
    """Their points are of other weights and bounds."""
    months, settled = (
        ScoredAs(id, id.title(), "For companies of every stage and age.", "d", {"habit": 1.0})
        for id in ("months", "settled")
    )
    young = [replace(health(score), profile=months) for score in (10, 20, 30, 40)]
    old = [replace(health(score), profile=settled) for score in (70, 80, 90)]
    peers = gather(AS_OF, [(one, Contract(plan="Pro")) for one in (*young, *old)])
    assert cells(peers, young[3], Contract(plan="Pro"))["Health score"][:2] == [40, 100]
    found = peers_table(peers, young[3], Contract(plan="Pro"), 3)
    assert found.note == (
        "Only companies scored by the same profile count. Compared with 3 other companies on the plan Pro."
    )
    assert (
        translate(found.note, "zh-Hans") == "只计按同一方案评分的公司。与使用 Pro 套餐的其他 3 家公司比较。"
    )
    few = peers_table(peers, old[0], Contract(plan="Pro"), 3)
    assert (few.rows, few.note) == ((), "There are fewer than 3 other companies scored by the same profile.")


def test_what_was_lowered_by_hand_is_no_measure_to_compare() -> None:
    """With more than k companies lowered the report of each could not be made."""
    ceiling = Ceiling("c", 30, "why", "ann", "2026-01-01", "2027-01-01")
    low = [lowered(health(score), None, [ceiling]) for score in (60, 70, 80, 90, 95)]
    peers = gather(AS_OF, [(one, Contract()) for one in low])
    assert set(cells(peers, low[0], Contract())) == {"Health score", "Habit"}


def test_a_company_whose_contract_has_ended_is_not_compared() -> None:
    peers = gather(AS_OF, [(health(score), Contract()) for score in range(9)])
    found = peers_table(peers, health(5), Contract(), 3, left=True)
    assert (found.rows, found.note) == ((), "A company whose contract has ended is not compared.")
