"""The answers of `FakeEngage`, in the form of the service's."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any, TypeAlias

import httpx

Json: TypeAlias = dict[str, Any]


def ok(document: Json, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=document)


def page(items: list[Json], query: Mapping[str, str]) -> httpx.Response:
    start, size = int(query.get("cursor", 0)), int(query.get("limit", 50))
    following = start + size
    return ok(
        {
            "data": items[start:following],
            "next_cursor": str(following) if following < len(items) else None,
        }
    )


def problem(status: int, code: str, message: str) -> httpx.Response:
    return httpx.Response(status, json={"status": status, "code": code, "message": message})


def not_simulated(request: httpx.Request) -> httpx.Response:
    return problem(501, "not_simulated", f"FakeEngage does not simulate {request.method} {request.url.path}")


def inflated(request: httpx.Request) -> bytes:
    if request.headers.get("content-encoding") != "gzip":
        return request.content
    return gzip.decompress(request.content)


def company_of(message: Json) -> str | None:
    context = message.get("context", {})
    found: str | None = context.get("groupId") or message.get("groupId")
    return found
