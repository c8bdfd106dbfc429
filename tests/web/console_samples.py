"""Reports of invented companies, as the signal would make them: for tests of pages, which only show them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from msgspec.structs import replace

from engage.actions.sessions import CUSTOMER_SUCCESS, SignedIn
from engage.core.adoption import Source, company_report
from engage.core.balances import CurrencyWeek
from engage.core.calendar import month_end
from engage.core.company_stages import CompanyStages, Situation, decide_stage
from engage.core.department import DepartmentReport, department_report
from engage.core.digest import Digest, digest
from engage.core.health import score
from engage.core.measures import FeatureWeek, WeekMeasures
from engage.core.peers import gather
from engage.core.periods import read_period
from engage.core.privacy import Figure, Unit
from engage.core.program import Currency, EventType, Funnel, Level, Levels, Program
from engage.core.published_stages import remember_stages
from engage.core.reports import (
    Band,
    Column,
    CompanyReport,
    Comparison,
    Contract,
    Definition,
    Driver,
    Health,
    Period,
    Portfolio,
    PortfolioRow,
    Series,
    Step,
    Table,
)
from engage.core.segments import GroupWeek
from engage.core.stage_words import CompanyStage
from engage.errors import InvalidRequest, NotFound
from engage.web.console.forms import Accepted, Adjusted, Agreed, Done
from tests.core import test_reports

AS_OF = date(2026, 11, 15)
WEEKS = tuple((AS_OF - timedelta(days=6 + 7 * back)).isoformat() for back in reversed(range(12)))
K = 5
STAFF = SignedIn("ada@host.example", CUSTOMER_SUCCESS)


def shown(value: float, unit: Unit = "members") -> Figure:
    text = f"{value:.0f}%" if unit == "percent" else f"{value:,.0f}"
    return Figure(text=text, unit=unit, value=value)


def few(unit: Unit = "members") -> Figure:
    return Figure(text=f"fewer than {K}", unit=unit, hidden="few", low=0, high=K - 1)


def protected(unit: Unit = "members") -> Figure:
    return Figure(text="hidden", unit=unit, hidden="protects")


def series(name: str, label: str, unit: Unit, values: Sequence[float | None]) -> Series:
    figures = tuple(few(unit) if value is None else shown(value, unit) for value in values)
    return Series(name, label, unit, WEEKS, figures)


def row(
    company: str,
    name: str,
    score: int | None,
    band: Band,
    change: int | None,
    seats: int | None,
    revenue: int | None,
    days: int | None,
    text: str,
    history: Sequence[int | None] = (),
) -> PortfolioRow:
    risk = 0.0 if score is None else (100 - score) / 100
    return PortfolioRow(
        company=company,
        name=name,
        score=score,
        band=band,
        confidence="high",
        change_4w=change,
        change_13w=None,
        seats=seats,
        monthly_revenue_cents=None if revenue is None else revenue * 100,
        renewal_date=None if days is None else (AS_OF + timedelta(days=days + 1)).isoformat(),
        days_to_renewal=days,
        risk=risk,
        value_at_risk_cents=None if revenue is None else int(revenue * 1200 * risk),
        top_driver="momentum",
        text=text,
        history=tuple(history),
    )


ROWS = (
    row("nordwind", "Nordwind Logistics", 34, "at_risk", -14, 120, 4900, 38,
        "Use has fallen by half in eight weeks, and the term ends in 38 days: call now.",
        (71, 70, 66, 64, 60, 57, 52, 48, 46, 41, 38, 36, 34)),
    row("brightwater", "Brightwater Clinics", 47, "watch", -6, 240, 5400, 112,
        "Fewer than half of the seats are used; only one feature has found its people.",
        (60, 60, 58, 57, 55, 56, 54, 53, 52, 50, 49, 48, 47)),
    row("zhilian", "北京智联科技", 52, "watch", 3, 80, 2300, 201,
        "Recovering since October, still below what it was.",
        (44, 43, 42, 44, 45, 47, None, None, 49, 49, 50, 51, 52)),
    row("cobalt/eu", "Cobalt & Söhne <EU>", 66, "healthy", 0, 60, 3600, -4,
        "Steady. The term has ended and no new one is on record.",
        (66, 65, 66, 67, 66, 66, 65, 66, 66, 66, 67, 66, 66)),
    row("dunmore", "Dunmore School of Music", 74, "healthy", 2, 35, 1750, 77,
        "Steady.", (70, 70, 71, 72, 72, 72, 73, 72, 72, 73, 74, 74, 74)),
    row("elmwood", "Elmwood Insurance Brokers", 88, "thriving", 1, 310, 3900, 250,
        "Nine of ten seats are active each month.",
        (80, 81, 82, 84, 85, 85, 86, 87, 87, 87, 88, 87, 88)),
    row("fjord", "Fjord", None, "unscored", None, 4, 90, 15,
        "Fewer than 5 active members: too few for a score."),
    row("granite", "Granite Works", 58, "watch", -1, None, None, None,
        "Contract terms are not known.", (60, 59, 59, 58, 59, 58, 58, 58, 59, 59, 59, 58, 58)),
)  # fmt: skip


def portfolio(rows: Sequence[PortfolioRow] = ROWS) -> Portfolio:
    bands: dict[Band, int] = {}
    for one in rows:
        bands[one.band] = bands.get(one.band, 0) + 1
    return Portfolio(
        as_of=AS_OF.isoformat(),
        k=K,
        data=tuple(sorted(rows, key=lambda one: -(one.value_at_risk_cents or 0))),
        bands=bands,
        monthly_revenue_cents=sum(one.monthly_revenue_cents or 0 for one in rows),
        value_at_risk_cents=sum(one.value_at_risk_cents or 0 for one in rows),
        notes=("Companies with fewer than 5 active members are listed without a score.",),
        definitions=(Definition("Value at risk", "A year's recurring revenue times the risk."),),
    )


def many(count: int) -> Portfolio:
    return portfolio(
        [
            row(f"c{i}", f"Company {i:03}", 20 + i % 70, "watch", i % 9 - 4, 10 + i, 100 + i, i, "Steady.")
            for i in range(count)
        ]
    )


def report(company: str = "nordwind", name: str = "Nordwind Logistics") -> CompanyReport:
    period = Period(
        "last-12-weeks", "last 12 weeks", WEEKS[0], AS_OF.isoformat(), 12, "The 12 weeks to 15 November."
    )
    before = Period("last-12-weeks-before", "last 12 weeks before", "2026-05-31", "2026-08-23", 12, "")
    return CompanyReport(
        company=company,
        name=name,
        timezone="Europe/Berlin",
        as_of=AS_OF.isoformat(),
        period=period,
        before=before,
        k=K,
        contract=Contract("Business", 120, 490_000, "2025-12-24", "2026-12-24", 38, "2023-12-24"),
        health=_health(),
        score_history=series("score", "Score", "score", (70, 66, 64, 60, 57, 52, 48, 46, 41, 38, 36, 34)),
        funnel=_funnel(),
        summary=(
            Comparison("active_4w", "Active in 4 weeks", shown(49), shown(81), shown(-40, "percent")),
            Comparison("events", "Events", shown(2660, "events"), shown(5120, "events"), shown(-48, "percent")),
            Comparison("habitual", "Habitual", few(), shown(22), protected("percent")),
        ),
        activity=(
            series("active_week", "Active in the week", "members",
                   (61, 60, 55, 50, 47, 44, None, 38, 30, 31, 29, 27)),
            series("active_4w", "Active in 4 weeks", "members",
                   (81, 79, 70, 66, 64, 60, 58, 55, 52, 50, 50, 49)),
        ),
        breadth=_breadth(),
        levels=_levels(),
        incentives=(
            series("organic", "Organic", "events",
                   (320, 310, 280, 260, 230, 220, None, 180, 150, 160, 150, 140)),
            series("incentivised", "Incentivised", "events", (32, 31, 80, 60, 30, 20, 20, 18, 15, 16, 15, 12)),
        ),
        points=(series("points", "Points issued", "points",
                       (320, 310, 800, 600, 300, 200, 200, 180, 150, 160, 150, 120)),),
        notes=("The week of 5 October is shown without its active members.",),
        definitions=(
            Definition("Active", "Did at least one thing in the product on a day of the week."),
            Definition("Habitual", "Active in at least 9 of the last 12 weeks.", "vivainsights"),
        ),
    )  # fmt: skip


def _health() -> Health:
    return Health(
        as_of=AS_OF.isoformat(),
        score=34,
        band="at_risk",
        confidence="high",
        verdict="At risk: half as many people are active as eight weeks ago, and 71 of 120 seats are idle.",
        drivers=(
            Driver("momentum", "Momentum", -38.0, 12.0, 0.3, -11.4,
                   "Down 38% against the eight weeks before", -6.2),
            Driver("seats", "Seat use", 41.0, 33.0, 0.25, -4.25, "49 of 120 seats active in 4 weeks", -1.0),
            Driver("breadth", "Breadth", 2.0, 40.0, 0.2, -2.0, "2 of 6 features used by most", 0.0),
            Driver("activity", "Activity level", 1.9, 56.6, 0.25, 1.65, "1.9 active days a week", 0.4),
        ),
        notes=("Levels are not measured: nobody has reached one. Their weight went to the others.",),
        change_4w=-14,
        change_13w=-37,
    )  # fmt: skip


def _funnel() -> tuple[Step, ...]:
    return (
        Step("seats", "Seats", shown(120, "seats"), shown(100, "percent"), "Seats of the contract."),
        Step("members", "Members", shown(96), shown(80, "percent"), "People seen at least once."),
        Step("active", "Active in 4 weeks", shown(49), shown(41, "percent"), "Active on at least one day."),
        Step("habitual", "Habitual", shown(12), shown(10, "percent"), "Active in 9 of 12 weeks."),
        Step(
            "level_2", "Second level or higher", few(), protected("percent"), "Reached at least the second."
        ),
    )


def _breadth() -> Table:
    return Table(
        "breadth",
        "Features in use in 4 weeks",
        (
            Column("feature", "Feature"),
            Column("members", "Members", "members"),
            Column("share", "Share", "percent"),
            Column("events", "Events", "events"),
            Column("before", "Before", "members"),
        ),
        (
            ("Shipment Booked", shown(46), shown(94, "percent"), shown(410, "events"), shown(80)),
            ("Report Exported", shown(21), shown(43, "percent"), shown(96, "events"), shown(55)),
            ("Route Planned", shown(9), shown(18, "percent"), shown(22, "events"), shown(31)),
            ("Carrier Rated", few(), protected("percent"), few("events"), shown(12)),
        ),
        "Members of the last four weeks.",
    )


def _levels() -> Table:
    return Table(
        "levels",
        "Members by level",
        (
            Column("level", "Level"),
            Column("members", "Members", "members"),
            Column("share", "Share", "percent"),
        ),
        (
            ("No level", shown(40), shown(42, "percent")),
            ("Bronze", shown(34), shown(35, "percent")),
            ("Silver", shown(14), shown(15, "percent")),
            ("Gold", few(), protected("percent")),
        ),
    )


class SampleServices:
    """The application's side of the pages, in memory: one cookie, one-time tokens, the companies above."""

    def __init__(self, companies: Portfolio | None = None) -> None:
        self.companies = companies or portfolio()
        self.tokens = {"once"}
        self.cookies: dict[str, SignedIn] = {}
        self.broken = False
        self.reports: dict[str, CompanyReport] = {}
        self.done: list[tuple[str, Done]] = []
        self.goals: list[tuple[str, Agreed | Adjusted | Accepted]] = []

    async def portfolio(self, as_of: date | None) -> Portfolio:
        if self.broken:
            raise RuntimeError("a defect with a secret inside")
        return self.companies

    async def company_report(self, company: str, period: str) -> CompanyReport:
        if company in self.reports:
            return self.reports[company]
        found = {one.company: one.name for one in self.companies.data}
        if company not in found:
            raise NotFound(f"There is no company {company!r}.")
        if not period.startswith(("last-", "20")):
            raise InvalidRequest(f"{period!r} is no period: last-12-weeks, 2026-Q1 and 2026-03 are.")
        return report(company, found[company])

    async def company_digest(self, company: str, period: str) -> Digest:
        return digest(await self.company_report(company, period))

    async def company_department(self, company: str, department: str, period: str) -> DepartmentReport:
        made = department_report(*test_reports.source_of_departments(), department)
        if made is None:
            raise NotFound(f"There is no page for {department!r}.")
        return made

    async def log_done(self, company: str, done: Done) -> None:
        self.done.append((company, done))

    async def set_goal(self, company: str, goal: Agreed) -> None:
        self.goals.append((company, goal))

    async def adjust_goal(self, company: str, told: Adjusted) -> None:
        self.goals.append((company, told))

    async def accept_stage(self, company: str, told: Accepted) -> None:
        self.goals.append((company, told))

    async def session_for(self, cookie: str) -> SignedIn | None:
        return self.cookies.get(cookie)

    async def redeem_sign_in(self, token: str) -> str | None:
        if token not in self.tokens:
            return None
        self.tokens.remove(token)
        cookie = f"cookie-{len(self.cookies)}"
        self.cookies[cookie] = STAFF
        return cookie

    async def end_session(self, cookie: str) -> None:
        self.cookies.pop(cookie, None)


