"""The pure half of delivery, driven by hand: batching, retries, Retry-After, partial results, splitting."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from engage_sdk import (
    AuthenticationError,
    ConnectionFailed,
    InvalidRequestError,
    MessageInvalid,
    MessageRejected,
    NotDelivered,
    RateLimitedError,
    RetryPolicy,
    TooLargeError,
    _limits,
)
from engage_sdk._delivery import Delivery, deliver
from engage_sdk._message import Draft
from engage_sdk._retry import parse_retry_after
from engage_sdk._wire import Answer, Remark, Report, Request, Response, Send, Settle, Step, Wait

NOW = 1_790_000_000.0
OK = Response(200, b'{"success": true, "results": {}}')


def drafts(count: int, size: int = 0) -> list[Draft]:
    fields = {"event": "Opened", "properties": {"text": "x" * size}}
    return [Draft("track", f"m-{n}", 0, "emp-1", "acme", fields) for n in range(count)]


def drive(
    messages: list[Draft], answers: Iterator[Answer] | list[Answer], **retry: Any
) -> tuple[list[Step], list[Request]]:
    """Plays a delivery against these answers; every draft must be settled exactly once."""
    delivery = Delivery(RetryPolicy(**retry), clock=lambda: NOW, random=lambda: 0.0)
    steps, taken, requests, settled = deliver(messages, delivery), [], [], []
    queue = iter(answers)
    answer: Answer | None = None
    while True:
        try:
            step = steps.send(answer)
        except StopIteration:
            break
        answer = None
        if isinstance(step, Send):
            requests.append(step.request)
            answer = next(queue)
        else:
            taken.append(step)
        if isinstance(step, Settle):
            settled += [id(draft) for draft in step.drafts]
    assert sorted(settled) == sorted(id(draft) for draft in messages)
    return taken, requests


def ids(request: Request) -> list[str]:
    assert request.body is not None
    return [message["messageId"] for message in json.loads(request.body)["batch"]]


def waits(steps: list[Step]) -> list[float]:
    return [step.seconds for step in steps if isinstance(step, Wait)]


def reports(steps: list[Step]) -> list[Report]:
    return [step for step in steps if isinstance(step, Report)]


def remarks(steps: list[Step]) -> list[str]:
    return [step.text for step in steps if isinstance(step, Remark)]


def problem(status: int, retry_after: str | None = None) -> Response:
    body = json.dumps({"status": status, "code": "some_code", "message": "some words"}).encode()
    return Response(status, body, retry_after)


def test_batches_hold_a_hundred_messages_at_most() -> None:
    _, requests = drive(drafts(250), [OK, OK, OK])
    assert [len(ids(request)) for request in requests] == [100, 100, 50]


def test_batches_hold_500_kilobytes_at_most_and_waste_little() -> None:
    _, requests = drive(drafts(100, size=30_000), [OK] * 100)
    sizes = [len(request.body or b"") for request in requests]
    assert max(sizes) <= _limits.BATCH_BYTES_MAX
    assert min(sizes[:-1]) > _limits.BATCH_BYTES_MAX - 31_000
    assert [one for request in requests for one in ids(request)] == [f"m-{n}" for n in range(100)]


def test_a_batch_says_when_it_was_sent_and_where_to() -> None:
    _, (request,) = drive(drafts(1), [OK])
    assert request.body is not None
    assert (request.method, request.path) == ("POST", "/v1/batch")
    assert json.loads(request.body)["sentAt"] == "2026-09-21T14:13:20.000000Z"


@pytest.mark.parametrize(
    "failure", [ConnectionFailed("refused"), problem(429), problem(500), problem(503), problem(408)]
)
def test_a_passing_failure_is_tried_again_with_the_same_message_ids(failure: Answer) -> None:
    steps, requests = drive(drafts(3), [failure, failure, OK])
    assert [ids(request) for request in requests] == [["m-0", "m-1", "m-2"]] * 3
    assert [request.headers.get("X-Retry-Count") for request in requests] == [None, "1", "2"]
    assert reports(steps) == []


def test_the_first_failure_of_a_batch_says_what_it_waits_for() -> None:
    steps, _ = drive(drafts(2), [ConnectionFailed("refused"), problem(500), OK])
    assert remarks(steps) == ["2 messages wait and are sent again: refused"]
    alone, _ = drive(drafts(1), [ConnectionFailed("refused"), OK])
    assert remarks(alone) == ["1 message waits and is sent again: refused"]
    assert [str(step.cause) for step in steps if isinstance(step, Wait)] == [
        "refused",
        "500 some_code: some words",
    ]


def test_what_was_taken_and_will_not_do_what_was_meant_is_remarked() -> None:
    undeclared = {"code": "undeclared_event", "message": "the program does not declare this event"}
    results = {
        "m-0": {"status": "ok", "reason": undeclared, "warnings": ["pages must be a number"]},
        "m-1": {"status": "duplicate", "reason": {"code": "conflicting_duplicate"}},
        "m-2": {"status": "ok", "effects": [], "warnings": None},
        "m-3": {"status": "duplicate"},
    }
    steps, _ = drive(drafts(4), [Response(200, json.dumps({"success": True, "results": results}).encode())])
    assert remarks(steps) == [
        "Opened: undeclared_event: the program does not declare this event",
        "Opened: pages must be a number",
        "Opened: conflicting_duplicate: ",
    ]
    assert reports(steps) == []


def test_waits_double_up_to_eight_seconds() -> None:
    steps, _ = drive(drafts(1), [problem(500)] * 9 + [OK])
    assert waits(steps) == [0.5, 1, 2, 4, 8, 8, 8, 8, 8]


def test_jitter_takes_up_to_a_quarter_away() -> None:
    assert RetryPolicy().delay(2, None, 0.999) == pytest.approx(0.75, abs=0.001)


def test_tries_end_and_then_the_messages_are_reported_once() -> None:
    steps, requests = drive(drafts(2), [problem(500)] * 3, tries_max=3)
    (report,) = reports(steps)
    assert len(requests) == 3
    assert isinstance(report.error, NotDelivered)
    assert "500 some_code" in str(report.error)
    assert [message["messageId"] for message in report.messages] == ["m-0", "m-1"]


@pytest.mark.parametrize(
    "header,seconds",
    [
        ("7", 7),
        ("Mon, 21 Sep 2026 14:13:50 GMT", 30),
        ("3600", 120),
        ("0", 0.5),
        ("Mon, 21 Sep 2026 14:00:00 GMT", 0.5),
        ("soon", 0.5),
        ("-5", 0.5),
        (None, 0.5),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_up_to_its_bound(status: int, header: str | None, seconds: float) -> None:
    steps, _ = drive(drafts(1), [problem(status, header), OK])
    assert waits(steps) == [seconds]


def test_a_date_without_sense_is_no_retry_after() -> None:
    assert parse_retry_after("Mon, 99 Sep 2026 14:13:50 GMT", NOW) is None


def test_messages_to_be_retried_are_resent_alone() -> None:
    partial = Response(
        200,
        json.dumps(
            {
                "success": True,
                "results": {
                    "m-0": {"status": "ok"},
                    "m-1": {"status": "retry", "reason": {"code": "company_unknown", "message": "not yet"}},
                    "m-2": {"status": "duplicate"},
                    "m-3": {"status": "rejected", "reason": {"code": "too_deep", "message": "no"}},
                },
            }
        ).encode(),
    )
    steps, requests = drive(drafts(4), [partial, OK])
    assert [ids(request) for request in requests] == [["m-0", "m-1", "m-2", "m-3"], ["m-1"]]
    (report,) = reports(steps)
    assert isinstance(report.error, MessageRejected)
    assert (report.error.code, report.error.message) == ("too_deep", "no")
    assert [message["messageId"] for message in report.messages] == ["m-3"]


@pytest.mark.parametrize(
    "results", [None, [], {"m-0": "ok"}, {"m-0": {"status": "rejected", "reason": "odd"}}, {"other": {}}]
)
def test_odd_results_neither_fail_nor_repeat_a_delivery(results: Any) -> None:
    _, requests = drive(
        drafts(1), [Response(200, json.dumps({"success": True, "results": results}).encode())]
    )
    assert len(requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Response(200, b"<html>Sign in to the wifi</html>"),
        Response(200, b'{"success": "true"}'),
        Response(200, b'{"success": false}'),
        Response(200, b"[1]"),
        Response(202, b'{"success": true}'),
        Response(204, b""),
    ],
)
def test_only_200_with_success_true_is_a_success(answer: Response) -> None:
    steps, requests = drive(drafts(1), [answer, OK])
    assert len(requests) == 2
    assert reports(steps) == []


@pytest.mark.parametrize(
    "status,kind",
    [(400, InvalidRequestError), (401, AuthenticationError)],
)
def test_a_permanent_refusal_is_reported_and_not_tried_again(status: int, kind: type[Exception]) -> None:
    steps, requests = drive(drafts(2), [problem(status)])
    (report,) = reports(steps)
    assert isinstance(report.error, kind)
    assert len(report.messages) == 2
    assert len(requests) == 1


def test_a_redirect_is_a_wrong_address_and_not_a_delivery() -> None:
    steps, requests = drive(drafts(1), [Response(302, b"")])
    assert [report.error.code for report in reports(steps)] == ["http_302"]  # type: ignore[attr-defined]
    assert len(requests) == 1


def test_a_batch_too_large_is_split_until_it_fits() -> None:
    big = problem(413)
    steps, requests = drive(drafts(4), [big, big, OK, big, OK])
    assert [ids(request) for request in requests] == [
        ["m-0", "m-1", "m-2", "m-3"],
        ["m-0", "m-1"],
        ["m-0"],
        ["m-1"],
        ["m-2", "m-3"],
    ]
    (report,) = reports(steps)
    assert isinstance(report.error, TooLargeError)
    assert [message["messageId"] for message in report.messages] == ["m-1"]


def test_an_invalid_message_costs_only_itself() -> None:
    messages = drafts(3)
    messages[1] = messages[1]._replace(at=object())
    steps, (request,) = drive(messages, [OK])
    assert ids(request) == ["m-0", "m-2"]
    assert [type(report.error) for report in reports(steps)] == [MessageInvalid]


def test_the_same_id_twice_in_a_batch_settles_both() -> None:
    drive([drafts(1)[0], drafts(1)[0]], [OK])


def test_a_rate_limit_that_never_ends_says_so() -> None:
    steps, _ = drive(drafts(1), [problem(429, "1")] * 2, tries_max=2)
    assert isinstance(reports(steps)[0].error.__cause__, RateLimitedError)
