"""Interventions in `FakeEngage`: logged, corrected and withdrawn as the service does; scores are what the test set."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import httpx

from ._fake_answers import Json, ok, problem
from ._message import rfc3339


class Interventions:
    """Of all companies."""

    def __init__(self, companies: Collection[str]) -> None:
        self._companies = companies
        self._logged: dict[str, Json] = {}
        self.scores: dict[str, list[Json]] = {}
        """What the scores after an intervention are told as, by its id."""

    def answer(self, request: httpx.Request, path: Sequence[str]) -> httpx.Response | None:
        """None for what is nothing of this."""
        match request.method, path:
            case "GET", []:
                newest = sorted(self._logged.values(), key=_newest, reverse=True)
                return ok({"data": newest})
            case "PUT", [id]:
                return self._log(id, json.loads(request.content))
            case _, [id, *_] if id not in self._logged:
                return problem(404, "not_found", "there is no such intervention")
            case "GET", [id]:
                one = self._logged[id]
                scores = [] if one.get("withdrawn") else self.scores.get(id, [])
                return ok({"intervention": one, "scores": scores})
            case "POST", [id, "withdraw"]:
                return self._withdraw(id, json.loads(request.content))
        return None

    def _log(self, id: str, body: Json) -> httpx.Response:
        wanted, share = sorted(set(body["companies"])), body.get("hold_out") or 0.0
        without = _held_out(id, wanted, share)
        strangers = [one for one in wanted if one not in self._companies]
        mistake = (
            (not _is_day(body["day"]) and "day: must be a day such as 2026-11-22")
            or (not wanted and "companies: name 1 to 10,000")
            or (share and not without and "hold_out: of fewer than three companies none can be held out")
            or (strangers and f"companies: {strangers[0]!r} is not known")
        )
        if mistake:
            return problem(400, "invalid_request", str(mistake))
        said: Json = {
            "id": id,
            "what": body["what"],
            "day": body["day"],
            "actor": body.get("actor") or "key fake",
            "companies": sorted(one for one in wanted if one not in without),
            "held_out": sorted(without),
            "recorded_at": rfc3339(datetime.now(UTC)),
        }
        before = self._logged.get(id)
        if before is None:
            self._logged[id] = said
            return ok(said)
        if not (corrected := _corrected(before, said)):
            return ok(before)
        if not body.get("reason"):
            return problem(400, "invalid_request", "reason: say why the intervention is corrected")
        changes = [_change(said["actor"], text, body["reason"]) for text in corrected]
        kept = {key: said[key] for key in ("what", "day", "companies", "held_out")}
        after = {**before, **kept, "changes": [*before.get("changes", []), *changes], "withdrawn": False}
        self._logged[id] = after
        return ok(after)

    def _withdraw(self, id: str, body: Json) -> httpx.Response:
        one = self._logged[id]
        if not one.get("withdrawn"):
            change = _change(body.get("actor") or "key fake", "withdrawn", body["reason"])
            one = {**one, "withdrawn": True, "changes": [*one.get("changes", []), change]}
            self._logged[id] = one
        return ok(one)


def told(scores: Iterable[Mapping[str, Any]]) -> list[Json]:
    """Scores as a test gives them, with what it left out."""
    unknown = dict.fromkeys(("change", "others_change", "difference", "low", "high"))
    return [{"companies": 0, "others": 0, "text": "", **unknown, **one} for one in scores]


def _newest(one: Json) -> tuple[str, str, str]:
    return one["day"], one["recorded_at"], one["id"]


def _change(actor: str, text: str, reason: str) -> Json:
    return {"at": rfc3339(datetime.now(UTC)), "actor": actor, "text": text, "reason": reason}


def _corrected(before: Json, said: Json) -> list[str]:
    """What is said otherwise, in words."""
    found = ["logged again"] if before.get("withdrawn") else []
    differing = [key for key in ("what", "day") if before[key] != said[key]]
    found += [f"{key} was {before[key]}, now {said[key]}" for key in differing]
    if (before["companies"], before["held_out"]) != (said["companies"], said["held_out"]):
        was, now = (f"{len(one['companies'])} and {len(one['held_out'])}" for one in (before, said))
        same = "now other companies, as many as before"
        found.append(same if was == now else f"companies were {was} held out, now {now}")
    return found


def _held_out(id: str, companies: Sequence[str], share: float) -> set[str]:
    """Whom the service draws: the same companies for the same id."""
    count = max(2, round(share * len(companies))) if share and len(companies) > 2 else 0
    drawn = sorted(companies, key=lambda one: hashlib.blake2b(f"{id}\0{one}".encode()).digest())
    return set(drawn[:count])


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
