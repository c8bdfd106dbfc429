"""The addresses of the pages: who may see them, which page answers, and how a mistake looks.

Owns the session cookie and the forms' protection against other sites. Knows nothing of storage: whoever builds
the application hands in `ConsoleServices`. Every page works without script, and its address holds all its state.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple, Protocol
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from engage.actions.sessions import CUSTOMER_SUCCESS, SignedIn
from engage.core.accuracy import CHURNED_LEAST
from engage.core.department import DepartmentReport
from engage.core.digest import Digest
from engage.core.language import ENGLISH, LANGUAGES, NAMES, Language, read_language, say, translate
from engage.core.outline_care import STANDINGS, now_of
from engage.core.periods import PERIOD_DEFAULT
from engage.core.plans import IN_PERCENT
from engage.core.portfolio import portfolio_of
from engage.core.privacy import NOT_SHOWN
from engage.core.reports import BAND_LABELS, CompanyReport, Portfolio, PortfolioRow, portfolio_csv, report_csv
from engage.core.stage_words import STAGE_LABELS
from engage.core.telling import in_language
from engage.errors import EngageError, Forbidden, InvalidRequest, NotFound, Unauthorized
from engage.formats.files import KINDS, file_format, render, render_portfolio
from engage.formats.palette import BANDS
from engage.formats.paper import paper
from engage.web.console import pages
from engage.web.console.formats import FILTERS
from engage.web.console.forms import Accepted, Adjusted, Agreed, Done, care_forms, read_told, told_day
from engage.web.console.translation import translate_page

log = logging.getLogger(__name__)

STANDING_ROLES: Final = {
    "reached": "thriving",
    "on_track": "healthy",
    "behind": "watch",
    "missed": "at_risk",
    "dropped": "quiet",
    "not_known": "quiet",
    "in_range": "quiet",
}
"""The colour of how a goal stands."""

COOKIE: Final = "engage_session"
COOKIE_SECONDS_MAX: Final = 7 * 24 * 3600
"""How long a browser keeps the cookie. The service may end a session sooner, and its word counts."""

LANGUAGE_COOKIE: Final = "engage_language"
"""Set when a person chooses: a language is the reader's, not the page's, so a shared address shows it in one's own."""

TOKEN_CHARS_MAX: Final = 200
"""A sign-in token or cookie longer than this is nobody's, and is not looked up."""


class ConsoleServices(Protocol):
    """What the pages need from the application."""

    async def portfolio(self, as_of: date | None) -> Portfolio:
        """All companies as of a day, None for the newest scores."""

    async def company_report(self, company: str, period: str) -> CompanyReport:
        """NotFound for a company unknown, InvalidRequest for a period that cannot be read."""

    async def company_digest(self, company: str, period: str) -> Digest:
        """The same on one page, for whoever decides."""

    async def company_department(self, company: str, department: str, period: str) -> DepartmentReport:
        """A page for the manager of a department; NotFound for one that is unknown or too small."""

    async def log_done(self, company: str, done: Done) -> None:
        """Something was done for a company. InvalidRequest where the company is unknown, or where what was logged under
        the id was something else."""

    async def set_goal(self, company: str, goal: Agreed) -> None:
        """A goal was agreed on with a company. NotFound where that is unknown, InvalidRequest where the goal was
        adjusted since."""

    async def adjust_goal(self, company: str, told: Adjusted) -> None:
        """A goal is adjusted, dropped or taken up again. NotFound where it is unknown, Conflict where it was adjusted
        since it was seen."""

    async def accept_stage(self, company: str, told: Accepted) -> None:
        """A stage of a goal is done, says somebody. NotFound where it is unknown, Conflict where somebody else said so,
        or it was adjusted since it was seen."""

    async def session_for(self, cookie: str) -> SignedIn | None:
        """Who a cookie belongs to, or None when it is unknown or has run out."""

    async def redeem_sign_in(self, token: str) -> str | None:
        """The cookie for a one-time token, which is used up; None when it is unknown, used or has run out."""

    async def end_session(self, cookie: str) -> None:
        """From now on the cookie opens nothing. An unknown cookie is no mistake."""


