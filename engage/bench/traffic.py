"""The traffic: who acts in which company, and the same calls as the bytes of HTTP requests.

A population is some companies with some members each; events fall on members by chance, from a fixed seed, so that
every round of every figure sends the same. Owns the wire shape, which is what our own client sends.
"""

from __future__ import annotations

import base64
import json
import random
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from msgspec import Struct

EVENT: Final = "Report Exported"
COMPANY: Final = "company-"
MEMBER: Final = "employee-"


class Population(Struct, frozen=True):
    """Members are numbered through all companies: member n belongs to company n % companies."""

    companies: int
    members: int

    def person(self, n: int) -> tuple[str, str]:
        """(company, member)."""
        return f"{COMPANY}{n % self.companies}", f"{MEMBER}{n}"


USUAL: Final = Population(companies=20, members=10_000)


class Traffic:
    """An endless stream of track calls. Each call is made once: message ids never repeat within one stream."""

    def __init__(
        self,
        population: Population,
        *,
        seed: int = 1,
        events: Sequence[str] = (EVENT,),
        start: datetime | None = None,
        step: timedelta = timedelta(microseconds=20),
    ) -> None:
        self.population = population
        self.events = events
        self._random = random.Random(seed)
        self._at = start or datetime.now(UTC)
        self._step = step
        self._everyone = iter(range(population.members))

    def first_of_everyone(self, size: int) -> Iterator[list[dict[str, Any]]]:
        """One call of each member, in batches: from then on nobody is new."""
        while people := list(islice(self._everyone, size)):
            yield [self._call(n) for n in people]

    def of_first_company(self, size: int) -> list[dict[str, Any]]:
        """Calls of company 0 alone: of each of its members once, then of anybody."""
        population = self.population
        own = population.members // population.companies
        calls = []
        for _ in range(size):
            place = next(self._everyone, own)
            one = place if place < own else self._random.randrange(own)
            calls.append(self._call(one * population.companies))
        return calls

    def batch(self, size: int, company: int | None = None) -> list[dict[str, Any]]:
        """Calls of anybody, or of anybody in one company."""
        population = self.population
        if company is None:
            return [self._call(self._random.randrange(population.members)) for _ in range(size)]
        own = population.members // population.companies
        return [self._call(company + self._random.randrange(own) * population.companies) for _ in range(size)]

    def _call(self, person: int) -> dict[str, Any]:
        company, member = self.population.person(person)
        self._at += self._step
        return {
            "type": "track",
            "messageId": str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
            "userId": member,
            "context": {"groupId": company},
            "event": self._random.choice(self.events),
            "properties": {"pages": self._random.randrange(1, 40), "format": "pdf", "shared": True},
            "timestamp": self._at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        }


def batch_request(calls: Sequence[dict[str, Any]], key: str) -> bytes:
    return request("POST", "/v1/batch", key, {"batch": list(calls)})


def track_request(call: dict[str, Any], key: str) -> bytes:
    return request("POST", "/v1/track", key, call)


def member_request(company: str, member: str, key: str) -> bytes:
    return request("GET", f"/v1/companies/{company}/members/{member}", key)


def page_request(path: str, cookie: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\nCookie: {cookie}\r\n\r\n".encode()


def request(method: str, path: str, key: str, document: Any = None) -> bytes:
    """The bytes of one request on a connection that is kept."""
    body = b"" if document is None else json.dumps(document, separators=(",", ":")).encode()
    credentials = base64.b64encode(f"{key}:".encode()).decode()
    head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Basic {credentials}\r\n"
    if document is not None:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body
