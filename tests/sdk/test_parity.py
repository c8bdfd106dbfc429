"""The two clients are twins: what works in one works in the other, with an await."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import inspect
from collections.abc import AsyncIterator, Iterator
from typing import Any

import engage_sdk
import msgspec
import pytest
from engage_sdk import AsyncClient, Client, models

from engage.core import reports
from engage.web.api.reports import CompanyHealth

SYNC, ASYNC = Client("http://127.0.0.1:1", key="k"), AsyncClient("http://127.0.0.1:1", key="k")
RESOURCES = sorted(name for name in vars(SYNC) if not name.startswith("_"))
NEVER_AWAITED = {"track", "identify", "group", "page", "screen", "alias"}


def public(owner: object) -> dict[str, Any]:
    return {
        name: getattr(owner, name)
        for name in dir(owner)
        if not name.startswith("_") and callable(getattr(owner, name))
    }


def shape(method: Any) -> list[tuple[str, Any, Any, str]]:
    found = []
    for parameter in inspect.signature(method).parameters.values():
        annotation = str(parameter.annotation).replace("httpx.AsyncClient", "httpx.Client")
        found.append((parameter.name, parameter.kind, parameter.default, annotation))
    return found


def test_both_have_the_same_resources_and_methods() -> None:
    assert sorted(name for name in vars(ASYNC) if not name.startswith("_")) == RESOURCES
    assert public(SYNC).keys() == public(ASYNC).keys()
    assert set(RESOURCES) == {
        *(
            "adjustments",
            "campaigns",
            "companies",
            "events",
            "health",
            "interventions",
            "invitations",
            "leaderboards",
            "members",
            "nudges",
            "portfolio",
            "recommendations",
            "redemptions",
            "reports",
            "rewards",
            "templates",
        )
    }


@pytest.mark.parametrize(
    "told, read",
    [(CompanyHealth, models.Health), (reports.Driver, models.Driver)],
    ids=["health", "driver"],
)
def test_all_that_is_told_of_a_companys_health_is_read(told: type[msgspec.Struct], read: type) -> None:
    assert set(told.__struct_fields__) == {one.name for one in dataclasses.fields(read)}


def test_both_are_built_alike() -> None:
    assert shape(Client) == shape(AsyncClient)


@pytest.mark.parametrize("resource", ["", *RESOURCES])
def test_methods_have_the_same_signatures_and_words(resource: str) -> None:
    owners = (getattr(SYNC, resource), getattr(ASYNC, resource)) if resource else (SYNC, ASYNC)
    ours, theirs = map(public, owners)
    assert ours.keys() == theirs.keys()
    for name, method in ours.items():
        assert shape(method) == shape(theirs[name]), name
        assert (method.__doc__ or "").split("\n")[0] == (theirs[name].__doc__ or "").split("\n")[0]
        expected = inspect.signature(method).return_annotation
        if "Iterator" in str(expected):
            expected = expected.replace("Iterator", "AsyncIterator")
        assert inspect.signature(theirs[name]).return_annotation == expected
        awaited = name not in NEVER_AWAITED and "Iterator" not in str(expected)
        assert inspect.iscoroutinefunction(theirs[name]) == awaited, name


def test_lists_are_iterators_of_their_kind() -> None:
    assert isinstance(SYNC.companies.list(), Iterator)
    assert isinstance(ASYNC.companies.list(), AsyncIterator)


def test_everything_public_has_words() -> None:
    for name in engage_sdk.__all__:
        value = getattr(engage_sdk, name)
        assert isinstance(value, str) or inspect.getdoc(value), name
    for owner in (SYNC, *(getattr(SYNC, resource) for resource in RESOURCES)):
        for name, method in public(owner).items():
            assert inspect.getdoc(method), name


def test_httpx_stays_the_only_dependency() -> None:
    assert importlib.metadata.requires("engage-sdk") == ["httpx>=0.28"]
