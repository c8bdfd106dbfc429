"""What people do by hand in `FakeEngage`: gifts, adjustments that a second person approves, messages seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import httpx

from ._fake_answers import Json, ok, page, problem
from ._fake_members import Member
from ._message import rfc3339


class Acts:
    """The allowances, the adjustments that wait and the messages of all companies of a fake."""

    def __init__(
        self, numbers: Iterator[int], find: Callable[[str, str], Member | None], move: Callable[..., Json]
    ) -> None:
        self._numbers = numbers
        self._find = find
        self._move = move
        self.allowances: dict[tuple[str, str], int] = {}
        self.approved_to: dict[str, int] = {}
        self._given: dict[tuple[str, str, str], int] = {}
        self._asked: dict[str, dict[str, Json]] = {}
        self._nudges: dict[str, dict[tuple[str, str], Json]] = {}

    def give(self, giver: Member, body: Json) -> httpx.Response:
        """Out of an allowance without windows or pair limits. What is received is no award: it is not `earned`."""
        company, currency, amount = giver.company, body["currency"], body["amount"]
        colleague = self._find(company, body["to"])
        if colleague is None:
            return problem(404, "not_found", f"there is no member {body['to']} in {company}")
        if colleague is giver or (company, currency) not in self.allowances:
            words = "nobody can give to themselves" if colleague is giver else f"{currency} cannot be given"
            return problem(409, "conflict", words)
        place = (company, giver.id, currency)
        left = self.allowances[company, currency] - self._given.get(place, 0)
        if not 0 < amount <= left:
            return problem(409, "lacking", f"{left} {currency} left to give")
        self._given[place] = self._given.get(place, 0) + amount
        cause = {"colleague": giver.id, "message": body.get("message", "")}
        moved = self._move(colleague, "gift", currency, amount, **cause)
        gift = {"id": str(next(self._numbers)), "at": moved["at"], "giver": giver.id, "left": left - amount}
        return ok(
            {**gift, **{key: body.get(key, "") for key in ("to", "currency", "amount", "message")}}, 201
        )

    # --- adjustments ---

    def adjust(self, member: Member, body: Json) -> httpx.Response:
        """Done at once up to what needs no second person; above that it waits."""
        currency, amount = body["currency"], body["amount"]
        most = self.approved_to.get(member.company)
        if most is None or abs(amount) <= most:
            cause = {key: value for key, value in body.items() if key not in ("currency", "amount")}
            transfer = self._move(member, "adjustment", currency, amount, **cause)
            return ok({**transfer, "balance": member.balances()[currency], "status": "done"}, 201)
        asked = {"id": str(next(self._numbers)), "member": member.id, "status": "requested", **body}
        asked.setdefault("actor", "key fake")
        asked["requested_at"] = rfc3339(datetime.now(UTC))
        self._asked.setdefault(member.company, {})[asked["id"]] = asked
        return ok({**asked, "balance": _balance(member, currency)}, 201)

    def adjustments(
        self, company: str, request: httpx.Request, path: list[str], query: Mapping[str, str]
    ) -> httpx.Response:
        known = self._asked.get(company, {})
        if not path:
            status = query.get("status", "requested")
            return page([one for one in [*known.values()][::-1] if one["status"] == status], query)
        asked = known.get(path[0])
        if asked is None:
            return problem(404, "not_found", f"there is no adjustment {path[0]} in {company}")
        return self._settle(company, asked, path[1], json.loads(request.content))

    def _settle(self, company: str, asked: Json, step: str, body: Json) -> httpx.Response:
        actor, member = body.get("actor", "key fake"), self._find(company, asked["member"])
        assert member is not None
        if asked["status"] != "requested":
            return problem(409, "wrong_step", f"adjustment {asked['id']} is {asked['status']} already")
        if step == "approve" and actor == asked["actor"]:
            return problem(409, "conflict", f"{actor} asked for it: a second person must approve")
        asked |= {"settled_by": actor, "settled_for": body["reason"]}
        asked["status"] = "done" if step == "approve" else "declined"
        currency = asked["currency"]
        if step == "approve":
            cause = {"reason": asked["reason"], "actor": asked["actor"]}
            self._move(member, "adjustment", currency, asked["amount"], **cause)
        return ok({**asked, "balance": _balance(member, currency)})

    # --- messages ---

    def send_nudge(self, company: str, member: str, nudge: str, text: str) -> None:
        at = rfc3339(datetime.now(UTC))
        sent = {"id": nudge, "text": text, "at": at, "opened": False, "opened_at": None}
        self._nudges.setdefault(company, {})[member, nudge] = sent

    def nudges_of(self, company: str, member: str) -> list[Json]:
        sent = self._nudges.get(company, {})
        return [found for (owner, _), found in sent.items() if owner == member]

    def open_nudge(self, company: str, member: str, nudge: str) -> httpx.Response:
        found = self._nudges.get(company, {}).get((member, nudge))
        if found is None:
            return problem(404, "not_found", f"{member} was not sent {nudge}: see send_nudge")
        if not found["opened"]:
            found |= {"opened": True, "opened_at": rfc3339(datetime.now(UTC))}
        return ok(found)


def _balance(member: Member, currency: str) -> Json:
    return member.balances().get(currency, {"active": 0, "earned": 0})
