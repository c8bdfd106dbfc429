"""The calls of campaigns, templates, nudges, interventions and leave: requests, and how their answers are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, TypeVar
from urllib.parse import urlencode

from . import models
from ._calls import (
    Call,
    Listing,
    _company,
    _day,
    _delete,
    _get,
    _id,
    _json,
    _member,
    _page_size,
    _post,
    _put,
    _reader,
    _segment,
    _text,
)
from ._message import Id
from ._wire import Request
from .errors import InvalidResponse

T = TypeVar("T")


def _list_of(kind: type[T], key: str = "data") -> Callable[[Any], tuple[T, ...]]:
    def read(document: Any) -> tuple[T, ...]:
        items = document.get(key) if isinstance(document, dict) else None
        if not isinstance(items, list):
            raise InvalidResponse(f"the answer has no {key}")
        return tuple(models.decode(kind, item) for item in items)

    return read


def take_leave(
    company: Id, member: Id, first: date, last: date, reason: str | None, actor: str | None, key: str | None
) -> Call[tuple[models.Streak, ...]]:
    """POST .../members/{member}/leave"""
    body = {"from": _day(first, "first"), "to": _day(last, "last"), "reason": reason, "actor": actor}
    return _post(f"{_member(company, member)}/leave", body, _list_of(models.Streak, "streaks"), key)


def restore_streak(
    company: Id, member: Id, streak: str, reason: str | None, actor: str | None, key: str | None
) -> Call[tuple[models.Streak, ...]]:
    """POST .../members/{member}/streaks/{streak}/restore"""
    path = f"{_member(company, member)}/streaks/{_segment(streak, 'streak')}/restore"
    return _post(path, {"reason": reason, "actor": actor}, _list_of(models.Streak, "streaks"), key)


def open_nudge(company: Id, member: Id, nudge: str, actor: str | None) -> Call[models.Nudge]:
    """POST .../members/{member}/nudges/{nudge}/opened"""
    path = f"{_member(company, member)}/nudges/{_segment(nudge, 'nudge')}/opened"
    return _post(path, {"actor": actor}, _reader(models.Nudge), None)


def list_nudges(company: Id) -> Call[tuple[models.NudgeCounts, ...]]:
    """GET .../nudges"""
    return _get(f"{_company(company)}/nudges", _list_of(models.NudgeCounts))


# --- campaigns ----------------------------------------------------------------------------------------------


def _campaign(company: Id, campaign: str) -> str:
    return f"{_company(company)}/campaigns/{_segment(campaign, 'campaign')}"


def list_campaigns(company: Id) -> Call[tuple[models.Campaign, ...]]:
    """GET .../campaigns"""
    return _get(f"{_company(company)}/campaigns", _list_of(models.Campaign))


def get_campaign(company: Id, campaign: str) -> Call[models.Campaign]:
    """GET .../campaigns/{campaign}"""
    return _get(_campaign(company, campaign), _reader(models.Campaign))


def steer_campaign(
    company: Id, campaign: str, step: str, reason: str, actor: str | None
) -> Call[models.Campaign]:
    """POST .../campaigns/{campaign}/{pause,resume,end}"""
    body = {"reason": _text(reason, "reason"), "actor": actor}
    return _post(f"{_campaign(company, campaign)}/{step}", body, _reader(models.Campaign), None)


def clone_campaign(
    company: Id, campaign: str, id: str, first_day: date, last_day: date, actor: str | None
) -> Call[models.Draft]:
    """POST .../campaigns/{campaign}/clone"""
    body = {
        "id": _text(id, "id"),
        "first_day": _day(first_day, "first_day"),
        "last_day": _day(last_day, "last_day"),
        "actor": actor,
    }
    return _post(f"{_campaign(company, campaign)}/clone", body, _reader(models.Draft), None)


# --- templates ----------------------------------------------------------------------------------------------


def list_templates(industry: str | None, scene: str | None, page_size: int) -> Listing[models.Template]:
    """GET /v1/program-templates"""
    query = {"industry": industry, "scene": scene}
    return Listing("/v1/program-templates", models.Template, _page_size(page_size), query)


def _template(template: str) -> str:
    return f"/v1/program-templates/{_segment(template, 'template')}"


def get_template(template: str, version: int | None) -> Call[models.Template]:
    """GET /v1/program-templates/{template}"""
    return _get(_template(template), _reader(models.Template), {"version": version})


def publish_template(
    template: str, document: str | Mapping[str, Any], actor: str | None
) -> Call[models.PublishedTemplate]:
    """PUT /v1/program-templates/{template}"""
    headers, data = {"Content-Type": "application/json"}, b""
    if isinstance(document, str):
        headers, data = {"Content-Type": "application/yaml"}, _text(document, "document").encode("utf-8")
    else:
        data = _json(dict(document))
    path = _template(template) if actor is None else f"{_template(template)}?{urlencode({'actor': actor})}"
    return Call(Request("PUT", path, headers, data), _reader(models.PublishedTemplate))


def list_template_versions(template: str, page_size: int) -> Listing[models.Template]:
    """GET /v1/program-templates/{template}/versions"""
    return Listing(f"{_template(template)}/versions", models.Template, _page_size(page_size))


def _followed(company: Id) -> str:
    return f"{_company(company)}/program/template"


def get_followed(company: Id) -> Call[models.FollowedTemplate]:
    """GET .../program/template"""
    return _get(_followed(company), _reader(models.FollowedTemplate))


def start_from(
    company: Id, template: str, version: int | None, overrides: Mapping[str, Any] | None, actor: str | None
) -> Call[models.Draft]:
    """PUT .../program/template"""
    body = {
        "template": _id(template, "template"),
        "version": version,
        "overrides": dict(overrides or {}),
        "actor": actor,
    }
    return _put(_followed(company), body, _reader(models.Draft))


def leave_template(company: Id) -> Call[models.LeftTemplate]:
    """DELETE .../program/template"""
    return _delete(_followed(company), _reader(models.LeftTemplate))


def get_proposal(company: Id, take: Iterable[str]) -> Call[models.TemplateProposal]:
    """GET .../program/template/proposal"""
    query = {"take": ",".join(take) or None}
    return _get(f"{_followed(company)}/proposal", _reader(models.TemplateProposal), query)


def accept_proposal(company: Id, version: int, take: Iterable[str], actor: str | None) -> Call[models.Draft]:
    """POST .../program/template/proposal/accept"""
    body = {"version": version, "take": list(take), "actor": actor}
    return _post(f"{_followed(company)}/proposal/accept", body, _reader(models.Draft), None)


def decline_proposal(company: Id, version: int, actor: str | None) -> Call[models.FollowedTemplate]:
    """POST .../program/template/proposal/decline"""
    body = {"version": version, "actor": actor}
    return _post(f"{_followed(company)}/proposal/decline", body, _reader(models.FollowedTemplate), None)


# --- interventions ------------------------------------------------------------------------------------------


def _intervention(id: str) -> str:
    return f"/v1/interventions/{_segment(id, 'intervention')}"


def list_interventions() -> Call[tuple[models.Intervention, ...]]:
    """GET /v1/interventions"""
    return _get("/v1/interventions", _list_of(models.Intervention))


def get_intervention(id: str) -> Call[models.JudgedIntervention]:
    """GET /v1/interventions/{intervention}"""
    return _get(_intervention(id), _reader(models.JudgedIntervention))


def log_intervention(
    id: str,
    what: str,
    day: date,
    companies: Iterable[Id],
    hold_out: float,
    reason: str | None,
    actor: str | None,
) -> Call[models.Intervention]:
    """PUT /v1/interventions/{intervention}"""
    body = {
        "what": _text(what, "what"),
        "day": _day(day, "day"),
        "companies": [_id(company, "company") for company in companies],
        "hold_out": hold_out,
        "reason": reason,
        "actor": actor,
    }
    return _put(_intervention(id), body, _reader(models.Intervention))


def withdraw_intervention(id: str, reason: str, actor: str | None) -> Call[models.Intervention]:
    """POST /v1/interventions/{intervention}/withdraw"""
    body = {"reason": _text(reason, "reason"), "actor": actor}
    return _post(f"{_intervention(id)}/withdraw", body, _reader(models.Intervention), None)
