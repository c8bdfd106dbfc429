"""No way around the wall: whatever customer success can reach holds figures, and no other number of members.

Three looks at the same thing. The *types*: every number in an answer to a report key or on a page is a `Figure`, or is
declared here with the reason why it is none of what members did. The *readers*: a week's raw counts are read by
`engage.core.published` alone. The *bytes*: two companies of which the same may be told have the same report.

A new number fails here until it becomes a `Figure` made by `engage.core.privacy`, or is declared.
"""

from __future__ import annotations

import ast
import itertools
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import inspect as types
from msgspec.structs import replace

from engage import telemetry
from engage.actions.report import ScorePoint
from engage.core import health, notices
from engage.core.adoption import Source, company_report
from engage.core.balances import CurrencyWeek
from engage.core.calibration import Past, case_of
from engage.core.department import department_report
from engage.core.measures import FeatureWeek, WeekMeasures
from engage.core.periods import read_period
from engage.core.privacy import Figure
from engage.core.reports import CompanyReport, Contract, Health, Portfolio, health_notice, report_csv
from engage.core.segments import GroupWeek, month_ends
from engage.core.sharing import Shared
from engage.core.stage_words import stage_notice
from engage.core.terms import Term
from engage.telemetry import REGISTRY
from engage.web.api import ENDPOINTS
from engage.web.endpoint import Endpoint

ENGAGE = Path(__file__).resolve().parents[2] / "engage"
K = 5

# --- the types ------------------------------------------------------------------------------------------------

SCORE = "the score and its parts are reckoned from figures alone"
CONTRACT = "agreed with the company or with the host; not what members did"
SPAN = "how many weeks or days the host chose to look at"
FLOOR = "the floor itself"
COMPANIES = "counts companies"
PEOPLE = "how many members the host has named so far: its own list"
OUTCOMES = "how well scores foretold which contracts were renewed"

NUMBERS = {
    "CompanyReport.k": FLOOR,
    "Portfolio.k": FLOOR,
    "Digest.k": FLOOR,
    "DepartmentReport.k": FLOOR,
    "Digest.value_at_risk_cents": CONTRACT,
    "Digest.yearly_revenue_cents": CONTRACT,
    "Period.weeks": SPAN,
    **{f"Health.{name}": SCORE for name in ("score", "change_4w", "change_13w", "version")},
    **{f"CompanyHealth.{name}": SCORE for name in ("score", "change_4w", "change_13w", "version")},
    **{f"Driver.{name}": SCORE for name in ("value", "score", "weight", "contribution", "change", "between")},
    **{f"HealthPoint.{name}": SCORE for name in ("score", "version")},
    **{
        f"ScoredAs.{name}": "stated by the host, the same for all companies" for name in ("weights", "bounds")
    },
    **{f"PortfolioRow.{name}": SCORE for name in ("score", "change_4w", "change_13w", "risk", "history")},
    **{
        f"PortfolioRow.{name}": CONTRACT
        for name in ("seats", "monthly_revenue_cents", "days_to_renewal", "value_at_risk_cents")
    },
    **{f"Contract.{name}": CONTRACT for name in ("seats", "monthly_revenue_cents", "days_to_renewal")},
    "Company.members": "for server keys alone, see test_a_report_key_is_not_told_the_members_of_now",
    "Company.seats": CONTRACT,
    "Company.traits": "what the host said of the company itself",
    **{f"Moving.{name}": SCORE for name in ("contribution", "change")},
    **{f"GoalView.{name}": SCORE for name in ("start_value", "value", "progress", "low", "high")},
    **{f"DoneView.{name}": SCORE for name in ("before", "after_4w", "after_13w")},
    **{f"EffectView.{name}": COMPANIES for name in ("companies", "held_out")},
    **{f"{name}.target": CONTRACT for name in ("GoalView", "StageView")},
    **{f"Compared.{name}": SCORE for name in ("change", "others_change", "difference", "low", "high")},
    **{f"Compared.{name}": COMPANIES for name in ("companies", "others")},
    "Compared.weeks": SPAN,
    "Ceiling.at_most": "said by somebody",
    **{f"Portfolio.{name}": COMPANIES for name in ("bands", "chosen_of")},
    "TierColumn.companies": COMPANIES,
    "Portfolio.monthly_revenue_cents": CONTRACT,
    "Portfolio.value_at_risk_cents": CONTRACT,
}
"""Struct.field -> why it may be a plain number."""

WHOLE = {
    "CompanyTerm": CONTRACT,
    "ProgramInForce": "the host's program",
    "Outcomes": CONTRACT,
    "CalibrationCard": OUTCOMES,
    "Figure": "made by engage.core.privacy",
}
"""Structs of which every number is declared at once."""


