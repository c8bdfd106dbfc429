"""The README's words about the SDK stay true: settings, errors, calls, examples."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import engage_sdk
import pytest
from engage_sdk import Client, EngageError
from engage_sdk.testing import FakeEngage

README = (Path(__file__).resolve().parents[2] / "sdk" / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_every_setting_is_in_the_table() -> None:
    settings = set(inspect.signature(Client).parameters) - {"base_url"}
    named = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", README, re.MULTILINE))))
    assert settings <= named


def test_every_error_is_in_the_tree() -> None:
    for name in engage_sdk.__all__:
        value: Any = getattr(engage_sdk, name)
        if isinstance(value, type) and issubclass(value, EngageError):
            assert name in README, name


def test_every_call_that_answers_is_named() -> None:
    client = Client("http://127.0.0.1:1", key="k")
    for resource in (
        *(
            "adjustments",
            "companies",
            "events",
            "health",
            "members",
            "portfolio",
            "redemptions",
            "reports",
            "rewards",
        ),
    ):
        for name in dir(getattr(client, resource)):
            if not name.startswith("_"):
                assert re.search(rf"`({resource})?\.{name}\(", README), f"{resource}.{name}"


def test_every_public_helper_of_the_fake_is_named() -> None:
    for name in vars(FakeEngage):
        if not name.startswith("_") and name not in ("settle", "close"):
            assert re.search(rf"\b{name}\b", README), name


def test_the_quick_start_runs(service: Any) -> None:
    service.answer(200, {"success": True})
    service.answer(200, {"id": "emp-1", "company": "acme", "balances": {"points": {"active": 10}}})
    scope: dict[str, Any] = {}
    exec(EXAMPLES[0].replace("http://127.0.0.1:8000", service.url), scope)
    scope["client"].close()
    assert [request.path for request in service.requests] == [
        "/v1/batch",
        "/v1/companies/acme/members/emp-1",
    ]


async def test_the_asyncio_quick_start_runs(service: Any) -> None:
    service.answer(200, {"success": True})
    service.answer(200, {"id": "emp-1", "company": "acme"})
    lines = EXAMPLES[1].replace("http://127.0.0.1:8000", service.url).splitlines()
    source = "async def main():\n" + "\n".join(f"    {line}" for line in lines)
    scope: dict[str, Any] = {}
    exec(source, scope)
    await scope["main"]()
    assert len(service.requests) == 2


def test_the_testing_example_passes() -> None:
    scope: dict[str, Any] = {"pytest": pytest}
    exec(EXAMPLES[2], scope)
    with FakeEngage() as fake:
        scope["test_exporting_is_reported"](fake)
