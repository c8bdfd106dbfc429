"""`FakeEngage`: stands in for the service in a host's own tests.

It answers real clients of this package through their real core, in memory, without a socket. Owns a record of
what was reported and the simplest account of points. It is not a small Engage: it knows no program, so **no**
levels, limits, budgets, conditions, quests, streaks, expiry or late events, and of what a reward asks for only
cost, stock and codes. A level, badge, streak, campaign or score is what the test set. What it does not simulate
it refuses with status 501 and code `not_simulated`; it never makes an answer up.
"""

from __future__ import annotations

import itertools
import json
import threading
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from types import TracebackType
from typing import Any
from urllib.parse import unquote

import httpx

from ._fake_acts import Acts
from ._fake_answers import Json, company_of, inflated, not_simulated, ok, page, problem
from ._fake_boards import Board, board_answer
from ._fake_campaigns import Campaigns
from ._fake_interventions import Interventions, told
from ._fake_members import Member as _Member
from ._fake_recorded import Recorded as Recorded
from ._fake_recorded import line, matches, not_tracked
from ._fake_referral import Referrals
from ._fake_rewards import Shop
from ._fake_templates import Drafts, Templates
from ._message import Id, Message, rfc3339
from ._retry import RetryPolicy
from ._sender import ThreadSender
from ._tasks import TaskSender
from .async_client import AsyncClient
from .client import Client
from .errors import EngageError

_SETTLE_SECONDS = 10.0
_ADDRESS = "http://engage.fake"
_NO_WAITING = RetryPolicy(base_seconds=0.0, retry_after_seconds_max=0.0)