def plain_numbers(kind: Any) -> Iterator[str]:
    """Struct.field of every field, however deep, that can hold a number or anything at all outside a Figure."""
    seen: set[type] = set()

    def walk(info: types.Type, place: str) -> Iterator[str]:
        match info:
            case types.Metadata(type=inner):
                yield from walk(inner, place)
            case types.StructType(cls=cls):
                if cls.__name__ not in WHOLE and cls not in seen:
                    seen.add(cls)
                    for one in info.fields:
                        yield from walk(one.type, f"{cls.__name__}.{one.name}")
            case types.UnionType(types=parts):
                for part in parts:
                    yield from walk(part, place)
            case types.ListType(item_type=item) | types.VarTupleType(item_type=item):
                yield from walk(item, place)
            case types.TupleType(item_types=items):
                for item in items:
                    yield from walk(item, place)
            case types.DictType(key_type=key, value_type=value):
                yield from walk(key, place)
                yield from walk(value, place)
            case types.StrType() | types.NoneType() | types.BoolType():
                pass
            case types.LiteralType(values=values) if all(isinstance(value, str) for value in values):
                pass
            case _:
                yield place

    yield from walk(types.type_info(kind), getattr(kind, "__name__", str(kind)))


def reachable() -> list[Endpoint]:
    """What a report key can ask for."""
    return [one for one in ENDPOINTS if "report" in one.kinds]


@pytest.mark.parametrize("one", reachable(), ids=lambda one: f"{one.method} {one.path}")
def test_an_answer_to_a_report_key_holds_no_number_but_figures_and_what_is_declared(one: Endpoint) -> None:
    assert one.answer is not None, "an answer without a shape cannot be checked"
    assert set(plain_numbers(one.answer)) <= NUMBERS.keys()


@pytest.mark.parametrize("kind", [CompanyReport, Portfolio, Health, ScorePoint])
def test_a_page_is_drawn_from_no_number_but_figures_and_what_is_declared(kind: type) -> None:
    declared = NUMBERS.keys() | {"ScorePoint.score", "ScorePoint.version"}
    assert set(plain_numbers(kind)) <= declared


def test_a_plain_number_is_found_however_deep() -> None:
    inner = msgspec.defstruct("Inner", [("members", int), ("shown", Figure)])
    rows = tuple[dict[str, list[inner | None]], ...]  # type: ignore[valid-type]
    outer = msgspec.defstruct("Outer", [("rows", rows), ("anything", Any), ("text", str)])
    assert set(plain_numbers(outer)) == {"Inner.members", "Outer.anything"}


def test_what_is_declared_is_still_there() -> None:
    kinds = [one.answer for one in reachable()] + [CompanyReport, Portfolio, Health]
    found = set(itertools.chain.from_iterable(plain_numbers(kind) for kind in kinds))
    assert not NUMBERS.keys() - found


# --- who may read and make ------------------------------------------------------------------------------------

READERS = {
    *("engage.core.published", "engage.core.published_campaigns", "engage.core.published_champions"),
    *("engage.core.published_beginners", "engage.core.published_cohorts", "engage.core.remembered_cohorts"),
    *("engage.core.published_parts", "engage.core.published_people", "engage.core.published_classes"),
    *("engage.core.published_floors", "engage.core.published_stages", "engage.core.published_activated"),
}
"""Of a week's raw counts, on their way to customer success."""
MAKERS = {
    *("core/privacy.py", "core/rounding.py", "core/windows.py"),
    *("core/published.py", "core/published_campaigns.py", "core/published_champions.py"),
    *("core/published_beginners.py", "core/published_cohorts.py"),
    *("core/published_parts.py", "core/published_people.py", "core/published_classes.py"),
    *("core/published_stages.py", "core/published_activated.py"),
}
"""Of figures."""
OWN = {
    "core/adoption.py": "how many features a member uses, as told of a driver of the score",
    "core/adoption_campaigns.py": "a dash where several months stand together",
    "core/digest.py": "seats less a figure, both shown",
    "core/outline_care.py": "of a goal how it stands, as told of a driver of the score",
    "core/outline_portfolio.py": "scores, outcomes of contracts, and numbers of companies",
    "core/outline.py": "what a driver adds to the score, as it is printed",
    "web/console/drawing.py": "a dash where nothing is measured",
    "bench/figures.py": "another Figure: a measured speed",
}
"""Who makes a figure that holds no number of members."""
FACTS = {
    "core/adoption.py": "the score, and the seats agreed in the contract",
    "core/adoption_people.py": "the days of a month",
    "core/drivers.py": "reckoned from figures; seats; months of a contract",
    "core/company_stages.py": "the seats agreed in the contract",
    "core/digest.py": "seats less a figure, both shown",
    "core/outline.py": "a change in percent, from a figure",
    "core/outline_care.py": "scores, targets, and of a goal how it stands: a driver of the score",
    "core/outline_portfolio.py": "scores, outcomes of contracts, and numbers of companies",
    "core/outline_pages.py": "outcomes of contracts, and scores",
    "formats/workbook.py": "its own method: writes a number of an outcome or of a tier",
    "core/peers.py": "scores, and how companies compare by them",
}
"""Who may call a number a fact, and of what."""