def console_routes(services: ConsoleServices) -> list[Route]:
    """Every address below /console, to be put into the application's router as they are, in this order."""

    async def portfolio(request: Request, session: SignedIn) -> Response:
        as_of = _as_of(request)
        data = await services.portfolio(as_of)
        asked = _asked(request)
        query = pages.PortfolioQuery.read(request.query_params).fitting({one.id for one in data.tiers})
        wanted = request.query_params.get("format")
        if wanted is None:
            return _portfolio_page(data, query, session, asked)
        chosen = portfolio_of(data, query.choose(data.data))
        if file := file_format(wanted):
            content = await asyncio.to_thread(render_portfolio, chosen, file, asked.language)
            return _file(content, KINDS[file].media_type, f"portfolio-{data.as_of}.{file}")
        told = in_language(chosen, asked.language)
        return _download(wanted, f"portfolio-{data.as_of}", told, lambda: portfolio_csv(told))

    async def company(request: Request, session: SignedIn) -> Response:
        name = str(request.path_params["company"])
        period = request.query_params.get("period") or PERIOD_DEFAULT
        asked = _asked(request)
        department = request.query_params.get("department")
        if department or request.query_params.get("view") == "digest":
            page = (
                await services.company_department(name, department, period)
                if department
                else await services.company_digest(name, period)
            )
            return await _paper(request, session, asked, name, page)
        report = await services.company_report(name, period)
        wanted = request.query_params.get("format")
        if wanted is None:
            return _company_page(report, period, session, asked)
        if file := file_format(wanted):
            content = await asyncio.to_thread(render, report, file, asked.language)
            return _file(content, KINDS[file].media_type, f"{name}-{period}.{file}")
        told = in_language(report, asked.language)
        return _download(wanted, f"{name}-{period}", told, lambda: report_csv(told, asked.language))

    async def tell(request: Request, session: SignedIn) -> Response:
        if not _same_site(request):
            raise Forbidden(say("This form was sent from another site."))
        name = str(request.path_params["company"])
        told = await read_told(request, session, name, datetime.now(UTC).date())
        match told:
            case Agreed():
                await services.set_goal(name, told)
            case Adjusted():
                await services.adjust_goal(name, told)
            case Accepted():
                await services.accept_stage(name, told)
            case Done():
                await services.log_done(name, told)
        period = request.query_params.get("period") or PERIOD_DEFAULT
        here = f"/console/companies/{FILTERS['pathpart'](name)}?{urlencode({'period': period})}#care"
        return RedirectResponse(here, 303)

    async def missing(request: Request, session: SignedIn) -> Response:
        raise NotFound(say("Perhaps the address was cut short, or the company has another id."))

    async def sign_in(request: Request) -> Response:
        token = request.query_params.get("token", "")
        # Link previews and virus scanners ask with HEAD: that must not use the link up.
        if request.method != "GET":
            return Response()
        cookie = await services.redeem_sign_in(token) if 0 < len(token) <= TOKEN_CHARS_MAX else None
        if cookie is None:
            if await _session(services, request) is not None:
                return RedirectResponse("/console/", 303)
            return _problem(401, None, _asked(request), link_used=bool(token))
        answer = RedirectResponse("/console/", 303)
        answer.set_cookie(
            COOKIE,
            cookie,
            max_age=COOKIE_SECONDS_MAX,
            path="/console",
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return answer

    async def sign_out(request: Request) -> Response:
        if not _same_site(request):
            return _problem(403, None, _asked(request), say("This form was sent from another site."))
        cookie = request.cookies.get(COOKIE, "")
        if 0 < len(cookie) <= TOKEN_CHARS_MAX:
            await services.end_session(cookie)
        answer = _html("signed_out.html", None, _asked(request))
        answer.delete_cookie(COOKIE, path="/console", httponly=True, samesite="lax")
        return answer

    private, public = signed_in_only(services), _public
    return [
        Route("/console/static/console.css", stylesheet),
        Route("/console/sign-in", public(sign_in)),
        Route("/console/sign-out", public(sign_out), methods=["POST"]),
        Route("/console", lambda request: RedirectResponse("/console/", 307)),
        Route("/console/", private(portfolio)),
        # A path, because a host's ids may hold anything, a slash as well.
        Route("/console/companies/{company:path}", private(company)),
        Route("/console/companies/{company:path}", private(tell), methods=["POST"]),
        Route("/console/{rest:path}", private(missing)),
    ]


Page = Callable[[Request], Awaitable[Response]]


def _public(page: Page) -> Page:
    async def answer(request: Request) -> Response:
        return await _guarded(request, None, lambda: page(request))

    return answer


def signed_in_only(
    services: ConsoleServices,
) -> Callable[[Callable[[Request, SignedIn], Awaitable[Response]]], Page]:
    """A page for customer-success staff with a session; anybody else gets the page that says so."""

    def wrap(page: Callable[[Request, SignedIn], Awaitable[Response]]) -> Page:
        async def answer(request: Request) -> Response:
            async def look_up() -> Response:
                session = await _session(services, request)
                if session is None:
                    raise Unauthorized("Please sign in.")
                if session.role != CUSTOMER_SUCCESS:
                    raise Forbidden(
                        say("These pages show all companies; they are for customer-success staff.")
                    )
                return await _guarded(request, session, lambda: page(request, session))

            return await _guarded(request, None, look_up)

        return answer

    return wrap


async def _guarded(
    request: Request, session: SignedIn | None, work: Callable[[], Awaitable[Response]]
) -> Response:
    """The page, or the page that says what went wrong. A person never sees a traceback or bare JSON here."""
    try:
        answer = await work()
        if request.query_params.get("lang") in LANGUAGES:
            answer.set_cookie(
                LANGUAGE_COOKIE,
                request.query_params["lang"],
                COOKIE_SECONDS_MAX,
                path="/console",
                samesite="lax",
            )
        return answer
    except EngageError as mistake:
        told = request.method == "POST"
        return _problem(mistake.status, session, _asked(request), mistake.message, told=told)
    except Exception:
        # The path only: the query of a sign-in holds a secret.
        log.exception("the page %s failed", request.url.path)
        return _problem(500, session, _asked(request))


async def _session(services: ConsoleServices, request: Request) -> SignedIn | None:
    cookie = request.cookies.get(COOKIE, "")
    return await services.session_for(cookie) if 0 < len(cookie) <= TOKEN_CHARS_MAX else None


def _same_site(request: Request) -> bool:
    """Whether a form comes from our own pages: browsers say so in one of two headers; no header, no browser."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _as_of(request: Request) -> date | None:
    text = request.query_params.get("as_of")
    return told_day("as_of", text) if text else None


@pass_context
def _reason(context: Context, row: PortfolioRow) -> str:
    return pages.reason(row, context["asked"].language)


def prepare_pages() -> None:
    """Compile the templates and read the languages: that takes tenths of a second, which nobody need wait for."""
    environment = _environment()
    for name in environment.list_templates():
        environment.get_template(name)
    for language in LANGUAGES:
        translate("?", language)  # any text reads the catalogue


async def open_ahead(services: ConsoleServices) -> None:
    """Open the first two pages for nobody, in each language: what else is done once is done before somebody waits."""
    try:
        data = await services.portfolio(None)
        for language in LANGUAGES:
            await asyncio.to_thread(_portfolio_page, data, pages.PortfolioQuery(), None, Asked(language))
            for row in data.data[:1]:
                report = await services.company_report(row.company, PERIOD_DEFAULT)
                await asyncio.to_thread(_company_page, report, PERIOD_DEFAULT, None, Asked(language))
    except EngageError as error:
        log.warning("no page was opened ahead: %s", error.message)
    except Exception:
        log.exception("no page was opened ahead")


def _portfolio_page(
    data: Portfolio, query: pages.PortfolioQuery, session: SignedIn | None, asked: Asked
) -> HTMLResponse:
    view = pages.portfolio_view(data, query, asked.language)
    return _html("portfolio.html", session, asked, view=view)


def _company_page(report: CompanyReport, period: str, session: SignedIn | None, asked: Asked) -> HTMLResponse:
    told = in_language(report, asked.language)
    today = datetime.now(UTC).date()
    view = pages.company_view(told, period, today, asked.language)
    form = None if session is None else care_forms(session, today)
    return _html("company.html", session, asked, view=view, form=form)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("engage.web.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    environment.filters["reason"] = _reason
    environment.filters["goal_now"] = now_of
    environment.filters["stage"] = STAGE_LABELS.__getitem__
    environment.globals["bands"] = BANDS
    environment.globals["goals_in_percent"] = IN_PERCENT
    environment.globals["not_shown"] = frozenset(translate(NOT_SHOWN, language) for language in LANGUAGES)
    environment.globals["standings"] = STANDINGS
    environment.globals["standing_roles"] = STANDING_ROLES
    environment.globals["band_labels"] = BAND_LABELS
    environment.globals["churned_least"] = CHURNED_LEAST
    environment.globals["stylesheet"] = f"/console/static/console.css?v={_stylesheet()[1]}"
    return environment


class Asked(NamedTuple):
    """How a page is asked for: its language, and the same address in the others."""

    language: Language = ENGLISH
    elsewhere: tuple[tuple[Language, str, str], ...] = ()
    """(language, its own name, address)"""


def _asked(request: Request) -> Asked:
    """The address says the language, or the person did before, or the browser does."""
    chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    language = read_language(chosen, request.headers.get("accept-language", ""))
    others = [one for one in LANGUAGES if one != language]
    # A download's address is not a page to come back to, and a sign-in link works once.
    here = {name: value for name, value in request.query_params.items() if name not in ("format", "token")}
    return Asked(language, tuple((one, NAMES[one], f"?{urlencode({**here, 'lang': one})}") for one in others))


_IN_ENGLISH: Final = Asked()


def _html(
    template: str,
    session: SignedIn | None,
    asked: Asked = _IN_ENGLISH,
    *,
    status: int = 200,
    **values: object,
) -> HTMLResponse:
    page = _environment().get_template(template).render(session=session, asked=asked, **values)
    text = translate_page(page, asked.language)
    return HTMLResponse(text, status_code=status, headers={"vary": "accept-language, cookie"})


def _problem(
    status: int,
    session: SignedIn | None,
    asked: Asked,
    message: str = "",
    *,
    told: bool = False,
    link_used: bool = False,
) -> HTMLResponse:
    """`told`: by a form, so that a mistake is in what was written and not in the address."""
    return _html(
        "problem.html",
        session,
        asked,
        status=status,
        status_code=status,
        message=message,
        told=told,
        link_used=link_used,
    )


async def _paper(
    request: Request, session: SignedIn, asked: Asked, company: str, page: Digest | DepartmentReport
) -> Response:
    """A digest or a department's page, or either as a file."""
    wanted = request.query_params.get("format")
    query = {name: value for name, value in request.query_params.items() if name not in ("format", "lang")}
    if wanted is None:
        view = pages.paper_view(paper(page, asked.language), company, query, page.k, asked.language)
        return _html("paper.html", session, asked, view=view)
    name = f"{company}-{request.query_params.get('department') or 'digest'}-{page.period.name}"
    if file := file_format(wanted):
        content = await asyncio.to_thread(render, page, file, asked.language)
        return _file(content, KINDS[file].media_type, f"{name}.{file}")
    if wanted != "json":
        raise InvalidRequest(say("format must be one of {names_name}", names_name="json, xlsx, pdf, pptx"))
    return _download(wanted, name, in_language(page, asked.language), str)


def _download(wanted: str, name: str, data: object, as_csv: Callable[[], str]) -> Response:
    if wanted == "json":
        body, media = msgspec.json.encode(data), "application/json"
    elif wanted == "csv":
        body, media = as_csv().encode(), "text/csv; charset=utf-8"
    else:
        raise InvalidRequest(
            say("format must be one of {names_name}", names_name="json, csv, xlsx, pdf, pptx")
        )
    return _file(body, media, f"{name}.{wanted}")


def _file(content: bytes, media_type: str, name: str) -> Response:
    where = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return Response(content, media_type=media_type, headers={"content-disposition": where})


@cache
def _stylesheet() -> tuple[bytes, str]:
    body = (Path(__file__).parent / "static" / "console.css").read_bytes()
    return body, hashlib.sha256(body).hexdigest()[:12]


async def stylesheet(request: Request) -> Response:
    """The one style sheet. Its address holds its hash, so a browser may keep it for good."""
    body, _ = _stylesheet()
    return Response(
        body, media_type="text/css", headers={"cache-control": "public, max-age=31536000, immutable"}
    )
