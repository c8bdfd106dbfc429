"""What the text of an error says to whoever reads it in a log."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime
from typing import Any

import pytest
from engage_sdk import APIError, Client, ConnectionFailed, InvalidArgument, NotFoundError, RetryPolicy


def test_an_error_is_typed_and_says_what_the_service_said(service: Any) -> None:
    errors = [{"pointer": "/name", "message": "too long"}]
    service.answer(404, {"code": "not_found", "message": "no such member", "errors": errors})
    with Client(service.url, key="k") as client, pytest.raises(NotFoundError) as caught:
        client.members.get("acme", "nobody")
    error = caught.value
    assert isinstance(error, APIError)
    assert (error.code, error.status, error.message) == ("not_found", 404, "no such member")
    assert list(error.errors) == errors
    words = "404 not_found: no such member; /name: too long"
    assert str(pickle.loads(pickle.dumps(error))) == str(error) == words


def test_an_error_with_many_mistakes_tells_the_first_of_them() -> None:
    errors = [{"pointer": f"/rules/{n}", "message": f"wrong {n}"} for n in range(5)]
    words = "422 unprocessable: wrong 0; /rules/1: wrong 1; /rules/2: wrong 2; /rules/3: wrong 3; and 1 more"
    assert str(APIError("unprocessable", 422, "wrong 0", errors)) == words


@pytest.mark.parametrize("day", ["2026-03-01", datetime(2026, 3, 1, tzinfo=UTC), None], ids=str)
def test_what_is_no_day_is_named_before_anything_is_sent(service: Any, day: Any) -> None:
    with Client(service.url, key="k") as client:
        with pytest.raises(InvalidArgument, match=r"first must be a datetime\.date, not "):
            client.members.leave("acme", "emp-1", first=day, last=date(2026, 3, 1))
        with pytest.raises(InvalidArgument, match=r"day must be a datetime\.date, not "):
            client.interventions.log("i", what="called", day=day, companies=["acme"])
    assert service.requests == []


def test_a_failed_connection_names_the_address_and_no_password() -> None:
    retry = RetryPolicy(tries_max=1)
    client = Client("http://ann:secret@127.0.0.1:1/engage", key="k", retry=retry)
    with client, pytest.raises(ConnectionFailed) as caught:
        client.members.get("acme", "emp-1")
    assert str(caught.value).startswith("http://127.0.0.1:1: ConnectError: ")