def calls(path: Path) -> Iterator[str]:
    """The names of what a module calls."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id
            elif isinstance(node.func, ast.Attribute):
                yield node.func.attr


def test_figures_are_made_by_privacy_alone() -> None:
    for path in ENGAGE.rglob("*.py"):
        name, called = path.relative_to(ENGAGE).as_posix(), set(calls(path))
        if name not in MAKERS:
            assert "Figure" not in called or name in OWN, f"{name} makes a figure by itself"
            assert "fact" not in called or name in FACTS, f"{name} calls a number a fact: declare of what"


HOSTS_OWN = {
    "terms.py": "contract terms, as the host gave them",
    "book.py": "what the host said of all its companies",
    "care.py": "what customer success plans and does; of a goal the value of a driver of the score",
    "powered.py": "which company recommended which to the host",
    "companies.py": "the company's name, seats, traits and size, as the host gave them",
}
"""Modules with answers to report keys that are none of what members did; their types are checked all the same."""


class GuardedWeek:
    """A week whose counts say who reads them."""

    def __init__(self, week: WeekMeasures) -> None:
        object.__setattr__(self, "_week", week)

    def __getattr__(self, name: str) -> Any:
        reader = sys._getframe(1).f_globals["__name__"]
        assert name == "monday" or reader in READERS, f"{reader} reads a week's {name}"
        return getattr(object.__getattribute__(self, "_week"), name)

    def __repr__(self) -> str:  # by str() and f-strings as well
        raise AssertionError("a week is put into words")


SUNDAY = date(2026, 11, 15).toordinal()
FIRST = SUNDAY - 7 * 30 + 1
_PERIODS = read_period("last-12-weeks", SUNDAY)
assert _PERIODS is not None
PERIODS = _PERIODS


def usual(monday: int) -> WeekMeasures:
    return WeekMeasures(
        monday,
        members=60,
        joined=7,
        activated=50,
        active=30,
        active_4w=40,
        habitual=20,
        days=120,
        events=900,
        incentivised=300,
        earners=20,
        issued={"points": 3000},
        levels=[("", 13), ("bronze", 36), ("silver", 11)],
        features={"Export": FeatureWeek(20, 20, 300), "Share": FeatureWeek(12, 15, 200)},
        since=FIRST,
        definition=1,
        organic_4w=12,
        risen=8,
        fallen=6,
        classes=[11, 9, 10, 8, 12],
        top=(5, 300, 900),
        departments={"sales": GroupWeek(35, 30, 18, 22, 11), "it": GroupWeek(25, 20, 12, 18, 9)},
        cohorts={12 * 2026 + 7: (30, 25), 12 * 2026 + 9: (20, 15)},
        currencies={"points": CurrencyWeek(400, 9, 100, 7, 9000, 30, 700, 8)},
        streaks_broken=9,
        standing=True,
        falling=7,
    )


def reported(weeks: dict[int, Any], seats: int | None = 62) -> CompanyReport:
    return company_report(source_of(weeks, seats), *PERIODS)


def source_of(weeks: dict[int, Any], seats: int | None = 62) -> Source:
    scored = health.score("2026-11-15", [weeks[monday] for monday in sorted(weeks)], seats, 500, K)
    return Source(
        "acme",
        "Acme",
        "UTC",
        Contract(seats=seats),
        None,
        weeks,
        {SUNDAY: scored.score},
        scored,
        K,
        "2026-11-15",
        months={one: weeks[one] for one in month_ends(SUNDAY - 6, 2) if one in weeks},
    )


def test_only_published_reads_the_raw_counts_of_a_week() -> None:
    """For a report, from which digests and files are made, for a department's page, and for forecasts of renewals."""
    weeks: dict[int, Any] = {monday: GuardedWeek(usual(monday)) for monday in range(FIRST, SUNDAY, 7)}
    reported(weeks)
    assert department_report(source_of(weeks), *PERIODS, "sales") is not None
    term = Term(SUNDAY - 300, SUNDAY + 1, outcome="renewed")
    past = Past("acme", [term], weeks)
    assert case_of(past, term, 0, K) is not None


