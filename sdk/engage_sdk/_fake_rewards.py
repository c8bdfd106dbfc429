"""Rewards in `FakeEngage`: one company's catalogue and what was bought there.

Owns the steps of a redemption. Balances are the members' own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, Protocol

import httpx

from ._fake_answers import Json, not_simulated, ok, page, problem
from ._message import rfc3339

_ALLOWED: Final = {
    "held": ["approve", "cancel"],
    "approved": ["fulfil", "cancel"],
    "fulfilled": ["cancel"],
    "cancelled": [],
}
_BECOMES: Final = {"approve": "approved", "fulfil": "fulfilled", "cancel": "cancelled"}
PLACES: Final = {"held": "held", "approved": "held", "fulfilled": "spent", "cancelled": ""}
"""Status -> where the points are."""


class Buyer(Protocol):
    """A member, as far as a shop needs one."""

    id: str
    redemptions: list[Json]

    def balances(self) -> dict[str, Json]: ...


class Shop:
    """The rewards of one company."""

    def __init__(
        self, numbers: Iterator[int], find: Callable[[str], Buyer | None], move: Callable[..., Json]
    ) -> None:
        self._numbers = numbers
        self._find = find
        self._move = move
        self._rewards: dict[str, Json] = {}
        self._codes: dict[str, list[str]] = {}
        self._known: set[tuple[str, str]] = set()
        self._bought: dict[str, Json] = {}

    def add(
        self,
        reward: str,
        currency: str,
        cost: int,
        stock: int | None,
        needs_approval: bool,
        codes: Iterable[str] | None,
    ) -> None:
        price = {"currency": currency, "amount": cost}
        document = {"id": reward, "name": reward, "cost": price, "needs_approval": needs_approval}
        self._rewards[reward] = document if stock is None else {**document, "stock": stock}
        if codes is not None:
            self._codes[reward] = []
            self._upload(reward, codes)

    def answer(self, request: httpx.Request, path: list[str], query: Mapping[str, str]) -> httpx.Response:
        match request.method, path:
            case "GET", ["rewards"]:
                return self._catalogue(query.get("member"))
            case "POST", ["rewards", reward, "codes"] if reward in self._codes:
                return ok(self._upload(reward, json.loads(request.content)["codes"]))
            case "POST", ["rewards", reward, "codes"]:
                return problem(404, "not_found", f"there is no reward {reward} with codes: see set_reward")
            case "GET", ["redemptions"]:
                return page(self.newest(query), query)
            case _, ["redemptions", redemption, *_] if redemption not in self._bought:
                return problem(404, "not_found", f"there is no redemption {redemption}")
            case "GET", ["redemptions", redemption]:
                return ok(self._bought[redemption])
            case "POST", ["redemptions", redemption, "approve" | "fulfil" | "cancel" as step]:
                return self._step(self._bought[redemption], step, json.loads(request.content))
        return not_simulated(request)

    def newest(self, query: Mapping[str, str], member: str | None = None) -> list[Json]:
        status = query.get("status")
        return [
            one
            for one in reversed(self._bought.values())
            if member in (None, one["member"]) and status in (None, one["status"])
        ]

    def request(self, member: Buyer, body: Json) -> httpx.Response:
        reward = self._rewards.get(body["reward"])
        if reward is None:
            return problem(400, "invalid_request", f"there is no reward {body['reward']}: see set_reward")
        lacking = self._lacks(reward, member)
        if lacking:
            answer = problem(409, "lacking", ", ".join(lack["text"] for lack in lacking))
            errors = [{"message": lack["text"], **lack} for lack in lacking]
            return httpx.Response(409, json={**answer.json(), "errors": errors})
        status = "held" if reward["needs_approval"] else "approved"
        redemption: Json = {
            "id": str(next(self._numbers)),
            "member": member.id,
            "reward": reward["id"],
            "status": status,
            "cost": reward["cost"],
            "requested_at": _now(),
            "steps": [],
        }
        self._bought[redemption["id"]] = redemption
        member.redemptions.append(redemption)
        self._become(redemption, "request", status, body)
        self._transfer(redemption, -1)
        self._hand_out(redemption)
        return ok(redemption, 201)

    def _catalogue(self, member: str | None) -> httpx.Response:
        buyer = None if member is None else self._find(member)
        if member is not None and buyer is None:
            return problem(404, "not_found", f"there is no member {member}")
        shown = []
        for id, reward in self._rewards.items():
            document = dict(reward)
            if (left := self._stock_left(reward)) is not None:
                document["stock_left"] = left
            if id in self._codes:
                document["codes_left"] = len(self._codes[id])
            shown.append(document if buyer is None else {**document, "lacks": self._lacks(reward, buyer)})
        return ok({"data": shown})

    def _upload(self, reward: str, codes: Iterable[str]) -> Json:
        given = list(codes)
        new = [code for code in dict.fromkeys(given) if (reward, code) not in self._known]
        self._known.update((reward, code) for code in new)
        self._codes[reward] += new
        return {"added": len(new), "known": len(given) - len(new), "left": len(self._codes[reward])}

    def _stock_left(self, reward: Json) -> int | None:
        if "stock" not in reward:
            return None
        taken = [
            one for one in self._bought.values() if one["reward"] == reward["id"] and PLACES[one["status"]]
        ]
        left: int = reward["stock"] - len(taken)
        return left

    def _lacks(self, reward: Json, member: Buyer) -> list[Json]:
        currency, cost = reward["cost"]["currency"], reward["cost"]["amount"]
        missing = cost - member.balances().get(currency, {"active": 0})["active"]
        found: list[Json] = []
        if missing > 0:
            text = f"{missing} {currency} short"
            found.append({"code": "balance", "text": text, "missing": missing, "currency": currency})
        if self._stock_left(reward) == 0:
            found.append({"code": "stock", "text": "out of stock"})
        waiting = [
            one
            for one in self._bought.values()
            if one["reward"] == reward["id"] and PLACES[one["status"]] == "held"
        ]
        if reward["id"] in self._codes and len(self._codes[reward["id"]]) <= len(waiting):
            found.append({"code": "codes", "text": "no codes left"})
        return found

    def _step(self, redemption: Json, step: str, body: Json) -> httpx.Response:
        if step not in redemption["allowed"]:
            words = f"redemption {redemption['id']} is {redemption['status']}: it cannot {step}"
            return problem(409, "wrong_step", words)
        wants_code = step == "fulfil" and redemption["reward"] in self._codes
        if wants_code and not self._codes[redemption["reward"]]:
            return problem(409, "conflict", "there is no code left: upload some")
        if wants_code:
            redemption["code"] = self._codes[redemption["reward"]].pop(0)
        if step == "cancel":
            self._transfer(redemption, 1)
        self._become(redemption, step, _BECOMES[step], body)
        self._hand_out(redemption)
        return ok(redemption)

    def _hand_out(self, redemption: Json) -> None:
        codes = self._codes.get(redemption["reward"])
        if redemption["status"] == "approved" and codes:
            redemption["code"] = codes.pop(0)
            said = {"actor": "engage", "reason": "approved, and a code was there"}
            self._become(redemption, "fulfil", "fulfilled", said)

    def _become(self, redemption: Json, step: str, status: str, body: Json) -> None:
        done = {
            "step": step,
            "at": _now(),
            "actor": body.get("actor", "key"),
            "reason": body.get("reason", ""),
        }
        redemption["steps"].append(done)
        redemption.update(status=status, allowed=_ALLOWED[status], changed_at=done["at"])

    def _transfer(self, redemption: Json, sign: int) -> None:
        cost = redemption["cost"]
        buyer = self._find(redemption["member"])
        self._move(buyer, "redemption", cost["currency"], sign * cost["amount"], redemption=redemption["id"])


def _now() -> str:
    return rfc3339(datetime.now(UTC))
