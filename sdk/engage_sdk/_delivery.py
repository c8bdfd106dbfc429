"""How drafts become batches and what is done with each answer. Pure: it yields steps and is sent the answers.

Owns batching, the reading of per-message results, and what is retried, split, reported or settled. Must not
know threads, event loops or HTTP libraries; clock and random numbers come in.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from . import _limits
from ._message import BeforeSend, Draft, Encoded, readable, render, rfc3339_of
from ._retry import RetryPolicy, is_retryable, parse_retry_after
from ._wire import Answer, Remark, Report, Request, Response, Send, Settle, Step, Wait, counted
from .errors import (
    ConnectionFailed,
    EngageError,
    InvalidResponse,
    MessageInvalid,
    MessageRejected,
    NotDelivered,
    api_error,
)

Steps: TypeAlias = Generator[Step, "Answer | None", None]

BATCH_PATH = "/v1/batch"
# What surrounds the messages in the body, with room for the longest sentAt.
_ENVELOPE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Delivery:
    """What every delivery of one client shares."""

    retry: RetryPolicy
    clock: Callable[[], float]
    random: Callable[[], float]
    before_send: BeforeSend | None = None
    compress: bool = False


def deliver(drafts: Sequence[Draft], delivery: Delivery) -> Steps:
    """Sees every draft through to its end. Settles each exactly once."""
    encoded: list[Encoded] = []
    unsent: list[Draft] = []
    for draft in drafts:
        try:
            message, left_out = render(draft, delivery.before_send)
        except MessageInvalid as error:
            yield Report(error, [readable(draft)])
            unsent.append(draft)
            continue
        for problem in left_out:
            yield Report(problem, [readable(draft)])
        if message is None:
            unsent.append(draft)
        else:
            encoded.append(message)
    if unsent:
        yield Settle(unsent)
    for batch in pack(encoded):
        yield from _deliver_batch(batch, delivery)


def pack(messages: Sequence[Encoded]) -> list[list[Encoded]]:
    """Splits messages, in order, into batches within the bounds on number and bytes."""
    batches: list[list[Encoded]] = []
    size = 0
    for message in messages:
        cost = len(message.data) + 1
        full = not batches or len(batches[-1]) >= _limits.BATCH_MESSAGES_MAX
        if full or size + cost > _limits.BATCH_BYTES_MAX:
            batches.append([])
            size = _ENVELOPE_BYTES
        batches[-1].append(message)
        size += cost
    return batches


def batch_request(messages: Sequence[Encoded], sent_at: float, failures: int, compress: bool) -> Request:
    """The request that carries these messages. `sent_at` is the time of this attempt, so clocks can be compared."""
    body = b'{"batch":[%s],"sentAt":"%s"}' % (
        b",".join(message.data for message in messages),
        rfc3339_of(sent_at).encode("ascii"),
    )
    headers = {"Content-Type": "application/json"}
    if compress:
        body = gzip.compress(body, 5)
        headers["Content-Encoding"] = "gzip"
    if failures:
        headers["X-Retry-Count"] = str(failures)
    return Request("POST", BATCH_PATH, headers, body)


@dataclass(slots=True)
class Verdict:
    """What an answer means for the messages of its batch."""

    reports: list[Report] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    again: list[Encoded] = field(default_factory=list)
    cause: EngageError | None = None  # why `again` is needed
    retry_after: float | None = None
    split: bool = False


def judge(answer: Answer, messages: Sequence[Encoded], now: float) -> Verdict:
    """Reads an answer. Success is exactly 200 with `success: true`; anything else that is not an error is doubted."""
    if isinstance(answer, ConnectionFailed):
        return Verdict(again=list(messages), cause=answer)
    document = answer.document()
    retry_after = parse_retry_after(answer.retry_after, now)
    if answer.status == 200 and isinstance(document, dict) and document.get("success") is True:
        return _read_results(document.get("results"), messages, retry_after)
    if 200 <= answer.status < 300:
        cause = InvalidResponse(
            f"the service answered {answer.status} without success; the messages are sent again"
        )
        return Verdict(again=list(messages), cause=cause, retry_after=retry_after)
    error = api_error(answer.status, document, retry_after)
    if is_retryable(answer.status):
        return Verdict(again=list(messages), cause=error, retry_after=retry_after)
    if answer.status == 413 and len(messages) > 1:
        return Verdict(split=True)
    return Verdict(reports=[Report(error, [message.message for message in messages])])


def _read_results(results: Any, messages: Sequence[Encoded], retry_after: float | None) -> Verdict:
    verdict = Verdict(retry_after=retry_after)
    if not isinstance(results, dict):
        return verdict  # a service that speaks the tracking API and has no results: all were taken
    for message in messages:
        result = results.get(message.draft.message_id)
        if not isinstance(result, dict):
            continue
        reason = result.get("reason")
        reason = reason if isinstance(reason, dict) else {}
        rejected = MessageRejected(
            str(reason.get("code", "unknown")), str(reason.get("message", "no reason given"))
        )
        if result.get("status") == "rejected":
            verdict.reports.append(Report(rejected, [message.message]))
        elif result.get("status") == "retry":
            verdict.again.append(message)
            verdict.cause = rejected
        else:
            verdict.remarks += _remarks(result, reason, message)
    return verdict


def _remarks(result: dict[str, Any], reason: dict[str, Any], message: Encoded) -> list[Remark]:
    """Why a message that was taken may not do what was meant: a misspelt event, a property of the wrong type."""
    found = result.get("warnings")
    said = [f"{reason['code']}: {reason.get('message', '')}"] if "code" in reason else []
    said += [str(one) for one in found] if isinstance(found, list) else []
    about = message.message.get("event") or message.message.get("type")
    return [Remark(f"{about}: {text}", once=True) for text in said]


def _deliver_batch(messages: list[Encoded], delivery: Delivery) -> Steps:
    failures = 0
    while True:
        answer = yield Send(batch_request(messages, delivery.clock(), failures, delivery.compress))
        assert isinstance(answer, (Response, ConnectionFailed))
        verdict = judge(answer, messages, delivery.clock())
        yield from verdict.reports
        yield from verdict.remarks
        if verdict.split:
            middle = len(messages) // 2
            yield from _deliver_batch(messages[:middle], delivery)
            yield from _deliver_batch(messages[middle:], delivery)
            return
        yield from _settle(messages, verdict.again)
        if not verdict.again:
            return
        messages = verdict.again
        failures += 1
        if failures >= delivery.retry.tries_max:
            error = NotDelivered(f"gave up after {failures} tries: {verdict.cause}")
            error.__cause__ = verdict.cause
            yield Report(error, [message.message for message in messages])
            yield from _settle(messages, [])
            return
        if failures == 1:
            wait = "waits and is" if len(messages) == 1 else "wait and are"
            yield Remark(f"{counted(len(messages))} {wait} sent again: {verdict.cause}")
        yield Wait(delivery.retry.delay(failures, verdict.retry_after, delivery.random()), verdict.cause)


def _settle(messages: Sequence[Encoded], unless: Sequence[Encoded]) -> Steps:
    kept = {id(message) for message in unless}
    finished = [message.draft for message in messages if id(message) not in kept]
    if finished:
        yield Settle(finished)