def test_files_are_made_of_reports_alone() -> None:
    """What draws pages, decks and workbooks, with the data of their charts, can reach no week and no store."""
    for path in (ENGAGE / "formats").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not {one for one in modules if one.startswith(("engage.store", "engage.actions"))}, path.name
        assert not modules & {"engage.core.measures", "engage.core.state", *READERS}, path.name


OPEN = {"/healthz", "/readyz", "/metrics", "/openapi.json"}


def test_what_needs_no_key_tells_of_the_service_alone() -> None:
    assert {one.path for one in ENDPOINTS if not one.kinds} == OPEN
    labels = {label for one in REGISTRY.collect() for sample in one.samples for label in sample.labels}
    assert not labels & {"company", "member", "event", "department", "account"}
    declared = {name for one in vars(telemetry).values() for name in getattr(one, "_labelnames", ())}
    assert declared == {"method", "route", "status", "reason", "code", "what", "outcome", "band"}


def test_a_report_key_reaches_the_store_through_reports_alone() -> None:
    """Who answers report keys calls reports and the portfolio, which read frozen weeks, or tells what the host said."""
    for one in reachable():
        assert one.handler is not None
        module = Path(sys.modules[one.handler.__module__].__file__ or "")
        if module.name not in HOSTS_OWN:
            assert _imports(module) <= {"engage.actions.report", "engage.actions.portfolio"}, (
                f"{module.name} reads elsewhere"
            )


def _imports(module: Path) -> set[str]:
    """What of actions and store a module imports."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return {name for name in found if name.startswith(("engage.actions", "engage.store"))}


def test_the_pages_of_customer_success_read_reports_and_sessions_alone() -> None:
    for path in (ENGAGE / "web" / "console").glob("*.py"):
        assert _imports(path) <= {"engage.actions.report", "engage.actions.sessions"}, path.name


# --- what is told by itself -----------------------------------------------------------------------------------

TOLD_TO = {
    notices.LEVEL_CHANGED: "back end",
    notices.BADGE_GRANTED: "back end",
    notices.BADGE_REVOKED: "back end",
    notices.RULE_FIRED: "back end",
    notices.BUDGET_REACHED: "administrators",
    notices.HEALTH_CHANGED: "customer success",
    notices.STAGE_CHANGED: "customer success",
}
"""Who a webhook is for. `member.*` and `company.*` go to the product's back end, which knows its members."""
SAYS = {notices.HEALTH_CHANGED: health_notice, notices.STAGE_CHANGED: stage_notice}
"""What makes a notice for customer success: of figures or scores, given as such."""


def test_every_webhook_says_who_it_is_for_and_customer_success_is_told_of_scores_alone() -> None:
    assert TOLD_TO.keys() == notices.TYPES.keys()
    for type, audience in TOLD_TO.items():
        assert type.startswith("account.") == (audience == "customer success"), type
    assert {type for type, audience in TOLD_TO.items() if audience == "customer success"} == SAYS.keys()


def test_a_health_notice_holds_the_score_and_what_a_report_says() -> None:
    found = reported({monday: usual(monday) for monday in range(FIRST, SUNDAY, 7)}).health
    notice = health_notice(found, 1, "at_risk", None)
    numbers = {name for name, value in notice.items() if isinstance(value, int | float)}
    assert numbers == {"score", "score_before"}


COUNTED = ("measures", "segments", "balances", "quiet", "presence", "published", "drivers", "health")
NAMED = {
    *("period", "company", "department", "campaign", "told", "as_of", "None", "name", "new", "error"),
    *("date", "first", "least"),  # the first week that can be scored, and its day
    "tiers",  # names in the book
    *(
        "EXPECTED",
        "K_MIN",
        "k",
        "ROWS_MAX",
        "TRIES_MAX",
        "REASON_CHARS_MAX",
        "DONE",
        "step",
        "stands",
        "say",
        "repr",
    ),
}


