"""A client's own account of what it was told, and load made of clients that keep it.

Every call has an id of its own and a known worth, so the points each member must have in the end are known without
asking. `settle` says whether the service agrees: nothing acknowledged is missing, nothing counts twice.
Must not look at the database or into the service: it believes only what a client can see.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

import httpx

from tests.faults.serving import Engage, run

ANSWER_SECONDS_MAX = 30.0
"""How soon the service answers again once the cause of a fault has ended. It is 5 seconds on a machine of its own; here
several tests, servers and databases share two cores, and starting Python alone was seen to take 8."""
PROGRAM = """
name: {name}
currencies: {{points: {{}}}}
events: {{Report Exported: {{}}, Deal Won: {{}}}}
levels:
  currency: points
  steps: [{{id: bronze, name: Bronze, threshold: 0}}, {{id: silver, name: Silver, threshold: 200}}]
rules:
  - {{id: export, trigger: Report Exported, effects: [{{award: 10}}]}}
  - id: deal
    trigger: Deal Won
    effects: [{{award: 50}}]
    limits: [{{per: member, window: lifetime, count: 3}}]
"""
EXPORT_POINTS, DEAL_POINTS, DEALS_MAX = 10, 50, 3
COMPANIES, MEMBERS = 4, 6
BATCH_MESSAGES_MAX = 12
RESENT_AT_ONCE = 100
SETTLED_SECONDS_MAX = 60
RETRY_SECONDS = 0.1
PAUSE_SECONDS_MAX = 0.02
"""From an answer to the client's next call: with none, clients and server take the whole machine from whom restarts."""

Place = tuple[str, str]
"""Company and member."""


def now_text(clock: Callable[[], float] = time.time) -> str:
    return datetime.fromtimestamp(clock(), tz=UTC).isoformat()


class Wrong(AssertionError):
    """The service broke its word."""


@dataclass
class Answer:
    """One that was read by hand, under httpx's names."""

    status_code: int
    headers: dict[str, str]
    content: bytes = field(repr=False)

    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def is_error(self) -> bool:
        return self.status_code >= 400

    @property
    def text(self) -> str:
        return self.content.decode()


