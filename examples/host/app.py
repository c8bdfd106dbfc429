"""The host product as a Starlette application: product actions, and after each the member's progress.

This is the part to read when embedding Engage: `_sign_in` tells who somebody is, `_did` reports what they did, and
`ProgressReader` shows what came of it. The product never waits for Engage to work and never fails with it.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from engage_sdk import AsyncClient
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from examples.host import pages
from examples.host.directory import Person, colleagues_of, find_person
from examples.host.markup import Markup
from examples.host.progress import HISTORY_SIZE, Progress, ProgressReader
from examples.host.workspace import (
    COMMENTS_MAX,
    ROLES,
    SEVERITIES,
    SITES,
    TEMPLATES,
    Inspection,
    Issue,
    Template,
    Workspace,
    open_workspace,
)

log = logging.getLogger("fieldnote")

COOKIE = "fieldnote_person"
FORM_BYTES_MAX = 4096
TEXT_CHARS_MAX = 60

_STATIC = Path(__file__).parent / "static"

_SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


@dataclass(slots=True)
class Fieldnote:
    """The application's state: the way to Engage, each company's work, and what to tell each person next."""

    engage: AsyncClient
    progress: ProgressReader
    workspaces: dict[str, Workspace] = field(default_factory=dict)
    done: dict[str, tuple[str, str | None]] = field(default_factory=dict)

    def workspace_of(self, person: Person) -> Workspace:
        if person.company not in self.workspaces:
            self.workspaces[person.company] = open_workspace([other.name for other in colleagues_of(person)])
        return self.workspaces[person.company]


def create_app(connect: Callable[[], AsyncClient]) -> Starlette:
    """`connect` makes the client; it is called when the application starts, on its own event loop."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with connect() as engage:
            app.state.fieldnote = Fieldnote(engage, ProgressReader(engage))
            yield

    return Starlette(
        routes=[
            Route("/", _start),
            Route("/healthz", _healthz),
            Route("/sign-in", _sign_in, methods=["POST"]),
            Route("/sign-out", _sign_out, methods=["POST"]),
            Route("/inspections", _inspections),
            Route("/inspections", _create_inspection, methods=["POST"]),
            Route("/inspections/{id:int}/{action:str}", _act_on_inspection, methods=["POST"]),
            Route("/issues", _issues),
            Route("/issues", _raise_issue, methods=["POST"]),
            Route("/issues/{id:int}/resolve", _resolve_issue, methods=["POST"]),
            Route("/templates", _templates),
            Route("/templates", _draft_template, methods=["POST"]),
            Route("/templates/{id:int}/publish", _publish_template, methods=["POST"]),
            Route("/team", _team),
            Route("/team/invitations", _invite, methods=["POST"]),
            Route("/progress", _progress),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        middleware=[Middleware(_Guard)],
        exception_handlers={HTTPException: _refused},
        lifespan=lifespan,
    )


# Signing in


async def _start(request: Request) -> Response:
    if _person(request) is not None:
        return RedirectResponse("/inspections", 303)
    return HTMLResponse(pages.chooser_page())


async def _healthz(request: Request) -> Response:
    return PlainTextResponse("ok")


async def _sign_in(request: Request) -> Response:
    person = find_person((await _form(request)).get("person", ""))
    if person is None:
        raise HTTPException(404, "There is nobody by that name here.")
    traits = {"name": person.name, "role": person.role, "department": person.department}
    engage = _fieldnote(request).engage
    engage.identify(person.id, company=person.company, traits=traits)
    engage.track(person.id, "Signed In", company=person.company, properties={"client": "web"})
    answer = RedirectResponse("/inspections", 303)
    # A real product keeps a session; the demo has no secrets to guard, so the cookie is the id itself.
    answer.set_cookie(COOKIE, person.id, httponly=True, samesite="lax", max_age=7 * 86400)
    return answer


async def _sign_out(request: Request) -> Response:
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return answer


# Pages


async def _inspections(request: Request) -> Response:
    return await _page(request, pages.inspections_page)


async def _issues(request: Request) -> Response:
    return await _page(request, pages.issues_page)


async def _templates(request: Request) -> Response:
    return await _page(request, pages.templates_page)


async def _team(request: Request) -> Response:
    return await _page(request, pages.team_page)


async def _progress(request: Request) -> Response:
    person = _person(request)
    if person is None:
        return RedirectResponse("/", 303)
    progress = await _fieldnote(request).progress.read(person, HISTORY_SIZE)
    return HTMLResponse(pages.progress_page(person, progress))


PageOf = Callable[[Person, Workspace, Progress, Markup | None], str]


async def _page(request: Request, page: PageOf) -> Response:
    person = _person(request)
    if person is None:
        return RedirectResponse("/", 303)
    fieldnote = _fieldnote(request)
    progress = await fieldnote.progress.read(person)
    said, message_id = fieldnote.done.pop(person.id, (None, None))
    notice = pages.notice_of(said, progress.entry(message_id), progress) if said else None
    return HTMLResponse(page(person, fieldnote.workspace_of(person), progress, notice))


# What a person does: first the product's own work, then a word to Engage


async def _create_inspection(request: Request) -> Response:
    person, workspace = _signed_in(request)
    form = await _form(request)
    template = _one_of(form, "template", tuple(TEMPLATES))
    site = _one_of(form, "site", SITES)
    workspace.create_inspection(template, site, person.name)
    properties = {"template": template, "site": site}
    return _did(request, person, "Inspection Created", properties, "Inspection created", "/inspections")


async def _act_on_inspection(request: Request) -> Response:
    person, workspace = _signed_in(request)
    inspection = workspace.find_inspection(request.path_params["id"])
    action = _INSPECTION_ACTIONS.get(request.path_params["action"])
    if inspection is None or action is None:
        raise HTTPException(404, "That inspection is no longer here.")
    event, properties, said = action(inspection)
    return _did(request, person, event, properties, said, "/inspections")


Reported = tuple[str, dict[str, Any], str]


def _complete(inspection: Inspection) -> Reported:
    if inspection.completed:
        raise HTTPException(409, "That inspection is completed already.")
    inspection.completed = True
    properties = {
        "template": inspection.template,
        "site": inspection.site,
        "items": inspection.items,
        "photos": inspection.photos,
    }
    return "Inspection Completed", properties, "Inspection completed"


def _export(inspection: Inspection) -> Reported:
    inspection.exports += 1
    return "Report Exported", {"format": "pdf", "pages": 2 + inspection.items // 4}, "Report exported"


def _share(inspection: Inspection) -> Reported:
    return "Report Shared", {"recipients": 3}, "Report shared with 3 people"


def _comment(inspection: Inspection) -> Reported:
    inspection.comments = min(inspection.comments + 1, COMMENTS_MAX)
    return "Comment Added", {"about": "inspection"}, "Comment added"


_INSPECTION_ACTIONS: dict[str, Callable[[Inspection], Reported]] = {
    "complete": _complete,
    "export": _export,
    "share": _share,
    "comment": _comment,
}


async def _raise_issue(request: Request) -> Response:
    person, workspace = _signed_in(request)
    form = await _form(request)
    severity = _one_of(form, "severity", SEVERITIES)
    workspace.raise_issue(_text(form, "title", "Something is wrong"), severity)
    return _did(request, person, "Issue Raised", {"severity": severity}, "Issue raised", "/issues")


async def _resolve_issue(request: Request) -> Response:
    person, workspace = _signed_in(request)
    issue: Issue | None = workspace.find_issue(request.path_params["id"])
    if issue is None or issue.resolved:
        raise HTTPException(409, "That issue is resolved already.")
    issue.resolved = True
    properties = {"severity": issue.severity, "hours_open": issue.hours_open}
    return _did(request, person, "Issue Resolved", properties, "Issue resolved", "/issues")


async def _draft_template(request: Request) -> Response:
    _, workspace = _signed_in(request)
    workspace.draft_template(_text(await _form(request), "name", "New template"), 12)
    return RedirectResponse("/templates", 303)  # a draft is nobody's business but its author's


async def _publish_template(request: Request) -> Response:
    person, workspace = _signed_in(request)
    template: Template | None = workspace.find_template(request.path_params["id"])
    if template is None or template.published:
        raise HTTPException(409, "That template is published already.")
    template.published = True
    return _did(
        request, person, "Template Published", {"items": template.items}, "Template published", "/templates"
    )


async def _invite(request: Request) -> Response:
    person, workspace = _signed_in(request)
    role = _one_of(await _form(request), "role", ROLES)
    workspace.invitations.appendleft(role)
    return _did(request, person, "Colleague Invited", {"role": role}, "Invitation sent", "/team")


def _did(
    request: Request, person: Person, event: str, properties: Mapping[str, Any], said: str, then: str
) -> Response:
    """Reports what a person did, remembers what to tell them, and shows the page again."""
    fieldnote = _fieldnote(request)
    message_id = fieldnote.engage.track(person.id, event, company=person.company, properties=properties)
    fieldnote.done[person.id] = (said, message_id)
    return RedirectResponse(then, 303)


# Requests


def _fieldnote(request: Request) -> Fieldnote:
    fieldnote: Fieldnote = request.app.state.fieldnote
    return fieldnote


def _person(request: Request) -> Person | None:
    return find_person(request.cookies.get(COOKIE, ""))


def _signed_in(request: Request) -> tuple[Person, Workspace]:
    person = _person(request)
    if person is None:
        raise HTTPException(401, "Please choose who you are first.")
    return person, _fieldnote(request).workspace_of(person)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a small URL-encoded form; the last of a name wins."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES_MAX:
            raise HTTPException(413, "That is more than this form takes.")
    return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=20))


def _one_of(form: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = form.get(name)
    if value not in allowed:
        raise HTTPException(400, f"Please choose a {name}.")
    return value


def _text(form: Mapping[str, str], name: str, otherwise: str) -> str:
    return " ".join(form.get(name, "").split())[:TEXT_CHARS_MAX] or otherwise


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 401:
        return RedirectResponse("/", 303)
    title = {404: "There is no such page", 409: "Already done"}.get(error.status_code, "That did not work")
    return HTMLResponse(pages.message_page(title, error.detail), error.status_code, error.headers)


class _Guard:
    """Security headers on every answer, and no form posted from another site."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        origin = headers.get(b"origin", b"").decode("latin-1")
        host = headers.get(b"host", b"").decode("latin-1")
        respond: Callable[[Scope, Receive, Send], Awaitable[None]] = self.app
        if scope["method"] == "POST" and origin and urlsplit(origin).netloc != host:
            respond = PlainTextResponse("This form belongs to another site.", 403)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in _SECURITY_HEADERS.items():
                    answer[name] = value
                static = scope["path"].startswith("/static/")
                answer["Cache-Control"] = "no-cache" if static else "no-store"
            await send(message)

        await respond(scope, receive, send_guarded)