class FakeEngage:
    """An Engage service in memory, for one test.

    Use it as a context manager or call `close()`: both settle and close the clients it made. `events`,
    `errors` and the other records settle its clients first, so a test needs no flush.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._recorded: dict[tuple[str | None, str], Recorded] = {}
        self._members: dict[tuple[str, str], _Member] = {}
        self._companies: dict[str, Json] = {}
        self._health: dict[str, Json] = {}
        self._boards: dict[tuple[str, str], Board] = {}
        self._shops: dict[str, Shop] = {}
        self._reports: dict[tuple[str, str], Json] = {}
        self._awards: list[tuple[str, str, int]] = []
        self._rejects: dict[str, tuple[str, str]] = {}
        self._reversed: set[tuple[str, str]] = set()
        self._answered: dict[str, httpx.Response] = {}
        self._failures: list[int | Exception] = []
        self._errors: list[tuple[EngageError, Sequence[Message]]] = []
        self._clients: list[Client | AsyncClient] = []
        self._numbers = itertools.count(1)
        self._acts = Acts(self._numbers, lambda *one: self._members.get(one), self._transfer)
        self._referrals = Referrals(self._numbers, self._companies.__contains__, self._acted)
        drafts = Drafts()
        self._campaigns, self._templates = Campaigns(drafts), Templates(drafts)
        self._interventions = Interventions(self._companies)

    # What a test uses: clients

    def client(self, **settings: Any) -> Client:
        """A real `Client` of this fake. Takes `Client`'s settings; retries do not wait."""
        client = Client(_ADDRESS, **self._settings(settings), make_http=self._http)
        self._clients.append(client)
        return client

    def async_client(self, **settings: Any) -> AsyncClient:
        """A real `AsyncClient` of this fake. Takes `AsyncClient`'s settings; retries do not wait."""
        client = AsyncClient(
            _ADDRESS,
            **self._settings(settings),
            make_http=lambda: httpx.AsyncClient(transport=httpx.MockTransport(self._answer)),
        )
        self._clients.append(client)
        return client

    def _settings(self, settings: Json) -> Json:
        theirs = settings.get("on_error")

        def on_error(error: EngageError, messages: Sequence[Message]) -> None:
            with self._lock:
                self._errors.append((error, messages))
            if theirs is not None:
                theirs(error, messages)

        return {
            "key": "sk_fake",
            "retry": _NO_WAITING,
            "flush_interval": 0.0,
            **settings,
            "on_error": on_error,
        }

    def _http(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self._answer))

    def settle(self) -> None:
        """Delivers what the clients of this fake have queued."""
        for client in self._clients:
            sender: ThreadSender | TaskSender = client._sender
            if not isinstance(sender, ThreadSender):
                sender.deliver_blocking(_SETTLE_SECONDS, self._http)
            elif sender.flush(_SETTLE_SECONDS):
                sender.outbox.wait_until_told(_SETTLE_SECONDS)

    def close(self) -> None:
        """Settles and closes the clients of this fake; what was recorded stays readable."""
        for client in self._clients:
            sender: ThreadSender | TaskSender = client._sender
            if isinstance(sender, ThreadSender):
                sender.close(_SETTLE_SECONDS)
            else:
                sender.deliver_blocking(_SETTLE_SECONDS, self._http)
                sender.release()

    def __enter__(self) -> FakeEngage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What a test uses: arranging

    def award(self, event: str, currency: str, amount: int) -> None:
        """From now on, every such event earns its member this much. No limits, no conditions."""
        self._awards.append((event, currency, amount))

    def set_member(
        self,
        company: str,
        member: str,
        *,
        name: str | None = None,
        level: str | Mapping[str, Any] | None = None,
        next_level: Mapping[str, Any] | None = None,
        progress: float | None = None,
        balances: Mapping[str, int] | None = None,
        badges: Iterable[str] = (),
        benefits: Mapping[str, bool | int | str] | None = None,
        review: Mapping[str, Any] | None = None,
        traits: Mapping[str, Any] | None = None,
        stage: str | None = None,
    ) -> None:
        """Makes a member known. `balances` are what was there before; awards and adjustments are added to them."""
        found = self._member(company, member)
        found.fields = {
            "name": name,
            "level": {"id": level, "name": level} if isinstance(level, str) else level,
            "next_level": next_level,
            "progress": progress,
            "balances": dict(balances or {}),
            "badges": [{"id": badge, "name": badge} for badge in badges],
            "review": review,
            "stage": stage,
        }
        found.benefits = dict(benefits or {})
        found.traits.update(traits or {})

    def set_company(self, company: str, **fields: Any) -> None:
        """Makes a company known, with fields as the service names them: name, seats, timezone, traits, stage, tier."""
        self._company(company).update(fields)

    def set_leaderboard(
        self, company: str, board: str, scores: Mapping[str, int], *, name: str | None = None
    ) -> None:
        """What a leaderboard by member answers: these scores, whoever prefers what."""
        self._company(company)
        self._boards[company, board] = Board(board, name, dict(scores))

    def set_health(self, company: str, **fields: Any) -> None:
        """What `health.get` and the portfolio answer: score, band, change_4w, drivers and so on."""
        self._company(company)
        self._health[company] = dict(fields)

    def set_report(self, company: str, period: str, data: Mapping[str, Any]) -> None:
        """What `reports.get` answers for this period."""
        self._company(company)
        self._reports[company, period] = dict(data)

    def set_reward(
        self,
        company: str,
        reward: str,
        *,
        cost: int,
        currency: str = "points",
        stock: int | None = None,
        needs_approval: bool = False,
        codes: Iterable[str] | None = None,
    ) -> None:
        """Makes a reward of a company known. Of what a member may lack only balance, stock and codes are simulated."""
        self._company(company)
        self._shop(company).add(reward, currency, cost, stock, needs_approval, codes)

    def set_allowance(self, company: str, currency: str, units: int) -> None:
        """What each member may give to colleagues: so much in all. Windows and pair limits are not simulated."""
        self._acts.allowances[company, currency] = units

    def set_streak(self, company: str, member: str, streak: str, **fields: Any) -> None:
        """A member's streak, as the service names its fields: current, longest, freezes, today. Leave changes nothing
        of it; restoring it makes `current` what `lost` was set to."""
        self._member(company, member).streaks[streak] = {"id": streak, "lost": 0, **fields}

    def set_campaign(
        self,
        company: str,
        campaign: str,
        *,
        first_day: date,
        last_day: date,
        rules: Iterable[str] = (),
        awarded: Mapping[str, int] | None = None,
        budgets: Mapping[str, int] | None = None,
        holdout: int = 0,
        measured: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        """Makes a campaign of a company known, what it awarded so far, and what it moved: nobody is held out here, and
        nothing measured."""
        self._company(company)
        totals = awarded or {}, budgets or {}
        self._campaigns.add(company, campaign, first_day, last_day, rules, *totals, holdout, measured)

    def set_intervention_scores(self, intervention: str, scores: Iterable[Mapping[str, Any]]) -> None:
        """What `interventions.get` tells of the scores after it: weeks, change, others_change, text and so on."""
        self._interventions.scores[intervention] = told(scores)

    def set_approval(self, company: str, most: int) -> None:
        """Adjustments above `most` wait from now on for a second person."""
        self._acts.approved_to[company] = most

    def send_nudge(self, company: str, member: str, nudge: str, text: str = "") -> None:
        """Sends a member a message, as a rule would."""
        self._member(company, member)
        self._acts.send_nudge(company, member, nudge, text)

    def reject(self, event: str, code: str, message: str = "rejected by the test") -> None:
        """From now on, every such event is rejected for this reason."""
        self._rejects[event] = (code, message)

    def fail_next(self, failure: int | Exception, times: int = 1) -> None:
        """The next requests get this HTTP status, or this exception instead of an answer."""
        with self._lock:
            self._failures.extend([failure] * times)

    # What a test uses: looking

    @property
    def events(self) -> list[Recorded]:
        """What was tracked, in the order of arrival, each message id once."""
        return self._of_type("track")

    @property
    def identifies(self) -> list[Recorded]:
        """The identify calls."""
        return self._of_type("identify")

    @property
    def groups(self) -> list[Recorded]:
        """The group calls."""
        return self._of_type("group")

    @property
    def pages(self) -> list[Recorded]:
        """The page calls."""
        return self._of_type("page")

    @property
    def screens(self) -> list[Recorded]:
        """The screen calls."""
        return self._of_type("screen")

    @property
    def aliases(self) -> list[Recorded]:
        """The alias calls."""
        return self._of_type("alias")

    @property
    def errors(self) -> list[tuple[EngageError, Sequence[Message]]]:
        """What `on_error` was told, for all clients of this fake."""
        self.settle()
        with self._lock:
            return list(self._errors)

    def assert_tracked(
        self,
        event: str,
        *,
        company: Id | None = None,
        member: Id | None = None,
        properties: Mapping[str, Any] | None = None,
        times: int | None = None,
    ) -> Recorded:
        """Fails unless such an event arrived (exactly `times`, if given); answers the last one.

        What is not given is not compared; of `properties`, those given must be equal.
        """
        __tracebackhide__ = True
        wanted = {"company": _said(company), "member": _said(member)}
        found = [one for one in self.events if one.event == event and matches(one, wanted, properties)]
        if (found if times is None else len(found) == times) and found:
            return found[-1]
        told = not_tracked(event, wanted, properties, times, len(found), self.events)
        raise AssertionError(
            "\n".join([*told, *(f"  reported to on_error: {one}" for one, _ in self._errors[-5:])])
        )

    def assert_not_tracked(self, event: str, *, company: Id | None = None, member: Id | None = None) -> None:
        """Fails if such an event arrived."""
        __tracebackhide__ = True
        wanted = {"company": _said(company), "member": _said(member)}
        found = [one for one in self.events if one.event == event and matches(one, wanted, None)]
        if found:
            raise AssertionError("\n".join([f"expected no {event!r}, but arrived:", *map(line, found)]))

    def _of_type(self, kind: str) -> list[Recorded]:
        self.settle()
        with self._lock:
            return [one for one in self._recorded.values() if one.type == kind]

    # What the clients meet

    def _answer(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            if self._failures:
                failure = self._failures.pop(0)
                if isinstance(failure, Exception):
                    raise failure
                return problem(failure, "failed_by_test", f"the test asked for status {failure}")
            key = request.headers.get("idempotency-key")
            if key is not None and key in self._answered:
                earlier = self._answered[key]
                return httpx.Response(earlier.status_code, content=earlier.content)
            answer = self._route(request)
            if key is not None and answer.is_success:
                self._answered[key] = answer
            return answer

    def _route(self, request: httpx.Request) -> httpx.Response:
        raw = request.url.raw_path.decode("ascii").partition("?")[0]
        path = [unquote(part) for part in raw.split("/")[2:]]
        query = dict(request.url.params)
        if (answer := self._referrals.answer(request, path, query)) is not None:
            return answer
        answer = self._templates.answer(request, path[1:], query) if path[0] == "program-templates" else None
        if answer is not None:
            return answer
        if path[0] == "interventions":
            return self._interventions.answer(request, path[1:]) or not_simulated(request)
        match request.method, path:
            case "POST", ["batch"]:
                batch = json.loads(inflated(request))["batch"]
                return ok({"success": True, "results": {one["messageId"]: self._take(one) for one in batch}})
            case "GET", ["companies"]:
                return page([self._company_document(company) for company in self._companies], query)
            case "POST", ["companies"]:
                body = json.loads(request.content)
                known = body["id"] in self._companies
                self._company(body["id"]).update(body)
                return ok(self._company_document(body["id"]), 200 if known else 201)
            case "POST", ["member-tokens"]:
                ends = datetime.now(UTC) + timedelta(seconds=json.loads(request.content)["ttl_seconds"])
                return ok({"token": f"fake.{uuid.uuid4().hex}", "expires_at": rfc3339(ends)}, 201)
            case "GET", ["portfolio"]:
                return ok({"as_of": None, "data": [self._health_document(one) for one in self._health]})
            case _, ["companies", company, *rest] if company in self._companies:
                return self._route_company(request, company, rest, query)
            case _, ["companies", company, *_]:
                return problem(404, "not_found", f"there is no company {company}")
        return not_simulated(request)

    def _route_company(
        self, request: httpx.Request, company: str, rest: list[str], query: Mapping[str, str]
    ) -> httpx.Response:
        match request.method, rest:
            case "GET", []:
                return ok(self._company_document(company))
            case "GET", ["health"]:
                return ok(self._health_document(company))
            case "GET", ["report"]:
                report = self._reports.get((company, query.get("period", "")))
                if report is None:
                    return problem(404, "not_found", "no report of this period: see set_report")
                return ok(report)
            case _, ["rewards" | "redemptions" as what, *more]:
                return self._shop(company).answer(request, [what, *more], query)
            case "POST", ["events", message_id, "reversal"]:
                return self._reverse(company, message_id)
            case "GET", ["members"]:
                found = [one for one in self._members.values() if one.company == company]
                return page([self._member_document(one) for one in found], query)
            case _, ["members", member, *what] if (company, member) in self._members:
                return self._route_member(request, self._members[company, member], what, query)
            case _, ["adjustments", *which]:
                return self._acts.adjustments(company, request, which, query)
            case _, ["campaigns", *more]:
                return self._campaigns.answer(request, company, more) or not_simulated(request)
            case _, ["program", "template", *more]:
                return self._templates.of_company(request, company, more, query) or not_simulated(request)
            case "GET", ["leaderboard"]:
                boards = [one for (owner, _), one in self._boards.items() if owner == company]
                return board_answer(boards, query)
            case "GET", ["members", member, "benefits", *which]:
                known = self._members.get((company, member)) or _Member(company, member)
                return ok(known.entitlements(which))
            case _, ["members", member, *_]:
                return problem(404, "not_found", f"there is no member {member} in {company}")
        return not_simulated(request)

    def _route_member(
        self, request: httpx.Request, member: _Member, what: list[str], query: Mapping[str, str]
    ) -> httpx.Response:
        match request.method, what:
            case "GET", []:
                return ok(self._member_document(member))
            case "DELETE", []:
                return self._erase(member, query)
            case "GET", ["benefits", *which]:
                return ok(member.entitlements(which))
            case "PUT", ["preferences"]:
                member.prefers = bool(json.loads(request.content).get("leaderboard", member.prefers))
                return ok({"leaderboard": member.prefers})
            case "GET", ["transfers"]:
                return page(member.transfers[::-1], query)
            case "GET", ["decisions"]:
                return page(member.decisions[::-1], query)
            case "POST", ["redemptions"]:
                return self._shop(member.company).request(member, json.loads(request.content))
            case "GET", ["redemptions"]:
                return page(self._shop(member.company).newest(query, member.id), query)
            case "POST", ["adjustments"]:
                return self._acts.adjust(member, json.loads(request.content))
            case "POST", ["gifts"]:
                return self._acts.give(member, json.loads(request.content))
            case "POST", ["leave"]:
                return member.take_leave(json.loads(request.content))
            case "POST", ["streaks", streak, "restore"]:
                return member.restore(streak)
            case "POST", ["nudges", nudge, "opened"]:
                return self._acts.open_nudge(member.company, member.id, nudge)
        return not_simulated(request)

    def _erase(self, member: _Member, query: Mapping[str, str]) -> httpx.Response:
        """What was recorded stays to be looked at: a test asks what arrived."""
        meant = query.get("dry_run") != "true"
        if meant:
            del self._members[member.company, member.id]
        return ok(member.erased("1" if meant else None))

    def _acted(self, company: str, member: str) -> bool | None:
        found = self._members.get((company, member))
        return None if found is None else bool(found.decisions)

    def _take(self, message: Json) -> Json:
        """Records one message and awards what `award` says. The first copy of a message id wins."""
        event, company = message.get("event"), company_of(message)
        if event in self._rejects:
            code, text = self._rejects[event]
            return {"status": "rejected", "reason": {"code": code, "message": text}}
        if company is None:
            company = self._only_company_of(message.get("userId"))
        if (company, message["messageId"]) in self._recorded:
            return {"status": "duplicate"}
        self._recorded[company, message["messageId"]] = Recorded(
            type=message["type"],
            member=message.get("userId"),
            company=company,
            message_id=message["messageId"],
            timestamp=message.get("timestamp"),
            event=event,
            name=message.get("name"),
            properties=message.get("properties", {}),
            traits=message.get("traits", {}),
            raw=message,
        )
        if company is None:
            reason = {"code": "held_unattributed", "message": "the company is not known"}
            return {"status": "ok", "reason": reason, "effects": []}
        return {"status": "ok", "effects": self._decide(message, company)}

    def _decide(self, message: Json, company: str) -> list[Json]:
        traits = {name: value for name, value in message.get("traits", {}).items() if value is not None}
        if message["type"] == "group":
            known = self._company(company)
            known["traits"] = {**known.get("traits", {}), **traits}
        if "userId" not in message:
            return []
        member = self._member(company, message["userId"])
        if message["type"] == "identify":
            member.traits.update(traits)
        if message["type"] != "track":
            return []
        effects = []
        for event, currency, amount in self._awards:
            if event == message["event"]:
                self._transfer(
                    member, "award", currency, amount, event=event, message_id=message["messageId"]
                )
                effects.append({"type": "award", "rule": event, "currency": currency, "amount": amount})
        member.decisions.append(
            {
                "seq": next(self._numbers),
                "message_id": message["messageId"],
                "event": message["event"],
                "at": message.get("timestamp"),
                "status": "decided",
                "effects": effects,
                "rules": [{"rule": effect["rule"], "verdict": "fired"} for effect in effects],
            }
        )
        return effects

    def _reverse(self, company: str, message_id: str) -> httpx.Response:
        if (company, message_id) not in self._recorded:
            return problem(404, "not_found", f"there is no event {message_id} in {company}")
        if (company, message_id) in self._reversed:
            return problem(409, "conflict", "the event is already reversed")
        self._reversed.add((company, message_id))
        member = self._member(company, self._recorded[company, message_id].member or "")
        effects = []
        for transfer in list(member.transfers):
            if transfer.get("message_id") == message_id:
                currency, amount = transfer["currency"], -transfer["amount"]
                self._transfer(member, "reversal", currency, amount, message_id=message_id)
                effects.append({"type": "award", "currency": currency, "amount": amount})
        return ok({"message_id": message_id, "effects": effects})

    def _transfer(self, member: _Member, kind: str, currency: str, amount: int, **cause: Any) -> Json:
        transfer = {
            "id": f"{next(self._numbers)}-0",
            "at": rfc3339(datetime.now(UTC)),
            "kind": kind,
            **cause,
            "currency": currency,
            "amount": amount,
        }
        member.transfers.append(transfer)
        return transfer

    def _shop(self, company: str) -> Shop:
        def find(member: str) -> _Member | None:
            return self._members.get((company, member))

        if company not in self._shops:
            self._shops[company] = Shop(self._numbers, find, self._transfer)
        return self._shops[company]

    def _only_company_of(self, member: str | None) -> str | None:
        found = [company for company, name in self._members if name == member]
        return found[0] if len(found) == 1 else None

    def _company(self, company: str) -> Json:
        return self._companies.setdefault(company, {})

    def _member(self, company: str, member: str) -> _Member:
        self._company(company)
        return self._members.setdefault((company, member), _Member(company, member))

    def _company_document(self, company: str) -> Json:
        members = sum(one.company == company for one in self._members.values())
        return {"members": members, **self._companies[company], "id": company}

    def _member_document(self, member: _Member) -> Json:
        return {
            **member.fields,
            "id": member.id,
            "company": member.company,
            "traits": member.traits,
            "balances": member.balances(),
            "streaks": member.shown_streaks(),
            "nudges": self._acts.nudges_of(member.company, member.id),
        }

    def _health_document(self, company: str) -> Json:
        return {"band": "unscored", "score": None, **self._health.get(company, {}), "company": company}


def _said(id: Id | None) -> str | None:
    return None if id is None else str(id)
