"""score and report."""

from __future__ import annotations

import re
import sys
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.output import AsJson, LangOfReport, note, progress, say, say_json, say_table
from engage.cli.running import DatabaseUrl, with_database
from engage.cli.value import read_book_file
from engage.core.language import ENGLISH, Language, read_language
from engage.days import FIRST, LAST
from engage.interpreter import run_for_throughput

if TYPE_CHECKING:
    from engage.actions.score import ScoredCompany, Scoring
    from engage.core.department import DepartmentReport
    from engage.core.digest import Digest
    from engage.core.reports import CompanyReport
    from engage.store.database import Database


class Format(StrEnum):
    TEXT = "text"
    HTML = "html"
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"
    PPTX = "pptx"


def register(app: typer.Typer) -> None:
    app.command()(score)
    app.command()(report)
    app.command()(calibrate)


def score(
    day: Annotated[
        str | None,
        typer.Option(
            "--date",
            metavar="DATE",
            help="Score the weeks complete before this day; else today, or the end of the data.",
        ),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Score past weeks anew, by the definition in force.")
    ] = False,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Measure every complete week once, and score the health of each company."""
    on = _day(day)
    run_for_throughput()

    async def work(opened: Database) -> Scoring:
        from engage.actions.score import score_companies
        from engage.scoring import hands_beside

        with progress() as bars:
            task = bars.add_task("scoring", total=None)
            return await score_companies(
                opened,
                on,
                lambda done, total: bars.update(task, completed=done, total=total),
                again=again,
                hands=hands_beside(opened.url),
            )

    scoring = with_database(database, work, create=False)
    if as_json:
        say_json(scoring)
        return
    if not scoring.companies:
        say("there are no companies to score yet")
        return
    rows = [
        (
            one.company,
            one.name,
            _shown(one.health.score),
            one.health.band,
            _shown(one.health.change_4w, sign=True),
            (one.stage or "-").replace("_", " "),
        )
        for one in sorted(scoring.companies, key=_whom_to_call_first)
    ]
    say(
        f"as of {scoring.as_of}, {scoring.weeks:,} new weeks measured; the lowest score first, those who left last"
    )
    if scoring.data_until:
        say(f"data until {scoring.data_until}: hardly any member of any company came for more than a week")
    say_table(("company", "name", "score", "band", "4 weeks", "stage"), rows, right=(2, 4))


def _whom_to_call_first(one: ScoredCompany) -> tuple[bool, bool, int]:
    """The lowest score first; then those without one, and who has left last."""
    return one.stage == "churned", one.health.score is None, one.health.score or 0


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a day such as 2026-11-22", param_hint="'--date'") from None
    if not FIRST <= day <= LAST:
        raise typer.BadParameter(f"must be a day from {FIRST} to {LAST}", param_hint="'--date'")
    return day


def _shown(number: float | None, *, sign: bool = False) -> str:
    if number is None:
        return "-"
    return f"{number:+.0f}" if sign else f"{number:.0f}"


def calibrate(
    book: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Try the definition of the score in this book; nothing is kept."),
    ] = None,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Say how well the health score foretold the terms that have ended, and keep it for the portfolio page."""
    from engage.actions import fitting
    from engage.actions.calibrate import calibrate as measure
    from engage.cli.calibration import tell as tell_calibration

    trial = read_book_file(book, as_json)[1] if book is not None else None
    found = with_database(database, lambda opened: measure(opened, trial), create=False)
    if not found.fitted:
        note(fitting.MISSING)
    if as_json:
        say_json(found)
        return
    tell_calibration(found)


def report(
    company: Annotated[str, typer.Argument(metavar="COMPANY", help="The company's id.", show_default=False)],
    period: Annotated[
        str, typer.Option(help="last-12-weeks, last-26-weeks, a quarter (2026-Q1) or a month (2026-03).")
    ] = "last-12-weeks",
    format: Annotated[Format, typer.Option(help="How to write it.")] = Format.TEXT,
    lang: LangOfReport = ENGLISH,
    digest: Annotated[bool, typer.Option("--digest", help="One page, for whoever decides.")] = False,
    department: Annotated[
        str | None, typer.Option(metavar="NAME", help="One page about this department, for its manager.")
    ] = None,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Print a company's adoption report, from the weeks that `engage score` measured."""
    from engage.actions.report import company_department, company_digest, company_report
    from engage.core.telling import in_language
    from engage.formats.files import check_installed, file_format, render

    language = read_language(lang)
    file = file_format(format.value)
    if file is not None:
        check_installed(file)
        if sys.stdout.isatty():
            raise typer.BadParameter(f"a {file} is no text: send it to a file, as in `... > report.{file}`")
    if digest or department is not None:
        if file is None and format not in (Format.HTML, Format.TEXT, Format.JSON):
            raise typer.BadParameter("a digest or a department's page is html, json, xlsx, pdf or pptx")
        page: Digest | DepartmentReport
        if department is not None:
            name = department
            page = with_database(
                database, lambda opened: company_department(opened, company, name, period), create=False
            )
        else:
            page = with_database(
                database, lambda opened: company_digest(opened, company, period), create=False
            )
        if file is not None:
            sys.stdout.buffer.write(render(page, file, language))
        elif format is Format.HTML:
            typer.echo(_alone(_paper(page, language)))
        else:
            say_json(in_language(page, language))
        return
    made = with_database(database, lambda opened: company_report(opened, company, period), create=False)
    if file is not None:
        sys.stdout.buffer.write(render(made, file, language))
        return
    found = in_language(made, language)
    if as_json or format is Format.JSON:
        say_json(found)
    elif format is Format.CSV:
        from engage.core.reports import report_csv

        # Its lines end as CSV's do, and it is written as it is.
        typer.echo(report_csv(found, language), nl=False)
    elif format is Format.HTML:
        typer.echo(_alone(_page(found, period, language)))
    else:
        _tell(found)


def _page(found: CompanyReport, period: str, language: Language) -> bytes:
    from engage.web.console import pages, routes

    view = pages.company_view(found, period, datetime.now(UTC).date(), language)
    return bytes(routes._html("company.html", None, routes.Asked(language), view=view, form=None).body)


def _paper(page: Digest | DepartmentReport, language: Language) -> bytes:
    from engage.formats.paper import paper
    from engage.web.console import pages, routes

    view = pages.paper_view(paper(page, language), page.company, {}, page.k, language)
    return bytes(routes._html("paper.html", None, routes.Asked(language), view=view).body)


def _alone(page: bytes) -> str:
    """A page of the service with its style sheet in it: one file to send or print."""
    from engage.web.console import routes

    style = routes._stylesheet()[0].decode()
    # Links of the service lead nowhere from a file.
    hidden = ".bar, .filters, .noprint { display: none }"
    return re.sub(
        r"<link rel=\"stylesheet\"[^>]*>",
        lambda _: f"<style>{style}\n{hidden}</style>",
        page.decode(),
        count=1,
    )


def _tell(found: CompanyReport) -> None:
    health = found.health
    say(f"{found.name} ({found.company}), {found.period.label}")
    say(health.verdict)
    say("")
    change = f", {health.change_4w:+d} in 4 weeks" if health.change_4w is not None else ""
    score = "not scored" if health.score is None else f"{health.score} of 100"
    say(f"score: {score} ({health.band}, confidence {health.confidence}{change}), as of {health.as_of}")
    if health.drivers:
        rows = [(one.label, f"{one.contribution:+.1f}", one.text) for one in health.drivers]
        say_table(("driver", "points", ""), rows, right=(1,))
    if health.profile is not None:
        by = health.profile
        say(f"scored as: {by.name}, definition {by.definition}. {by.text}")
    for line in (*health.notes, *found.score_notes):
        say(line)
    _tell_contract(found)
    if any(one.figure.hidden != "missing" or one.before.hidden != "missing" for one in found.summary):
        say("")
        figures = [(one.label, one.figure.text, one.before.text, one.change.text) for one in found.summary]
        say_table(("figure", "period", "before", "change"), figures, right=(1, 2, 3))
    for line in found.notes:
        say(line)


def _tell_contract(found: CompanyReport) -> None:
    """What a call is about: where the company stands, what it pays, and until when."""
    contract = found.contract
    facts = [
        found.stage.stage.replace("_", " ") if found.stage is not None and found.stage.stage else None,
        contract.plan,
        None if contract.seats is None else f"{contract.seats:,} seats",
        None
        if contract.monthly_revenue_cents is None
        else f"{contract.monthly_revenue_cents / 100:,.2f} a month",
        contract.renewal_date and f"term ends {contract.renewal_date}",
    ]
    if any(facts):
        say(f"company: {', '.join(fact for fact in facts if fact)}")