def test_no_log_line_and_no_problem_of_what_reads_weeks_holds_a_count() -> None:
    """Logs, problems and assertions of what measures, scores and reports name things and weeks, never what was counted,
    and never a week itself."""
    readers = [path for path in ENGAGE.rglob("*.py") if path.name == "reports.py" or _reads_weeks(path)]
    assert len(readers) > 40
    for path in readers:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            said: list[ast.expr] = []
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                said = [*node.exc.args, *(keyword.value for keyword in node.exc.keywords)]
            elif isinstance(node, ast.Assert) and node.msg is not None:
                said = [node.msg]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_log(node.func):
                said = node.args
            words = {one.id for part in said for one in ast.walk(part) if isinstance(one, ast.Name)}
            assert words <= NAMED, f"{path.name}:{getattr(node, 'lineno', 0)} tells {words - NAMED}"


def _reads_weeks(path: Path) -> bool:
    """Whether a module can have a week, or what was made of one, in its hands."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    core = tuple(f"engage.core.{name}" for name in COUNTED)
    return any(one.startswith(("engage.store.signal", *core)) for one in modules)


def _is_log(called: ast.Attribute) -> bool:
    named = isinstance(called.value, ast.Name) and called.value.id in ("log", "logger", "logging")
    return named and called.attr != "getLogger"


# --- the bytes ------------------------------------------------------------------------------------------------

SIZES = {"monday", "members", "joined", "since", "definition", "floor", "peak"}
"""Not what members did: the calendar, and the host's own list of people."""
AMOUNTS = {"days", "events", "incentivised", "issued", "spread", "leading"}
"""Sums over people who are counted in another field, and what says whether they may be told."""
TABLES = {"levels", "cohorts"}
"""Cells with a known sum: what is shown of one says something of the others, see `test_attacks.py`."""


def with_few(week: WeekMeasures, few: int, amount: int) -> WeekMeasures:
    """Every number of the week that is not a size: `few` people, and `amount` of whatever they did."""
    changed: dict[str, Any] = {}
    for name in week.__struct_fields__:
        if name not in SIZES:
            changed[name] = _fewer(getattr(week, name), amount if name in AMOUNTS else few, amount)
    changed["classes"] = [few, 0, 0, 0, 0]
    changed["cohorts"] = {
        month: (few, few) if month == min(week.cohorts) else (0, 0) for month in week.cohorts
    }
    changed["levels"] = [("", week.members - few), ("bronze", 0), ("silver", few)]
    return replace(week, **changed)


def _fewer(value: Any, few: int, amount: int) -> Any:
    match value:
        case bool() | str():
            return value
        case int():
            return few
        case dict():
            return {key: _fewer(one, few, amount) for key, one in value.items()}
        case Shared():
            return Shared(few, few)
        case list() | tuple():
            return type(value)(_fewer(one, few, amount) for one in value)
        case FeatureWeek():
            return FeatureWeek(few, few, amount)
        case GroupWeek():
            return GroupWeek(value.members, few, few, few, few, amount)
        case CurrencyWeek():
            return CurrencyWeek(amount, few, amount, few, amount, few, amount, few)
        case msgspec.Struct():
            parts = {name: _fewer(getattr(value, name), few, amount) for name in value.__struct_fields__}
            return type(value)(**parts)
    return value


def rendered(weeks: dict[int, Any]) -> tuple[bytes, str]:
    report = reported(weeks)
    return msgspec.json.encode(report), report_csv(report, "en")


def test_of_two_companies_with_fewer_than_k_of_everything_the_same_is_told() -> None:
    """Nobody, or some who did a lot: the JSON and the CSV are the same to the byte."""
    mondays = range(FIRST, SUNDAY, 7)
    told = {
        rendered({monday: with_few(usual(monday), few, amount) for monday in mondays})
        for few, amount in ((0, 0), (1, 1), (2, 70), (4, 999))
    }
    assert len(told) == 1


@pytest.mark.parametrize("name", sorted({*WeekMeasures.__struct_fields__} - SIZES - AMOUNTS - TABLES))
def test_of_two_companies_that_differ_in_a_count_below_k_the_same_is_told(name: str) -> None:
    """Any one count, zero or four, beside others that are shown. A new amount is declared in AMOUNTS."""
    mondays = range(FIRST, SUNDAY, 7)
    told = set()
    for few in (0, 1, 4):
        weeks = {}
        for monday in mondays:
            week = usual(monday)
            weeks[monday] = replace(week, **{name: _fewer(getattr(week, name), few, 77 + few)})
        told.add(rendered(weeks))
    assert len(told) == 1


def test_two_mixes_of_levels_with_the_same_shown_figures_are_told_alike() -> None:
    mondays = range(FIRST, SUNDAY, 7)
    told = {
        rendered(
            {m: replace(usual(m), levels=[("", 20 - few), ("bronze", 40), ("silver", few)]) for m in mondays}
        )
        for few in (0, 2, 4)
    }
    assert len(told) == 1
