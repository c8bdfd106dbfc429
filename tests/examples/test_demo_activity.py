"""The demo's history: deterministic, within bounds, every company of the character it is said to have."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ruamel.yaml import YAML

from engage.core.calendar import local_day_hour
from engage.core.call import Call, read_call
from engage.core.compiled import compile_program
from engage.core.decide import decide
from engage.core.event import Body, Entry
from engage.core.fold import fold
from engage.core.plans import MEASURES
from engage.core.program import Program
from engage.core.state import CompanyState, DayRollup, MemberState
from engage.document import read_book, read_program
from examples.demo import activity, contracts, plans
from examples.demo.companies import COMPANIES, WEEKS, at, find_company
from examples.demo.own_program import own_program
from examples.host.directory import COMPANIES as HOST_COMPANIES
from examples.host.directory import PEOPLE

UNTIL = date(2026, 11, 22)
PROGRAM = Path(__file__).resolve().parents[2] / "examples" / "programs" / "demo.yaml"


class History:
    """The generated calls, decoded once for all tests of this file."""

    def __init__(self) -> None:
        self.lines = list(activity.write_lines(UNTIL))
        self.calls: list[dict[str, Any]] = [json.loads(line) for line in self.lines]
        self.by_week: dict[str, list[Counter[str]]] = defaultdict(lambda: [Counter() for _ in range(WEEKS)])
        self.events: dict[str, Counter[str]] = defaultdict(Counter)
        start = UNTIL - timedelta(weeks=WEEKS)
        for call in self.calls:
            if call["type"] != "track":
                continue
            company = call["context"]["groupId"]
            local = moment(call).astimezone(ZoneInfo(find_company(company).timezone)).date()
            week = min(WEEKS - 1, max(0, (local - start).days // 7))
            self.by_week[company][week][call["userId"]] += 1
            self.events[company][call["event"]] += 1

    def volume(self, company: str, first: int, last: int) -> float:
        """Mean events a week over the weeks first..last, both included."""
        weeks = self.by_week[company][first : last + 1]
        return sum(week.total() for week in weeks) / len(weeks)

    def people(self, company: str, first: int, last: int) -> set[str]:
        return {member for week in self.by_week[company][first : last + 1] for member in week}


def moment(call: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(call["timestamp"])


@pytest.fixture(scope="module")
def history() -> History:
    return History()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The companies of which there are calls from here on: each has its own chance, so a few stand for all."""
    some = COMPANIES[::5]
    monkeypatch.setattr(activity, "COMPANIES", some)
    return {company.id for company in some}


def test_the_same_seed_and_day_give_the_same_bytes(history: History, few: set[str]) -> None:
    lines = zip(history.lines, history.calls, strict=True)
    theirs = [line for line, call in lines if call.get("context", call)["groupId"] in few]
    assert list(activity.write_lines(UNTIL)) == theirs


def test_another_seed_gives_another_history(few: set[str]) -> None:
    assert list(activity.write_lines(UNTIL, seed=8)) != list(activity.write_lines(UNTIL))


def test_the_size_suits_a_demo(history: History) -> None:
    assert 60_000 <= len(history.lines) <= 150_000
    assert len(COMPANIES) >= 14
    assert len({company.timezone for company in COMPANIES}) >= 12
    assert len({company.character for company in COMPANIES}) == len(COMPANIES)


def test_message_ids_are_unique_and_times_in_order_before_the_last_day(history: History) -> None:
    ids = [call["messageId"] for call in history.calls]
    assert len(set(ids)) == len(ids)
    times = [moment(call) for call in history.calls]
    assert times == sorted(times)
    assert times[-1] < datetime(2026, 11, 22, tzinfo=UTC)
    assert times[0] >= datetime(2026, 5, 23, tzinfo=UTC)


