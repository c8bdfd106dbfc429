"""Campaigns in `FakeEngage`: those that a test set, and the steps that the service allows. Days are of UTC."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

import httpx

from ._fake_answers import Json, ok, problem
from ._fake_templates import Drafts
from ._message import rfc3339

_DONE: Final = {"pause": "paused", "resume": "running", "end": "ended"}
_FROM: Final = {
    "pause": ("planned", "running"),
    "resume": ("paused",),
    "end": ("planned", "running", "paused"),
}


class Campaigns:
    """Of all companies. A copy goes into the draft, which holds nothing else but what a template brought."""

    def __init__(self, drafts: Drafts) -> None:
        self._drafts = drafts
        self._known: dict[str, dict[str, Json]] = {}

    def add(
        self,
        company: str,
        id: str,
        first_day: date,
        last_day: date,
        rules: Iterable[str],
        awarded: Mapping[str, int],
        budgets: Mapping[str, int],
        holdout: int,
        measured: Iterable[Mapping[str, Any]],
    ) -> None:
        self._known.setdefault(company, {})[id] = {
            "id": id,
            "name": id,
            "first_day": first_day.isoformat(),
            "last_day": last_day.isoformat(),
            "rules": list(rules),
            "quests": [],
            "awarded": dict(awarded),
            "budgets": {
                currency: {"amount": amount, "left": amount - awarded.get(currency, 0)}
                for currency, amount in budgets.items()
            },
            "stopped": None,
            "holdout": holdout,
            "measured": [dict(month) for month in measured],
        }

    def answer(self, request: httpx.Request, company: str, path: list[str]) -> httpx.Response | None:
        """None for what is nothing of this."""
        known = self._known.get(company, {})
        match request.method, path:
            case "GET", []:
                shown = [_shown(one) for one in known.values()]
                return ok({"data": sorted(shown, key=lambda one: (one["first_day"], one["id"]))})
            case _, [campaign, *_] if campaign not in known:
                return problem(404, "not_found", f"the program of {company} has no campaign {campaign}")
            case "GET", [campaign]:
                return ok(_shown(known[campaign]))
            case "POST", [campaign, "pause" | "resume" | "end" as step]:
                return _steer(known[campaign], step, json.loads(request.content))
            case "POST", [campaign, "clone"]:
                return self._clone(company, known[campaign], json.loads(request.content))
        return None

    def _clone(self, company: str, campaign: Json, body: Json) -> httpx.Response:
        drafted = self._drafts.program(company).setdefault("campaigns", {})
        if body["id"] in self._known[company] or body["id"] in drafted:
            return problem(409, "conflict", f"there is a campaign {body['id']} already")
        if body["last_day"] < body["first_day"]:
            return problem(422, "invalid", "until: must not lie before 'from'")
        rules = [f"{body['id']}-{rule}" for rule in campaign["rules"]]
        drafted[body["id"]] = {"from": body["first_day"], "until": body["last_day"], "rules": rules}
        return self._drafts.saved(company, body.get("actor"))


def _state(campaign: Json) -> str:
    stopped, today = campaign["stopped"], datetime.now(UTC).date().isoformat()
    if stopped is not None and stopped["step"] == "end":
        return "ended"
    if today < campaign["first_day"]:
        return "planned"
    if today > campaign["last_day"]:
        return "over"
    return "running" if stopped is None else "paused"


def _shown(campaign: Json) -> Json:
    return {**campaign, "state": _state(campaign)}


def _steer(campaign: Json, step: str, body: Json) -> httpx.Response:
    stands = _state(campaign)
    if stands == "planned" and campaign["stopped"] is not None:
        stands = "paused"
    if stands != _DONE[step]:
        if stands not in _FROM[step]:
            words = f"campaign {campaign['id']} is {stands}: it cannot be {_DONE[step]}"
            return problem(409, "conflict", words)
        by = {"actor": body.get("actor", "key fake"), "reason": body["reason"]}
        stopped = {"step": step, **by, "at": rfc3339(datetime.now(UTC))}
        campaign["stopped"] = None if step == "resume" else stopped
    return ok(_shown(campaign))
