"""Half a year of events of every company in the cast, as NDJSON Segment calls.

Deterministic: the same seed and the same last day give the same bytes. Owns how people behave (who turns up,
when, and what they do); the companies' character is `companies`' business, what an event earns the program's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from engage.core.holdouts import is_held_out
from examples.demo.companies import COMPANIES, WEEKS, Company, Crew, at
from examples.demo.names import NAMES, full_name
from examples.host.directory import PEOPLE

DAYS = WEEKS * 7

#: Directory people numbered from here on have not started yet: the demo shows what a first event does.
_NOT_STARTED = 900

#: Fieldnote's newest colleague gets a written past: the demo always has somebody one click below a level.
_NEWEST = "u-1002"

_TURNS_UP = {"regular": 0.74, "frequent": 0.38, "occasional": 0.13, "rare": 0.035, "idle": 0.01}

_ROLES = ("inspector",) * 13 + ("supervisor",) * 4 + ("manager",) * 2 + ("admin",)

#: What somebody in a role does, by weight. `Inspection Completed` brings its `Inspection Created` along.
_HABITS: dict[str, dict[str, float]] = {
    "inspector": {
        "Inspection Completed": 30,
        "Issue Raised": 16,
        "Comment Added": 16,
        "Issue Resolved": 10,
        "Report Exported": 10,
        "Dashboard Viewed": 8,
        "Report Shared": 3,
        "Colleague Invited": 0.15,
    },
    "supervisor": {
        "Issue Resolved": 22,
        "Comment Added": 20,
        "Report Exported": 16,
        "Inspection Completed": 14,
        "Issue Raised": 8,
        "Dashboard Viewed": 10,
        "Report Shared": 8,
        "Schedule Created": 1.0,
        "Template Published": 0.8,
        "Colleague Invited": 0.4,
    },
    "manager": {
        "Dashboard Viewed": 34,
        "Report Exported": 28,
        "Report Shared": 16,
        "Comment Added": 14,
        "Schedule Created": 1.2,
        "Template Published": 0.6,
        "Colleague Invited": 0.6,
    },
    "admin": {
        "Dashboard Viewed": 24,
        "Report Exported": 16,
        "Comment Added": 12,
        "Inspection Completed": 6,
        "Schedule Created": 3,
        "Template Published": 2.5,
        "Colleague Invited": 2.5,
    },
    "shallow": {
        "Dashboard Viewed": 80,
        "Report Exported": 9,
        "Comment Added": 3,
        "Inspection Completed": 1.2,
    },
}

_TEMPLATES = (
    "Daily walk-round",
    "Fire safety",
    "Hygiene check",
    "Equipment check",
    "Handover",
    "Storm damage",
)
_SITES = ("Main site", "North site", "Depot", "Annex", "Workshop")
_DASHBOARDS = ("Overview", "Open issues", "Completion by site", "This week")


@dataclass(slots=True)
class Member:
    """A person of a company during the recorded half year. `starts` is a day number, 0 for the first."""

    id: str
    name: str
    role: str
    department: str
    habit: str
    starts: int
    keenness: float
    energy: float
    drawn_in: bool
    away: frozenset[int] = field(default_factory=frozenset)


def write_lines(until: date, seed: int = 7) -> Iterator[bytes]:
    """Every call of the half year before `until` (whose own day is not part of it), oldest first."""
    lines = [line for company in COMPANIES for line in _company_lines(company, until, seed)]
    lines.sort(key=lambda line: line[:3])
    for _, _, _, text in lines:
        yield text


def members_of(company: Company, seed: int = 7) -> list[Member]:
    """The people of a company, the host's own directory first, then invented ones."""
    rng = Random(f"{seed}:people:{company.id}")
    known = [p for p in PEOPLE if p.company == company.id and int(p.id[2:]) % 1000 < _NOT_STARTED]
    given, family = NAMES[company.culture]
    taken = {person.name for person in known}
    members: list[Member] = []
    for index in range(company.people):
        if index < len(known):
            person = known[index]
            name, role, department = person.name, person.role, person.department
        else:
            name = _new_name(rng, company.culture, given, family, taken)
            role = "admin" if index == len(known) else rng.choice(_ROLES)
            department = company.departments[index % len(company.departments)] if company.departments else ""
        habit = _habit_of(rng, company, index, index < len(known), department)
        champion = company.champion > 1 and index == 0
        members.append(
            Member(
                id=f"u-{company.number * 1000 + index + 1}",
                name=name,
                role="supervisor" if champion else role,
                department=department,
                habit=habit,
                starts=_first_day(company, (index + 1) / company.people),
                keenness=1.2 if champion else rng.uniform(0.8, 1.15),
                energy=company.champion if champion else rng.triangular(0.6, 1.6, 1.0),
                drawn_in=_is_drawn_in(company, index),
                away=_holidays(rng),
            )
        )
    return members


