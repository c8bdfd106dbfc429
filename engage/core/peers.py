"""Peers: where a company's score and drivers stand among comparable companies.

Comparable are the companies on the same plan; where fewer than k others are, those with as many seats by class; else
all scored ones. Companies whose contract has ended are none of them. Where the host states profiles, only those scored
by the same one are comparable: points by other weights and bounds are of another measure.

Owns the classes and the percentile. Reads scores and contracts only, never a measure, and holds whole distributions, so
that no page scans companies.

Percentile rank: the share of the others that stand lower, those who stand alike counted half (the usual definition, as
in `scipy.stats.percentileofscore(kind="mean")`). Totango ranks engagement likewise, within the account's status.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import accumulate
from typing import Final

from msgspec import Struct, field

from engage.core.health import LABELS
from engage.core.language import say
from engage.core.measures import WEEK
from engage.core.privacy import K_MIN, Figure, fact
from engage.core.reports import Column, Contract, Health, Table
from engage.core.scored_as import ScoredAs

SEATS_CLASSES: Final = (20, 100, 500)
"""Below 20 seats, 20 to 99, 100 to 499, and above."""
EVERYBODY: Final = "all"
QUARTILES: Final = (0.25, 0.5, 0.75)


class PeerGroup(Struct):
    """Of each measure, how many companies have which value, 0 to 100. Stored: fields are appended, with a default."""

    companies: int = 0
    counts: dict[str, dict[int, int]] = field(default_factory=dict)


class Peers(Struct):
    """Every group as of a Sunday. Stored as the groups are."""

    as_of: str = ""
    groups: dict[str, PeerGroup] = field(default_factory=dict)


def gather(as_of: str, companies: Iterable[tuple[Health, Contract]]) -> Peers:
    """The groups of those that were scored as of the day, or of the week before: further west that one is the newest
    for some hours after each week's end."""
    peers = Peers(as_of)
    for health, contract in companies:
        if health.score is None or not _is_newest(health.as_of, as_of):
            continue
        for key in _groups_of(contract, health.profile):
            group = peers.groups.setdefault(key, PeerGroup())
            group.companies += 1
            for name, value in _values(health).items():
                counts = group.counts.setdefault(name, {})
                counts[value] = counts.get(value, 0) + 1
    # A group of which nobody can have k others is nobody's: hosts may have a plan per customer.
    peers.groups = {key: group for key, group in peers.groups.items() if group.companies > K_MIN}
    return peers


def _groups_of(contract: Contract, by: ScoredAs | None) -> list[str]:
    """The narrowest first."""
    plan = [f"plan {contract.plan}"] if contract.plan else []
    seats = [f"seats {_seats_class(contract.seats)}"] if contract.seats else []
    return [f"{_profile_of(by)}{key}" for key in (*plan, *seats, EVERYBODY)]


def _profile_of(by: ScoredAs | None) -> str:
    """What the keys of its groups begin with."""
    return "" if by is None else f"{by.definition} {by.id} "


def _seats_class(seats: int) -> int:
    return sum(1 for least in SEATS_CLASSES if seats >= least)


def _values(health: Health) -> dict[str, int]:
    assert health.score is not None, "only companies with a score are compared"
    found = {driver.name: round(driver.score) for driver in health.drivers if driver.name in LABELS}
    return {"score": health.score, **found}


def _is_newest(day: str, newest: str) -> bool:
    """Whether it is the newest week of the company, of all companies' newest."""
    return 0 <= date.fromisoformat(newest).toordinal() - date.fromisoformat(day).toordinal() <= WEEK


def peers_table(
    peers: Peers | None,
    health: Health,
    contract: Contract,
    k: int,
    *,
    newest: bool = True,
    left: bool = False,
) -> Table:
    """The company beside its peers, measure by measure; without rows where there are too few. `newest`: the health is
    the company's newest, which is the one that the peers hold. `left`: its contract has ended."""
    columns = (
        Column("measure", say("Measure"), told=True),
        Column("value", say("This company"), "score"),
        Column("percentile", say("Percentile"), "percent"),
        Column("lower", say("Lower quartile"), "score"),
        Column("median", say("Median"), "score"),
        Column("upper", say("Upper quartile"), "score"),
    )
    title = say("Among comparable companies")
    if health.score is None:
        return Table("peers", title, columns, (), say("A company without a score is not compared."))
    if left:
        return Table("peers", title, columns, (), say("A company whose contract has ended is not compared."))
    if peers is None or not newest or not _is_newest(health.as_of, peers.as_of):
        return Table("peers", title, columns, (), say("Companies are compared as of the newest week only."))
    by = health.profile
    chosen = next((key for key in _groups_of(contract, by) if _others(peers, key) >= k), None)
    if chosen is None:
        few = say("There are fewer than {k:d} other scored companies.", k=k)
        if by is not None:
            few = say("There are fewer than {k:d} other companies scored by the same profile.", k=k)
        return Table("peers", title, columns, (), few)
    group = peers.groups[chosen]
    rows: tuple[tuple[str | Figure, ...], ...] = tuple(
        (_label(name), *_row(group.counts[name], value))
        for name, value in _values(health).items()
        if sum(group.counts.get(name, {}).values()) > k
    )
    who = _who(chosen.removeprefix(_profile_of(by)), contract, group.companies - 1)
    if by is not None:
        who = say("Only companies scored by the same profile count. {text}", text=who)
    return Table("peers", title, columns, rows, who)


def _others(peers: Peers, key: str) -> int:
    group = peers.groups.get(key)
    return group.companies - 1 if group else 0


def _label(name: str) -> str:
    return say("Health score") if name == "score" else LABELS[name]


def _row(counts: Mapping[int, int], value: int) -> tuple[Figure, ...]:
    low, middle, high = (fact(_quantile(counts, share), "score") for share in QUARTILES)
    return fact(value, "score"), fact(_percentile(counts, value), "percent"), low, middle, high


def _percentile(counts: Mapping[int, int], value: int) -> int:
    """Of the company among the others: it is one of `counts` itself."""
    below = sum(count for one, count in counts.items() if one < value)
    alike = counts.get(value, 1) - 1
    return round(100 * (below + alike / 2) / (sum(counts.values()) - 1))


def _quantile(counts: Mapping[int, int], share: float) -> int:
    """The least value that so many do not exceed."""
    values, wanted = sorted(counts), share * sum(counts.values())
    so_far = accumulate(counts[value] for value in values)
    return next(value for value, seen in zip(values, so_far, strict=True) if seen >= wanted)


def _who(key: str, contract: Contract, others: int) -> str:
    if key.startswith("plan "):
        return say(
            "Compared with {count:,} other companies on the plan {plan_name}.",
            count=others,
            plan_name=contract.plan,
        )
    if key.startswith("seats "):
        classes = (
            say("Compared with {count:,} other companies of fewer than 20 seats.", count=others),
            say("Compared with {count:,} other companies of 20 to 99 seats.", count=others),
            say("Compared with {count:,} other companies of 100 to 499 seats.", count=others),
            say("Compared with {count:,} other companies of 500 seats or more.", count=others),
        )
        return classes[_seats_class(contract.seats or 0)]
    return say("Compared with all {count:,} other scored companies.", count=others)
