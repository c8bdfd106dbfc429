"""Invitations and powered-by links in `FakeEngage`: codes, who takes them up, and what is counted.

Whether a colleague is active is for the program to say, which the fake does not know: with the first event they have
joined, and there it ends. Nothing is refused but oneself, since nobody's past is known.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

import httpx

from ._fake_answers import Json, ok, page, problem
from ._message import rfc3339

_STEPS: Final = ("sent", "seen", "understood", "forwarded", "joined", "active")


class Referrals:
    """Of all companies."""

    def __init__(
        self, numbers: Iterator[int], known: Callable[[str], bool], acted: Callable[[str, str], bool | None]
    ) -> None:
        """`acted`: whether a member reported an event; None of one who is not known."""
        self._numbers = numbers
        self._known = known
        self._acted = acted
        self._sent: dict[tuple[str, str], Json] = {}
        """(company, code) -> invitation."""
        self._counted: dict[tuple[str, str, str], set[str]] = {}
        """(company, channel, step) -> who took it."""
        self._links: dict[str, Json] = {}
        self._recommended: dict[str, Json] = {}

    def answer(
        self, request: httpx.Request, path: list[str], query: Mapping[str, str]
    ) -> httpx.Response | None:
        """None for what is nothing of this."""
        match request.method, path:
            case "POST", ["powered-by", code, "follows"]:
                return self._follow(code, json.loads(request.content)["channel"])
            case "GET", ["recommendations"]:
                by = query.get("by")
                return page([one for one in self._recommended.values() if by in (None, one["by"])], query)
            case _, ["companies", company, *rest] if self._known(company):
                return self._of_company(request, company, rest, query)
        return None

    def _of_company(
        self, request: httpx.Request, company: str, rest: list[str], query: Mapping[str, str]
    ) -> httpx.Response | None:
        match request.method, rest:
            case _, ["members", member, "invitations"] if self._acted(company, member) is None:
                return problem(404, "not_found", f"there is no member {member} in {company}")
            case "POST", ["members", member, "invitations"]:
                return self._invite(company, member, json.loads(request.content))
            case "GET", ["members", member, "invitations"]:
                own = [one for (of, _), one in self._sent.items() if of == company and one["by"] == member]
                return page([self._shown(company, one) for one in reversed(own)], query)
            case "POST", ["invitations", code, "acceptance" | "steps"] if (company, code) not in self._sent:
                return problem(404, "not_found", f"{company} has no invitation with this code")
            case "POST", ["invitations", code, "acceptance"]:
                return self._accept(company, self._sent[company, code], json.loads(request.content))
            case "POST", ["invitations", code, "steps"]:
                return self._note(company, self._sent[company, code], json.loads(request.content))
            case "GET", ["referral"]:
                return self._funnel(company)
            case "PUT", ["powered-by"]:
                return ok(self._link(company))
            case "PUT", ["recommendation"]:
                return self._recommend(company, json.loads(request.content))
            case "GET", ["recommendation"] if company in self._recommended:
                return ok(self._recommended[company])
            case "GET", ["recommendation"]:
                return problem(404, "not_found", "no company recommended this one")
        return None

    def _invite(self, company: str, member: str, body: Json) -> httpx.Response:
        number = str(next(self._numbers))
        one: Json = {
            "id": number,
            "code": f"code-{number}",
            "channel": body.get("channel") or "link",
            "sent_at": _now(),
            "to": body.get("to"),
            "by": member,
            "taken": [body["to"]] if body.get("to") else [],
        }
        if body.get("to") == member:
            return _lacking("self", "nobody can invite themselves")
        self._sent[company, one["code"]] = one
        self._count(company, one["channel"], "sent", number)
        return ok(self._shown(company, one), 201)

    def _shown(self, company: str, one: Json) -> Json:
        joined = [{"member": who, "stage": "joined"} for who in one["taken"] if self._acted(company, who)]
        return {name: one[name] for name in ("id", "code", "channel", "sent_at", "to")} | {
            "colleagues": joined
        }

    def _accept(self, company: str, one: Json, body: Json) -> httpx.Response:
        member = body["member"]
        if member == one["by"]:
            return _lacking("self", "nobody can invite themselves")
        if member not in one["taken"]:
            one["taken"].append(member)
        status = "joined" if self._acted(company, member) else "offered"
        return ok({"member": member, "inviter": one["by"], "status": status})

    def _note(self, company: str, one: Json, body: Json) -> httpx.Response:
        channel = body.get("channel") or one["channel"]
        return ok({"counted": self._count(company, channel, body["step"], f"{one['id']} {body['visitor']}")})

    def _count(self, company: str, channel: str, step: str, who: str) -> bool:
        counted = self._counted.setdefault((company, channel, step), set())
        new = who not in counted
        counted.add(who)
        return new

    def _funnel(self, company: str) -> httpx.Response:
        for (of, _), one in self._sent.items():
            for member in one["taken"]:
                if of == company and self._acted(company, member):
                    self._count(company, one["channel"], "joined", member)
        channels: dict[str, dict[str, int]] = {}
        whole = dict.fromkeys(_STEPS, 0)
        for (of, channel, step), counted in self._counted.items():
            if of == company:
                channels.setdefault(channel, dict.fromkeys(_STEPS, 0))[step] = len(counted)
                whole[step] += len(counted)
        return ok({"from": None, "to": None, "all": whole, "channels": channels})

    def _link(self, company: str) -> Json:
        link = self._links.setdefault(company, {"code": f"by-{company}", "by_channel": {}})
        recommended = sum(one["by"] == company for one in self._recommended.values())
        return {**link, "followed": sum(link["by_channel"].values()), "recommended": recommended}

    def _owner(self, code: str) -> str | None:
        return next((company for company, link in self._links.items() if link["code"] == code), None)

    def _follow(self, code: str, channel: str) -> httpx.Response:
        owner = self._owner(code)
        if owner is None:
            return problem(404, "not_found", "no company has this code")
        followed = self._links[owner]["by_channel"]
        followed[channel] = followed.get(channel, 0) + 1
        return ok({"counted": True})

    def _recommend(self, company: str, body: Json) -> httpx.Response:
        owner = self._owner(body["code"])
        if owner is None:
            return problem(404, "not_found", "no company has this code")
        made = {"company": company, "by": owner, "channel": body["channel"], "at": _now()}
        known = self._recommended.setdefault(company, made | {"actor": body.get("actor") or "fake"})
        if known["by"] != owner or owner == company:
            return problem(
                409, "conflict", f"{company} came by the recommendation of another company already"
            )
        return ok(known)


def _lacking(code: str, text: str) -> httpx.Response:
    answer = problem(409, "lacking", text).json()
    return httpx.Response(409, json={**answer, "errors": [{"code": code, "text": text, "message": text}]})


def _now() -> str:
    return rfc3339(datetime.now(UTC))