def _new_name(
    rng: Random, culture: str, given: tuple[str, ...], family: tuple[str, ...], taken: set[str]
) -> str:
    # A namesake is allowed once the culture's list runs dry; ids, not names, tell people apart.
    name = ""
    for _ in range(50):
        name = full_name(culture, rng.choice(given), rng.choice(family))
        if name not in taken:
            break
    taken.add(name)
    return name


def _habit_of(rng: Random, company: Company, index: int, known: bool, department: str) -> str:
    crew: Crew = company.crew
    kinds = ("regular", "frequent", "occasional", "rare")
    drawn = rng.choices(kinds, (crew.regular, crew.frequent, crew.occasional, crew.rare))[0]
    if known or (company.champion > 1 and index == 0):
        return "regular"
    return "idle" if department in company.idle_departments else drawn


def _is_drawn_in(company: Company, index: int) -> bool:
    """Whether the company's campaign is for this person: whom Engage holds out goes by the order in which they came."""
    campaign = company.campaign
    return campaign is not None and not is_held_out(campaign.id, campaign.holdout, index + 1)


def _first_day(company: Company, share: float) -> int:
    """The day number by which this share of the company's people have their account."""
    for day in range(DAYS):
        if at(company.joined, day / 7) >= share - 1e-9 and day >= DAYS - company.customer_weeks * 7:
            return day
    return DAYS - 1


def _holidays(rng: Random) -> frozenset[int]:
    away: set[int] = set()
    for _ in range(rng.choice((1, 2, 2, 3))):
        first = rng.randrange(DAYS)
        away.update(range(first, first + rng.choice((5, 7, 7, 14))))
    return frozenset(away)


Line = tuple[datetime, int, int, bytes]


class _Writer:
    """Collects one company's calls, drops what lies at or after the end and numbers the rest."""

    def __init__(self, company: Company, end: datetime) -> None:
        self.company = company
        self.end = end
        self.lines: list[Line] = []

    def call(self, kind: str, when: datetime, member: Member, **parts: Any) -> None:
        if when >= self.end:
            return
        number = len(self.lines)
        document = {
            "type": kind,
            "messageId": f"fieldnote-{self.company.id}-{number:06d}",
            "timestamp": when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "userId": member.id,
            **parts,
        }
        if kind != "group":
            document["context"] = {"groupId": self.company.id}
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self.lines.append((when, self.company.number, number, text))


def _company_lines(company: Company, until: date, seed: int) -> list[Line]:
    zone = ZoneInfo(company.timezone)
    first_day = until - timedelta(days=DAYS)
    members = members_of(company, seed)
    writer = _Writer(company, datetime.combine(until, time(), UTC))
    opening = _local(first_day + timedelta(days=min(m.starts for m in members)), 6 * 60 - 5, zone)
    traits = {
        "name": company.name,
        "industry": company.industry,
        "plan": company.plan,
        "timezone": company.timezone,
        "seats": company.seats,
    }
    writer.call("group", opening, members[0], groupId=company.id, traits=traits)
    # One generator per member: changing one person's behaviour leaves everybody else's history as it was.
    for member in members:
        own = Random(f"{seed}:activity:{member.id}")
        begins = _local(first_day + timedelta(days=member.starts), 6 * 60, zone)
        email = f"{member.id}@{company.id}.example"
        who = {"name": member.name, "email": email, "role": member.role}
        if member.department:
            who["department"] = member.department
        if member.id == _NEWEST:
            _write_newest(writer, member, who, until, zone)
            continue
        writer.call("identify", begins, member, traits=who)
        for day in range(member.starts, DAYS):
            day_of = first_day + timedelta(days=day)
            if _turns_up(own, company, member, day, day_of):
                _write_day(writer, own, member, day, day_of, zone)
    return writer.lines


def _turns_up(rng: Random, company: Company, member: Member, day: int, day_of: date) -> bool:
    chance = _TURNS_UP[member.habit] * member.keenness * at(company.rhythm, day / 7)
    if day_of.weekday() >= 5:
        chance *= company.weekend
    elif day == member.starts > 0:
        chance = max(
            chance, 0.85 * min(1.0, at(company.rhythm, day / 7))
        )  # people look round on their first day
    campaign = company.campaign
    if campaign and member.drawn_in and 0 <= day - 7 * campaign.first_week < 7 * campaign.weeks:
        chance = max(chance, campaign.chance)
    present = rng.random() < min(chance, 0.97)
    return present and day not in member.away