@dataclass
class Call:
    """Something to ask for. Acknowledged once the client was told that it is done."""

    id: str
    path: str
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "POST"
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Of a batch: its messages by id."""


@dataclass
class Account:
    """What was sent, what was acknowledged, and what each member must have for it."""

    chance: random.Random
    name: str = "a"
    clock: Callable[[], float] = time.time
    """The clients' clock; the service has its own."""
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    corrections: dict[str, Call] = field(default_factory=dict)
    corrected: set[str] = field(default_factory=set)
    """Ids of acknowledged adjustments and reversals."""
    points: dict[Place, int] = field(default_factory=dict)
    deals: dict[Place, int] = field(default_factory=dict)
    refusals: list[int] = field(default_factory=list)
    """Statuses of refusals that may be tried again."""
    reversed: set[str] = field(default_factory=set)
    _numbers: ClassVar[itertools.count[int]] = itertools.count()

    def place(self) -> Place:
        """Half of everything happens in one company, and much of that to one member."""
        company = 0 if self.chance.random() < 0.5 else self.chance.randrange(COMPANIES)
        member = 0 if self.chance.random() < 0.3 else self.chance.randrange(MEMBERS)
        return f"company-{company}", f"member-{member}"

    def message(self, event: str | None = None, place: Place | None = None, **more: Any) -> dict[str, Any]:
        """A new event. From here on its points are owed to its member, however often it must be sent."""
        company, member = place or self.place()
        event = event or ("Deal Won" if self.chance.random() < 0.2 else "Report Exported")
        id = f"{self.name}-{next(self._numbers)}"
        said = {
            "type": "track",
            "messageId": id,
            "userId": member,
            "event": event,
            "context": {"groupId": company},
            "timestamp": now_text(self.clock),
            "properties": {"pages": self.chance.randrange(9)},
            **more,
        }
        self.messages[id] = said
        self._owe(company, member, event)
        return said

    def _owe(self, company: str, member: str, event: str) -> None:
        place = company, member
        worth = EXPORT_POINTS
        if event == "Deal Won":
            self.deals[place] = self.deals.get(place, 0) + 1
            worth = DEAL_POINTS if self.deals[place] <= DEALS_MAX else 0
        self.points[place] = self.points.get(place, 0) + worth

    def batch(self, *messages: dict[str, Any]) -> Call:
        chosen = messages or [self.message() for _ in range(self.chance.randint(1, BATCH_MESSAGES_MAX))]
        by_id = {one["messageId"]: one for one in chosen}
        body = {"batch": list(chosen), "sentAt": now_text(self.clock)}
        return Call("", "/v1/batch", body, messages=by_id)

    def adjustment(self) -> Call | None:
        """Only of a member who is known for sure."""
        known = self._acknowledged_message()
        if known is None:
            return None
        place = known["context"]["groupId"], known["userId"]
        amount = self.chance.randint(1, 9)
        id = f"{self.name}-adjustment-{next(self._numbers)}"
        call = Call(
            id,
            f"/v1/companies/{place[0]}/members/{place[1]}/adjustments",
            {"currency": "points", "amount": amount, "reason": "a fault test"},
            {"idempotency-key": id},
        )
        self.corrections[id] = call
        self.points[place] += amount
        return call

    def reversal(self) -> Call | None:
        """Of an acknowledged export, once."""
        known = self._acknowledged_message()
        if known is None or known["event"] != "Report Exported" or known["messageId"] in self.reversed:
            return None
        message_id = known["messageId"]
        self.reversed.add(message_id)
        place = known["context"]["groupId"], known["userId"]
        id = f"{self.name}-reversal-{message_id}"
        call = Call(
            id,
            f"/v1/companies/{place[0]}/events/{message_id}/reversal",
            {"reason": "a fault test"},
            {"idempotency-key": id},
        )
        self.corrections[id] = call
        self.points[place] -= EXPORT_POINTS
        return call

    def _acknowledged_message(self) -> dict[str, Any] | None:
        if not self.acknowledged:
            return None
        for _ in range(20):
            id = self.chance.choice(tuple(self.messages))
            if id in self.acknowledged:
                return self.messages[id]
        return None

    def publication(self) -> Call:
        """The same rules under another name: a new version in the middle of everything."""
        text = PROGRAM.format(name=f"Faults {next(self._numbers)}")
        return Call("", "/v1/program/draft", {"document": text}, method="PUT")

    def any_call(self) -> Call | None:
        dice = self.chance.random()
        if dice < 0.08:
            return self.adjustment()
        if dice < 0.14:
            return self.reversal()
        if dice < 0.16:
            return self.publication()
        return self.batch()

    # --- answers --------------------------------------------------------------------------------------------

    def hear(self, call: Call, answer: httpx.Response | Answer) -> bool:
        """Note what was acknowledged. False: ask again. Raises Wrong for an answer that must never come."""
        if answer.status_code in (429, 503):
            self.refusals.append(answer.status_code)
            check_refusal(answer)
            return False
        if answer.status_code not in (200, 201):
            raise Wrong(f"{call.method} {call.path}: {answer.status_code} {answer.text[:500]}")
        if call.messages:
            self._hear_results(call, answer.json())
        elif call.id:
            self.corrected.add(call.id)
        return True

    def _hear_results(self, call: Call, said: Any) -> None:
        if said.get("success") is not True or set(said["results"]) != set(call.messages):
            raise Wrong(f"not an answer to {sorted(call.messages)}: {said}")
        for id, result in said["results"].items():
            if result["status"] == "ok" and id in self.acknowledged:
                raise Wrong(f"{id} was acknowledged before and is decided again: {result}")
            if result["status"] not in ("ok", "duplicate") or result.get("reason"):
                raise Wrong(f"{id}: {result}")
            self.acknowledged.add(id)

    # --- settling -------------------------------------------------------------------------------------------

    async def settle(self, client: httpx.AsyncClient) -> None:
        """Send everything again and compare. Afterwards everything is acknowledged, and every total is exact."""
        assert self.messages, "nothing was sent"
        known = set(self.acknowledged)
        ids = list(self.messages)
        self.chance.shuffle(ids)
        for start in range(0, len(ids), RESENT_AT_ONCE):
            batch = self.batch(*(self.messages[id] for id in ids[start : start + RESENT_AT_ONCE]))
            await ask(client, self, batch)
        # `hear` has refused an "ok" for any of `known`: so each of them was there.
        if not known <= self.acknowledged == self.messages.keys():
            raise Wrong("not all are acknowledged")
        for call in self.corrections.values():
            await ask(client, self, call)
        await self.check_totals(client)

    async def check_totals(self, client: httpx.AsyncClient) -> None:
        for (company, member), owed in self.points.items():
            answer = await client.get(f"/v1/companies/{company}/members/{member}")
            if answer.status_code != 200 or (has := answer.json()["balances"]["points"]["active"]) != owed:
                raise Wrong(
                    f"{member} of {company} has {answer.text if answer.is_error else has}, owed {owed}"
                )


def check_refusal(answer: httpx.Response | Answer) -> None:
    """A refusal for now: RFC 9457 with code and message, and whole seconds to wait."""
    after = answer.headers.get("retry-after", "")
    said = answer.json()
    if not (after.isascii() and after.isdigit() and int(after) >= 1):
        raise Wrong(f"a refusal without whole seconds in Retry-After: {after!r}")
    if answer.headers["content-type"] != "application/problem+json" or not (said["code"] and said["message"]):
        raise Wrong(f"not a problem document: {answer.text[:500]}")