def test_companies_and_members_are_introduced_before_their_first_event(history: History) -> None:
    seen: set[object] = set()
    for call in history.calls:
        if call["type"] == "group":
            seen.add(call["groupId"])
            assert call["traits"]["seats"] > 0
            ZoneInfo(call["traits"]["timezone"])
        elif call["type"] == "identify":
            assert call["context"]["groupId"] in seen
            assert {"name", "role"} <= call["traits"].keys()
            company = find_company(call["context"]["groupId"])
            assert ("department" in call["traits"]) == bool(company.departments)
            seen.add((call["context"]["groupId"], call["userId"]))
        else:
            assert (call["context"]["groupId"], call["userId"]) in seen
    assert {company.id for company in COMPANIES} <= seen


def test_every_event_is_declared_by_the_program_with_the_right_types(history: History) -> None:
    program = YAML(typ="safe", pure=True).load(PROGRAM.read_text())
    python: dict[str, Any] = {"string": str, "integer": int, "number": (int, float)}
    undeclared = set()
    for call in history.calls:
        if call["type"] != "track":
            continue
        declared = program["events"].get(call["event"], {}).get("properties", {})
        for name, value in call["properties"].items():
            if name not in declared or not isinstance(value, python[declared[name]["type"]]):
                undeclared.add((call["event"], name))
    assert not undeclared
    used = {call["event"] for call in history.calls if call["type"] == "track"}
    assert used == set(program["events"])


def test_weekends_are_quiet_except_where_work_never_stops(history: History) -> None:
    shares: dict[str, float] = {}
    for company in COMPANIES:
        zone = ZoneInfo(company.timezone)
        days = Counter(
            moment(call).astimezone(zone).weekday() >= 5
            for call in history.calls
            if call["type"] == "track" and call["context"]["groupId"] == company.id
        )
        shares[company.id] = days[True] / days.total()
    assert shares["nordhafen"] < 0.06
    assert shares["aurora"] > 0.22


def test_people_work_during_their_own_day(history: History) -> None:
    for company_id in ("tianhe", "kestrel"):
        zone = ZoneInfo(find_company(company_id).timezone)
        hours = [
            moment(call).astimezone(zone).hour
            for call in history.calls
            if call["type"] == "track" and call["context"]["groupId"] == company_id
        ]
        assert sum(7 <= hour < 19 for hour in hours) / len(hours) > 0.95


def test_the_thriving_company_grows_and_the_steady_one_does_not_move(history: History) -> None:
    assert history.volume("nordhafen", 22, 25) > 1.6 * history.volume("nordhafen", 0, 3)
    assert 0.8 < history.volume("ashby", 22, 25) / history.volume("ashby", 0, 3) < 1.25


def test_the_fading_company_loses_more_than_half(history: History) -> None:
    assert history.volume("kestrel", 22, 25) < 0.5 * history.volume("kestrel", 0, 3)


def test_the_seasonal_company_comes_back(history: History) -> None:
    quiet = history.volume("alpenblick", 10, 14)
    assert quiet < 0.35 * history.volume("alpenblick", 0, 4)
    assert history.volume("alpenblick", 22, 25) > 3 * quiet


def test_the_tiny_company_is_below_any_privacy_floor(history: History) -> None:
    assert len(history.people("okafor", 0, 25)) == 3


def test_the_new_company_starts_six_weeks_before_the_end(history: History) -> None:
    assert history.volume("brightwell", 0, 19) == 0
    assert history.volume("brightwell", 24, 25) > history.volume("brightwell", 20, 21) > 0


def test_one_person_carries_the_champion_company(history: History) -> None:
    total: Counter[str] = Counter()
    for week in history.by_week["merlion"]:
        total.update(week)
    assert total.most_common(1)[0][1] > 0.45 * total.total()


def test_the_stalled_company_activates_few_of_its_seats(history: History) -> None:
    assert len(history.people("corvus", 13, 25)) < 0.25 * find_company("corvus").seats
    assert history.volume("corvus", 22, 25) < 0.6 * history.volume("corvus", 13, 17)


def test_the_recovering_company_is_back_where_it_started(history: History) -> None:
    bottom = history.volume("tianhe", 10, 13)
    assert bottom < 0.5 * history.volume("tianhe", 0, 2)
    assert history.volume("tianhe", 24, 25) > history.volume("tianhe", 0, 2)


def test_the_shallow_company_has_many_people_and_few_kinds_of_work(history: History) -> None:
    assert len(history.people("northgate", 22, 25)) > 100
    events = history.events["northgate"]
    assert events["Signed In"] + events["Dashboard Viewed"] > 0.8 * events.total()