def _write_day(writer: _Writer, rng: Random, member: Member, day: int, day_of: date, zone: ZoneInfo) -> None:
    company = writer.company
    minute = _shift_start(rng, company)
    client = rng.choice(("web", "web", "ios", "android"))
    if company.habit == "shallow" or rng.random() < 0.6:  # the others are still signed in from the day before
        writer.call(
            "track", _local(day_of, minute, zone), member, event="Signed In", properties={"client": client}
        )
    habits = _HABITS["shallow" if company.habit == "shallow" else member.role]
    events, weights = tuple(habits), tuple(habits.values())
    busy = company.actions * member.energy * (0.65 + 0.35 * min(1.2, at(company.rhythm, day / 7)))
    site = rng.choice(_SITES)
    pause = 4 if member.energy > 3 else 1
    for event in rng.choices(events, weights, k=_poisson(rng, busy) + (company.habit != "shallow")):
        minute += max(1, int(rng.expovariate(1 / 34)) // pause)
        if minute >= 22 * 60 + 50:
            return
        if event == "Inspection Completed":
            template = rng.choice(_TEMPLATES)
            started = {"template": template, "site": site}
            writer.call(
                "track", _local(day_of, minute, zone), member, event="Inspection Created", properties=started
            )
            minute += max(3, int(rng.triangular(5, 60, 14)) // pause)
            done = {**started, "items": rng.randrange(6, 42), "photos": min(9, _poisson(rng, 2.2))}
            writer.call("track", _local(day_of, minute, zone), member, event=event, properties=done)
        else:
            properties = _properties(rng, event)
            writer.call("track", _local(day_of, minute, zone), member, event=event, properties=properties)


def _properties(rng: Random, event: str) -> dict[str, Any]:
    severity = rng.choice(("low", "low", "medium", "medium", "high"))
    match event:
        case "Report Exported":
            return {"format": rng.choice(("pdf", "pdf", "xlsx")), "pages": 1 + _poisson(rng, 5)}
        case "Report Shared":
            return {"recipients": 1 + _poisson(rng, 1.5)}
        case "Issue Raised":
            return {"severity": severity}
        case "Issue Resolved":
            return {"severity": severity, "hours_open": round(rng.expovariate(1 / 40) + 0.3, 1)}
        case "Comment Added":
            return {"about": rng.choice(("inspection", "issue", "report"))}
        case "Template Published":
            return {"items": rng.randrange(8, 40)}
        case "Schedule Created":
            return {"every": rng.choice(("day", "week", "month"))}
        case "Colleague Invited":
            return {"role": rng.choice(_ROLES)}
        case _:
            return {"dashboard": rng.choice(_DASHBOARDS)}


def _write_newest(writer: _Writer, member: Member, who: dict[str, str], until: date, zone: ZoneInfo) -> None:
    """Three working days that earn 142 points by `demo.yaml`, eight below its second level."""
    inspect = ("Inspection Created", "Inspection Completed")
    script = (
        ("Signed In", *inspect, "Issue Raised", "Comment Added"),
        ("Signed In", *inspect, *inspect, "Issue Resolved", "Report Exported", "Comment Added"),
        ("Signed In", *inspect, *inspect, "Report Exported", "Issue Raised", *("Comment Added",) * 5),
    )
    fixed: dict[str, dict[str, Any]] = {
        "Signed In": {"client": "web"},
        "Inspection Created": {"template": "Fire safety", "site": "Depot"},
        "Inspection Completed": {"template": "Fire safety", "site": "Depot", "items": 14, "photos": 2},
        "Issue Raised": {"severity": "medium"},
        "Issue Resolved": {"severity": "medium", "hours_open": 30.0},
        "Report Exported": {"format": "pdf", "pages": 4},
        "Comment Added": {"about": "inspection"},
    }
    days = [until - timedelta(days=back) for back in range(7, 0, -1)]
    working = [day for day in days if day.weekday() < 5][-len(script) :]
    writer.call("identify", _local(working[0], 9 * 60, zone), member, traits=who)
    for day_of, events in zip(working, script, strict=True):
        for step, event in enumerate(events):
            when = _local(day_of, 9 * 60 + 5 + step * 22, zone)
            writer.call("track", when, member, event=event, properties=fixed[event])


def _shift_start(rng: Random, company: Company) -> int:
    """Minutes after local midnight: office hours, or one of three shifts where the work never stops."""
    if company.weekend >= 0.3:
        return rng.choice((6 * 60 + 30, 7 * 60, 13 * 60 + 30, 19 * 60)) + int(rng.triangular(0, 150, 20))
    return int(rng.triangular(7 * 60, 15 * 60 + 30, 9 * 60))


def _local(day: date, minute: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(minute // 60, minute % 60), zone).astimezone(UTC)


def _poisson(rng: Random, mean: float) -> int:
    # Knuth's product of uniforms: plenty for means below ten, and it needs nothing but `random()`.
    count, product, floor = 0, rng.random(), 2.718281828459045**-mean
    while product > floor:
        count += 1
        product *= rng.random()
    return count