def measured(members: int, active: float, weeks: int = 16) -> CompanyReport:
    """A report made by the core from counts, so that the pages meet every way in which it hides figures."""
    sunday = AS_OF.toordinal()
    counted = [_week(sunday - 6 - 7 * back, members, active) for back in reversed(range(weeks))]
    found = read_period("last-12-weeks", sunday)
    assert found is not None
    health = score(AS_OF.isoformat(), counted, members or None, 400, K)
    source = Source(
        company="measured",
        name="Measured",
        timezone="UTC",
        contract=Contract(seats=members or None),
        program=PROGRAM,
        weeks={week.monday: week for week in counted},
        scores={week.monday + 6: health.score for week in counted},
        health=health,
        k=K,
        months={week.monday: week for week in counted if week.monday == month_end(week.monday)},
        peers=gather(health.as_of, [(health, Contract()), *_peers(health)]),
        stage=_stage(health),
    )
    return company_report(source, *found)


def _stage(health: Health) -> CompanyStage | None:
    if health.score is None:
        return None
    found = decide_stage(CompanyStages(), Situation(400, [health.score] * 2, None, None, None, K, left=True))
    assert found is not None
    return CompanyStage(found[0], health.as_of, found[1])


PROGRAM = Program(
    name="Sample",
    currencies={"points": Currency("Points")},
    events={name: EventType(f"Feature {name.upper()}") for name in "abcd"},
    levels=Levels("points", (Level("bronze", "Bronze", 0), Level("gold", "Gold", 100))),
    funnels=(Funnel("sharing", "From first look to sharing", ("a", "b", "c", "d")),),
)