def test_the_campaign_leaves_a_spike_and_nothing_else(history: History) -> None:
    before = history.volume("papaya", 10, 16)
    assert history.volume("papaya", 18, 19) > 2.2 * before
    assert 0.7 < history.volume("papaya", 23, 25) / before < 1.35


def test_a_campaign_draws_in_those_who_are_not_held_out(history: History) -> None:
    company = find_company("thornbury")
    assert company.campaign is not None
    first, last = company.campaign.first_week, company.campaign.first_week + company.campaign.weeks - 1
    there = [member for member in activity.members_of(company) if member.starts < 7 * (first - 4)]
    drawn_in = {member.id: member.drawn_in for member in there}
    sizes = Counter(drawn_in.values())
    assert min(sizes.values()) >= 50, "each group is to be ten times the floor"

    def active(first: int, last: int) -> tuple[float, float]:
        seen = Counter(drawn_in[one] for one in history.people("thornbury", first, last) if one in drawn_in)
        return seen[True] / sizes[True], seen[False] / sizes[False]

    during = active(last - 3, last)
    assert during[0] > during[1] + 0.1
    before = active(first - 4, first - 1)
    assert abs(before[0] - before[1]) < 0.1


def test_a_large_company_grows_month_by_month_so_that_its_report_tells_who_stays() -> None:
    """Those who are there from the beginning are not nearly all, and enough join in each month to be told of."""
    starts = [member.starts for member in activity.members_of(find_company("thornbury"))]
    assert sum(day == 0 for day in starts) < 50
    assert min(sum(first < day <= first + 28 for day in starts) for first in range(0, 140, 28)) >= 50


def test_a_company_without_departments_is_large_enough_to_tell_of_roles() -> None:
    company = find_company("northgate")
    assert company.departments == ()
    roles = Counter(member.role for member in activity.members_of(company))
    assert roles["inspector"] > 2 * roles["supervisor"] > 40


def test_the_program_with_the_campaign_has_no_mistake() -> None:
    company = find_company("thornbury")
    text = json.dumps(own_program(company, PROGRAM, UNTIL))
    read = read_program(text, filename="program.json")
    assert read.problems == []
    assert read.program is not None
    assert read.program.campaigns["every-valve"].holdout == 20


def test_customers_younger_than_a_term_began_with_one() -> None:
    for company in COMPANIES:
        if company.term_months == 12 and company.customer_weeks < 52 and company.renewal_days > 0:
            start, _ = contracts.terms_of(company, UNTIL)[0]
            assert abs((UNTIL - start).days - 7 * company.customer_weeks) <= 7, company.id


def test_the_renewal_comes_while_the_company_goes_quiet(history: History) -> None:
    assert history.volume("halvorsen", 24, 25) < 0.4 * history.volume("halvorsen", 10, 19)
    assert 0 < find_company("halvorsen").renewal_days < 60


def test_the_silent_company_has_five_empty_weeks(history: History) -> None:
    assert history.volume("redgum", 21, 25) == 0 < history.volume("redgum", 18, 20)


def test_only_one_department_works_at_the_departmental_company(history: History) -> None:
    company = find_company("danube")
    track = {m.id for m in activity.members_of(company) if m.department not in company.idle_departments}
    by_track = sum(n for week in history.by_week["danube"] for member, n in week.items() if member in track)
    assert by_track > 0.95 * history.events["danube"].total()


def test_the_growing_company_has_more_people_than_seats(history: History) -> None:
    assert len(history.people("zephyr", 20, 25)) > find_company("zephyr").seats


def test_the_company_that_left_has_no_event_after_its_contract(history: History) -> None:
    assert history.volume("pinecrest", 19, 25) == 0
    last = contracts.terms_of(find_company("pinecrest"), UNTIL)[-1]
    assert last[1] == UNTIL - timedelta(days=49)


