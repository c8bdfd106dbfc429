"""A member of `FakeEngage`: what a test set, and what moved since."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import httpx

from ._fake_answers import Json, ok, problem
from ._fake_rewards import PLACES

_LEAVE_DAYS_MAX = 366


@dataclass(slots=True)
class Member:
    company: str
    id: str
    fields: Json = field(default_factory=dict)
    traits: Json = field(default_factory=dict)
    transfers: list[Json] = field(default_factory=list)
    decisions: list[Json] = field(default_factory=list)
    redemptions: list[Json] = field(default_factory=list)
    benefits: dict[str, bool | int | str] = field(default_factory=dict)
    prefers: bool = False
    streaks: dict[str, Json] = field(default_factory=dict)

    def shown_streaks(self) -> list[Json]:
        return [{key: one[key] for key in one if key != "lost"} for one in self.streaks.values()]

    def take_leave(self, body: Json) -> httpx.Response:
        first, last = date.fromisoformat(body["from"]), date.fromisoformat(body["to"])
        if not 0 <= (last - first).days < _LEAVE_DAYS_MAX:
            words = f"to: must be on or after 'from', and at most {_LEAVE_DAYS_MAX} days of leave at once"
            return problem(400, "invalid_request", words)
        if not self.streaks:
            return problem(404, "not_found", f"the program of {self.company} has no streaks: see set_streak")
        return ok({"streaks": self.shown_streaks()}, 201)

    def restore(self, streak: str) -> httpx.Response:
        """Nothing of a streak that was not lost."""
        found = self.streaks.get(streak)
        if found is None:
            return problem(404, "not_found", f"the program of {self.company} has no streak {streak}")
        found["current"] = max(found.get("current", 0), found["lost"])
        found["longest"] = max(found.get("longest", 0), found["current"])
        return ok({"streaks": self.shown_streaks()}, 201)

    def erased(self, id: str | None) -> Json:
        gone = {"entries": len(self.decisions), "notices": 0, "rejects": 0, "archive_files": []}
        return {"id": id} | gone

    def benefit(self, id: str) -> Json:
        value, level = self.benefits.get(id), (self.fields.get("level") or {}).get("id")
        return {
            "id": id,
            "granted": bool(value),
            "value": value,
            "level": level if value is not None else None,
        }

    def entitlements(self, which: list[str]) -> Json:
        data = [self.benefit(id) for id in which or self.benefits]
        return data[0] if which else {"level": (self.fields.get("level") or {}).get("id"), "data": data}

    def balances(self) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for transfer in self.transfers:
            balance = found.setdefault(transfer["currency"], {"active": 0, "earned": 0})
            balance["active"] += transfer["amount"]
            if transfer["kind"] not in ("adjustment", "redemption", "gift"):
                balance["earned"] += transfer["amount"]
        for currency, active in self.fields.get("balances", {}).items():
            found.setdefault(currency, {"active": 0, "earned": 0})["active"] += active
        for redemption in self.redemptions:
            cost, place = redemption["cost"], PLACES[redemption["status"]]
            if place:
                balance = found.setdefault(cost["currency"], {"active": 0, "earned": 0})
                balance[place] = balance.get(place, 0) + cost["amount"]
        return found