def _peers(health: Health) -> list[tuple[Health, Contract]]:
    if health.score is None:
        return []
    return [
        (
            replace(
                health,
                score=20 + 6 * n,
                drivers=tuple(replace(one, score=min(100, one.score * n / 7)) for one in health.drivers),
            ),
            Contract(),
        )
        for n in range(13)
    ]


def _week(monday: int, members: int, active: float) -> WeekMeasures:
    month = round(members * active)
    week = round(month * 0.8)
    found = WeekMeasures(
        monday,
        members=members,
        activated=month + month // 4,
        active=week,
        active_4w=month,
        habitual=month // 2,
        days=week * 2,
        events=week * 9,
        incentivised=week * 2,
        earners=week,
        issued={"points": week * 20},
        levels=[("", members - month), ("bronze", month - month // 9), ("gold", month // 9)],
        features={
            name: FeatureWeek(week // n, month // n, week) for n, name in ((1, "a"), (3, "b"), (40, "c"))
        },
        since=monday - 7 * 20,
        definition=1,
        organic_4w=month // 2,
        risen=month // 8,
        fallen=month // 12,
        classes=_classes(month),
        top=(month // 10, week * 3, week * 30),
        departments=_departments(members, month),
        roles={"decision_maker": GroupWeek(members // 6, month // 6, week // 6, month // 6, month // 9)},
        cohorts=_cohorts(monday, month + month // 4, month),
        funnels={"sharing": [month, month // 2, month // 3, month // 7]},
        currencies={
            "points": CurrencyWeek(week * 8, week // 2, week * 2, week // 3, week * 90, month, week, week)
        },
        streaks_broken=month // 6,
        standing=True,
        stages=_stages(members, month),
    )
    remember_stages(found, None)
    return found


def _stages(members: int, month: int) -> dict[str, int]:
    habitual, slipping = month // 2, month // 8
    new = (month - habitual) // 3
    return {
        "invited": members - month - month // 4,
        "dormant": month // 4,
        "new": new,
        "active": month - habitual - new - slipping,
        "slipping": slipping,
        "habitual": habitual - habitual // 4,
        "slipping_habitual": habitual // 4,
    }


def _classes(month: int) -> list[int]:
    habitual = month // 2
    return [habitual // 3, habitual - habitual // 3, month // 4, month - habitual - month // 4, month // 4]


def _departments(members: int, month: int) -> dict[str, GroupWeek]:
    """Five of falling size and use; the smallest is too small to be told of by itself."""
    found = {}
    for name, share, use in (
        ("Operations", 0.4, 0.9), ("Sales", 0.25, 1.2), ("Customer service", 0.2, 1.1), ("Finance", 0.1, 0.7),
        ("Board", 0.02, 1.0),
    ):  # fmt: skip
        size = round(members * share)
        active = min(size, round(month * share * use))
        found[name] = GroupWeek(size, active, active * 4 // 5, active, active // 2)
    found[""] = GroupWeek(members - sum(one.members for one in found.values()))
    return found


def _cohorts(monday: int, activated: int, active: int) -> dict[int, tuple[int, int]]:
    """Six months' beginners, of whom fewer are active the longer ago they began."""
    newest = month_end(monday)
    sizes = [activated // 6] * 5 + [activated - activated // 6 * 5]
    lost, left = [0, 1, 2, 3, 4, 5], activated - active
    gone = [min(size, left * part // 15) for size, part in zip(sizes, lost, strict=True)]
    gone[-1] += left - sum(gone)
    return {newest - 28 * age: (sizes[age], sizes[age] - gone[age]) for age in range(6)}