def test_the_hosts_own_people_have_a_past_under_their_ids(history: History) -> None:
    identified = {
        (call["userId"], call["context"]["groupId"]): call["traits"]["name"]
        for call in history.calls
        if call["type"] == "identify"
    }
    for person in PEOPLE:
        assert HOST_COMPANIES[person.company] == find_company(person.company).name
        if person.id == "u-2900":
            assert (person.id, person.company) not in identified
        else:
            assert identified[person.id, person.company] == person.name


def test_terms_join_without_a_gap_and_end_open_or_churned() -> None:
    rows = list(csv.DictReader(io.StringIO(contracts.terms_csv(UNTIL))))
    assert tuple(rows[0]) == contracts.TERM_COLUMNS
    by_company: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        by_company[row["groupId"]].append(row)
    assert by_company.keys() == {company.id for company in COMPANIES}
    for company_id, terms in by_company.items():
        for earlier, later in itertools.pairwise(terms):
            assert earlier["term_end"] == later["term_start"]
            assert earlier["outcome"] == "renewed"
        left = find_company(company_id).renewal_days < 0
        assert terms[-1]["outcome"] == ("churned" if left else "open")
        assert (terms[-1]["term_end"] < UNTIL.isoformat()) == left


def test_companies_file_names_every_company_with_its_time_zone() -> None:
    rows = list(csv.DictReader(io.StringIO(contracts.companies_csv(UNTIL))))
    assert tuple(rows[0]) == contracts.COMPANY_COLUMNS
    assert {row["groupId"] for row in rows} == {company.id for company in COMPANIES}
    for row in rows:
        ZoneInfo(row["timezone"])
        assert int(row["seats"]) > 0


def test_a_curve_is_flat_outside_its_points_and_straight_between() -> None:
    curve = ((2.0, 1.0), (4.0, 3.0))
    assert [at(curve, week) for week in (0, 2, 3, 4, 9)] == [1.0, 1.0, 2.0, 3.0, 3.0]


def program_of_the_demo() -> Program:
    read = read_program(PROGRAM.read_text(), filename="demo.yaml")
    assert read.problems == []
    assert read.program is not None
    return read.program


def test_the_program_has_no_mistake() -> None:
    assert program_of_the_demo().name == "Fieldnote habits"


def test_the_newest_colleague_is_one_export_below_the_second_level(history: History) -> None:
    program = compile_program(program_of_the_demo())
    company, member = CompanyState(), MemberState()
    own = [call for call in history.calls if call["type"] == "track" and call["userId"] == "u-1002"]
    export = next(call for call in own if call["event"] == "Report Exported")
    now = {**export, "messageId": "one-more", "timestamp": "2026-11-22T09:00:00Z"}
    points = []
    for seq, raw in enumerate([*own, now], start=1):
        call = read_call(raw, verb=None, received_at=2**62, sent_at=None, trusted=True, new_id=str)
        assert isinstance(call, Call)
        day, hour = local_day_hour(call.at, "Europe/Berlin")
        body = Body(call.message_id, call.data)
        entry = Entry(seq, call.kind, 1, call.at, call.at, day, hour, 1, call.name, body)
        fold(program, company, member, DayRollup(), entry, decide(program, company, member, entry))
        points.append((member.wallets["points"].earned if member.wallets else 0, member.level))
    assert points[-2:] == [(142, "newcomer"), (152, "contributor")]


def test_the_book_is_one_that_engage_takes() -> None:
    kept = read_book(json.dumps(plans.book(UNTIL))).book
    assert kept is not None
    assert list(kept.acquisition_cents)[-1] == "2026-10"
    assert len(kept.acquisition_cents) == 12
    assert kept.segment_trait in contracts.COMPANY_COLUMNS
    assert [one.name for one in kept.score.profiles] == ["First months"]


def test_goals_and_interventions_are_about_companies_of_the_demo() -> None:
    known = {company.id for company in COMPANIES}
    for one in plans.said(UNTIL):
        words = one.path.split("/")
        assert set(one.body.get("companies", [words[3]])) <= known, one.path
        days = [
            one.body.get("start"),
            *(stage["by"] for stage in one.body.get("stages", ())),
            one.body.get("by"),
        ]
        assert days == sorted(days, key=str), one.path
        assert one.body.get("measure", "score") in MEASURES