async def send(client: httpx.AsyncClient, account: Account, call: Call) -> bool:
    """One try. False: no answer, or one that says to try again."""
    try:
        if call.method == "PUT":
            text = call.body["document"]
            answer = await client.put(call.path, content=text, headers={"content-type": "application/yaml"})
            if answer.status_code == 200:
                answer = await client.post(call.path.replace("/draft", "/publish"))
        else:
            answer = await client.post(call.path, json=call.body, headers=call.headers)
    except httpx.TransportError:
        return False
    return account.hear(call, answer)


async def ask(client: httpx.AsyncClient, account: Account, call: Call) -> None:
    """Try until it is acknowledged."""
    until = time.monotonic() + SETTLED_SECONDS_MAX
    while not await send(client, account, call):
        if time.monotonic() > until:
            raise Wrong(f"not acknowledged in {SETTLED_SECONDS_MAX} s: {call.path}")
        await asyncio.sleep(0.05)


def client_of(engage: Engage, seconds: float = 20) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=200)
    return httpx.AsyncClient(
        base_url=engage.url,
        auth=(engage.key, ""),
        timeout=seconds,
        limits=limits,
        trust_env=False,
        verify=False,
    )


class Load:
    """Clients that send call after call, and again whatever was not acknowledged, each time to any of the servers."""

    def __init__(self, account: Account, clients: Sequence[httpx.AsyncClient]) -> None:
        self.account = account
        self.clients = clients
        self.tasks: list[asyncio.Task[None]] = []
        self._ends = False

    async def run(self) -> None:
        while not self._ends:
            call = self.account.any_call()
            if call is None:
                await asyncio.sleep(0)
                continue
            acknowledged = await self._try(call)
            while not acknowledged and not self._ends:
                await asyncio.sleep(RETRY_SECONDS)
                acknowledged = await self._try(call)
            await asyncio.sleep(self.account.chance.random() * PAUSE_SECONDS_MAX)

    async def _try(self, call: Call) -> bool:
        return await send(self.account.chance.choice(self.clients), self.account, call)

    def start(self, clients: int) -> None:
        self.tasks = [asyncio.create_task(self.run()) for _ in range(clients)]

    async def end(self) -> None:
        """Let each client end the try it is in. Raises what one of them found wrong."""
        self._ends = True
        await asyncio.gather(*self.tasks)

    async def until(self, more: int, seconds: float = 30) -> None:
        """Until so many more messages were acknowledged: the load really runs."""
        wanted = len(self.account.acknowledged) + more
        await self._until(
            lambda: len(self.account.acknowledged) >= wanted, seconds, "nothing is acknowledged"
        )

    async def until_refused(self, times: int, seconds: float = 20) -> None:
        wanted = len(self.account.refusals) + times
        await self._until(lambda: len(self.account.refusals) >= wanted, seconds, "nothing is refused")

    async def _until(self, reached: Callable[[], bool], seconds: float, what: str) -> None:
        def checked() -> bool:
            for task in self.tasks:
                if task.done():
                    task.result()  # raises what a client found wrong
            return reached()

        await eventually(checked, seconds, what)


@asynccontextmanager
async def load(account: Account, *engages: Engage, clients: int = 6) -> AsyncIterator[Load]:
    """Load while the block runs. What its clients found wrong is raised at its end."""
    async with AsyncExitStack() as stack:
        running = Load(account, [await stack.enter_async_context(client_of(engage)) for engage in engages])
        running.start(clients)
        try:
            yield running
        except BaseException:
            for task in running.tasks:
                task.cancel()
            await asyncio.gather(*running.tasks, return_exceptions=True)
            raise
        await running.end()


async def eventually(
    found: Callable[[], bool | Awaitable[bool]], seconds: float, what: str = "it did not happen in time"
) -> float:
    """Seconds until it was found. Raises Wrong when time runs out."""
    started = time.monotonic()
    while True:
        result = found()
        if await result if isinstance(result, Awaitable) else result:
            return time.monotonic() - started
        if time.monotonic() - started > seconds:
            raise Wrong(f"{what} ({seconds:g} s)")
        await asyncio.sleep(0.01)


async def answers_again(account: Account, engage: Engage, since: float | None = None) -> float:
    """Seconds since `since` (else now) until an event is accepted. At most ANSWER_SECONDS_MAX, as promised."""
    started = time.monotonic() if since is None else since
    call = account.batch(account.message())
    async with client_of(engage, seconds=ANSWER_SECONDS_MAX) as client:
        while not await send(client, account, call):
            if time.monotonic() - started > ANSWER_SECONDS_MAX:
                raise Wrong(f"no answer {ANSWER_SECONDS_MAX:g} s after the cause ended")
            await asyncio.sleep(0.02)
    took = time.monotonic() - started
    if took > ANSWER_SECONDS_MAX:
        raise Wrong(f"answers again after {took:.1f} s")
    return took


async def settled(account: Account, engage: Engage) -> None:
    """The account and the service agree, and so does `engage verify`."""
    async with client_of(engage) as client:
        await account.settle(client)
    code, said = await run("verify", database_url=engage.database_url)
    if code != 0:
        raise Wrong(said)
