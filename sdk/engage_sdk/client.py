"""`Client`: the blocking client, with its background thread.

Owns the public surface for synchronous hosts; `async_client` is its twin, and a test keeps their methods and
signatures equal. What is sent and how answers are read is in `_calls` and `_delivery`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from types import TracebackType
from typing import TypeVar

import httpx

from . import _calls, _limits, _processes, _program_calls, models
from ._ingest import Ingest
from ._message import BeforeSend, Id
from ._outbox import DropPolicy
from ._program_client import Campaigns, Interventions, Nudges, Templates
from ._resources import Resource
from ._retry import DEFAULT_RETRY, RetryPolicy
from ._sender import ThreadSender
from ._settings import OnError, Settings

T = TypeVar("T")


class Client(Ingest):
    """Talks to one Engage service with one key. Safe to share between threads; make one per process.

    - `timeout` (seconds): of one HTTP exchange.
    - `flush_at`, `flush_interval` (messages, seconds): a batch leaves when it is full or this old.
    - `queue_size`, `drop`: how many messages wait at most, and whether a full queue loses the "newest" or "oldest".
    - `retry`: how often and how long apart; a `RetryPolicy`.
    - `compress`: gzip the batches.
    - `on_error(error, messages)`: told what was refused or given up; without one it is logged.
    - `before_send(message)`: answers the message to send, or None to keep it back.
    - `disabled`: reports do nothing, and calls that answer raise `ClientDisabled`.
    - `exit_timeout` (seconds): for what is left when the process ends.
    - `make_http`: makes the HTTP client (proxies, certificates); called again after a fork.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key: str,
        timeout: float = _limits.HTTP_TIMEOUT_SECONDS,
        flush_interval: float = _limits.FLUSH_INTERVAL_SECONDS,
        flush_at: int = _limits.FLUSH_AT_MESSAGES,
        queue_size: int = _limits.QUEUE_MESSAGES_MAX,
        drop: DropPolicy = "newest",
        retry: RetryPolicy = DEFAULT_RETRY,
        compress: bool = False,
        on_error: OnError | None = None,
        before_send: BeforeSend | None = None,
        disabled: bool = False,
        exit_timeout: float = _limits.EXIT_TIMEOUT_SECONDS,
        make_http: Callable[[], httpx.Client] | None = None,
    ) -> None:
        settings = Settings(
            base_url,
            key,
            timeout,
            flush_interval,
            flush_at,
            queue_size,
            drop,
            retry,
            compress,
            on_error,
            before_send,
            disabled,
            exit_timeout,
        )
        self._sender = ThreadSender(settings, make_http or httpx.Client)
        self._outbox = self._sender.outbox
        self._disabled = disabled
        _processes.register(self._sender)
        weakref.finalize(self, self._sender.release).atexit = False
        call = self._sender.call
        self.companies = Companies(call)
        self.members = Members(call)
        self.events = Events(call)
        self.adjustments = Adjustments(call)
        self.leaderboards = Leaderboards(call)
        self.rewards = Rewards(call)
        self.redemptions = Redemptions(call)
        self.invitations = Invitations(call)
        self.recommendations = Recommendations(call)
        self.campaigns = Campaigns(call)
        self.templates = Templates(call)
        self.nudges = Nudges(call)
        self.interventions = Interventions(call)
        self.health = HealthScores(call)
        self.reports = Reports(call)
        self.portfolio = Portfolios(call)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._sender.settings.base_url!r})"

    def _wake(self) -> None:
        self._sender.wake()

    @property
    def pending(self) -> int:
        """How many messages are queued or on their way."""
        return self._outbox.pending

    def flush(self, timeout: float | None = _limits.FLUSH_TIMEOUT_SECONDS) -> bool:
        """Waits until everything queued before is delivered or reported to `on_error`. False if time ran out first.

        None waits without bound. Called inside `on_error` or `before_send` it returns False at once.
        """
        return self._sender.flush(timeout)

    def close(self, timeout: float = _limits.FLUSH_TIMEOUT_SECONDS) -> bool:
        """Takes no more messages, delivers what is left, and closes the connections.

        What is left when time runs out is reported to `on_error`, and the answer is then False.
        """
        return self._sender.close(timeout)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Companies(Resource):
    """The host's client companies."""

    def get(self, company: Id) -> models.Company:
        """One company; NotFoundError if there is none."""
        return self._call(_calls.get_company(company))

    def create(
        self, company: Id, *, name: str | None = None, timezone: str | None = None, seats: int | None = None
    ) -> models.Company:
        """Creates a company, or changes what is given of an existing one."""
        return self._call(_calls.create_company(company, name, timezone, seats))

    def list(self, *, page_size: int = _limits.PAGE_SIZE) -> Iterator[models.Company]:
        """All companies, read page by page while iterating."""
        return self._items(_calls.list_companies(page_size))


class Members(Resource):
    """The employees of a company."""

    def get(self, company: Id, member: Id) -> models.Member:
        """A member's level, balances and badges; NotFoundError if nothing was reported of them yet."""
        return self._call(_calls.get_member(company, member))

    def list(self, company: Id, *, page_size: int = _limits.PAGE_SIZE) -> Iterator[models.Member]:
        """All members of a company, read page by page while iterating."""
        return self._items(_calls.list_members(company, page_size))

    def erase(
        self,
        company: Id,
        member: Id,
        *,
        actor: str | None = None,
        dry_run: bool = False,
        idempotency_key: str | None = None,
    ) -> models.Erasure:
        """Erases a member, for good: id, traits, events' properties; NotFoundError if nobody is known by this id."""
        return self._call(_calls.erase_member(company, member, actor, dry_run, idempotency_key))

    def prefer(
        self, company: Id, member: Id, *, leaderboard: bool | None = None, actor: str | None = None
    ) -> models.Preferences:
        """Whether a member wants to be compared with colleagues; nobody is who did not say so."""
        return self._call(_calls.set_preferences(company, member, leaderboard, actor))

    def leave(
        self,
        company: Id,
        member: Id,
        *,
        first: date,
        last: date,
        reason: str | None = None,
        actor: str | None = None,
        idempotency_key: str | None = None,
    ) -> tuple[models.Streak, ...]:
        """Pauses a member's streaks from a day to another, or excuses days that have passed; the streaks then."""
        call = _program_calls.take_leave(company, member, first, last, reason, actor, idempotency_key)
        return self._call(call)

    def restore_streak(
        self,
        company: Id,
        member: Id,
        streak: str,
        *,
        reason: str | None = None,
        actor: str | None = None,
        idempotency_key: str | None = None,
    ) -> tuple[models.Streak, ...]:
        """Lets a lost streak go on; the streaks then."""
        call = _program_calls.restore_streak(company, member, streak, reason, actor, idempotency_key)
        return self._call(call)

    def open_nudge(self, company: Id, member: Id, nudge: str, *, actor: str | None = None) -> models.Nudge:
        """Says that the member has seen a message. The first time counts."""
        return self._call(_program_calls.open_nudge(company, member, nudge, actor))

    def benefits(self, company: Id, member: Id) -> tuple[models.Benefit, ...]:
        """What a member's level entitles to; nothing for a member nobody has reported yet."""
        return self._call(_calls.list_benefits(company, member))

    def benefit(self, company: Id, member: Id, benefit: str) -> models.Benefit:
        """Whether a member has a benefit, and its value. False in a condition when it is not granted."""
        return self._call(_calls.get_benefit(company, member, benefit))

    def transfers(
        self, company: Id, member: Id, *, page_size: int = _limits.PAGE_SIZE
    ) -> Iterator[models.Transfer]:
        """A member's transfers, newest first, read page by page while iterating."""
        return self._items(_calls.list_transfers(company, member, page_size))

    def decisions(
        self, company: Id, member: Id, *, page_size: int = _limits.PAGE_SIZE
    ) -> Iterator[models.Decision]:
        """What was decided about a member's events, newest first, read page by page while iterating."""
        return self._items(_calls.list_decisions(company, member, page_size))

    def adjust(
        self,
        company: Id,
        member: Id,
        *,
        currency: str,
        amount: int,
        reason: str,
        actor: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Adjustment:
        """Gives or takes points by hand. `amount` is a whole number, not 0.

        An `idempotency_key` of yours makes a repeated call change nothing; without one, only this call's own
        retries are safe.
        """
        return self._call(_calls.adjust(company, member, currency, amount, reason, actor, idempotency_key))

    def give(
        self,
        company: Id,
        member: Id,
        *,
        to: Id,
        currency: str,
        amount: int,
        message: str | None = None,
        actor: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Gift:
        """Gives to a colleague from the member's allowance; ConflictError with code `lacking` when it is too much."""
        return self._call(_calls.give(company, member, to, currency, amount, message, actor, idempotency_key))

    def token(
        self, company: Id, member: Id, *, ttl: int = 300, origin: str | None = None
    ) -> models.MemberToken:
        """A token for the widget in this member's browser, good for `ttl` seconds."""
        return self._call(_calls.create_token(company, member, ttl, origin))


class Leaderboards(Resource):
    """Who scored most, of those who want to be compared."""

    def get(
        self,
        company: Id,
        board: str | None = None,
        *,
        limit: int = 10,
        member: Id | None = None,
        around: int = 0,
        before: bool = False,
    ) -> models.Leaderboard:
        """A board of the company, the first one without a name; with `member`, their place and neighbours.

        `before` asks for the period before the one under way.
        """
        return self._call(_calls.get_leaderboard(company, board, limit, member, around, before))


class Events(Resource):
    """What was reported."""

    def reverse(
        self,
        company: Id,
        message_id: str,
        *,
        reason: str | None = None,
        actor: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Reversal:
        """Undoes an event's own effects; ConflictError if that was done before."""
        return self._call(_calls.reverse_event(company, message_id, reason, actor, idempotency_key))


class Adjustments(Resource):
    """Adjustments that wait for a second person; `members.adjust` asks for them."""

    def list(
        self, company: Id, *, status: str | None = None, page_size: int = _limits.PAGE_SIZE
    ) -> Iterator[models.AdjustmentRequest]:
        """Those that wait, or in another status, newest first, read page by page while iterating."""
        return self._items(_calls.list_adjustments(company, status, page_size))

    def approve(
        self,
        company: Id,
        adjustment: str,
        *,
        reason: str,
        actor: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Adjustment:
        """Approves one; ConflictError when the actor is who asked for it."""
        return self._call(
            _calls.settle_adjustment(company, adjustment, "approve", reason, actor, idempotency_key)
        )

    def decline(
        self,
        company: Id,
        adjustment: str,
        *,
        reason: str,
        actor: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Adjustment:
        """Declines one: nothing moves."""
        return self._call(
            _calls.settle_adjustment(company, adjustment, "decline", reason, actor, idempotency_key)
        )


class Rewards(Resource):
    """What points buy in a company."""

    def list(self, company: Id, *, member: Id | None = None) -> tuple[models.Reward, ...]:
        """The catalogue. With a member, each reward says what that member lacks for it."""
        return self._call(_calls.list_rewards(company, member))

    def upload_codes(
        self, company: Id, reward: str, codes: Iterable[str], *, actor: str | None = None
    ) -> models.CodesUploaded:
        """Adds codes for a reward to hand out. One that is known already is not added again."""
        return self._call(_calls.upload_codes(company, reward, codes, actor))


class Redemptions(Resource):
    """Rewards that were asked for, step by step. A step that is not the next one raises ConflictError.

    An `idempotency_key` of yours makes a repeated call change nothing; without one, only this call's own retries
    are safe.
    """

    def request(
        self,
        company: Id,
        member: Id,
        reward: str,
        *,
        reason: str | None = None,
        actor: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Redemption:
        """Asks for a reward; ConflictError with code `lacking` when the member cannot have it: `errors` says why."""
        return self._call(_calls.request_redemption(company, member, reward, reason, actor, idempotency_key))

    def get(self, company: Id, redemption: str) -> models.Redemption:
        """One redemption with its steps."""
        return self._call(_calls.get_redemption(company, redemption))

    def list(
        self,
        company: Id,
        *,
        member: Id | None = None,
        status: str | None = None,
        page_size: int = _limits.PAGE_SIZE,
    ) -> Iterator[models.Redemption]:
        """Redemptions, newest first, of all or one member and status, read page by page while iterating."""
        return self._items(_calls.list_redemptions(company, member, status, page_size))

    def approve(
        self,
        company: Id,
        redemption: str,
        *,
        reason: str,
        actor: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Redemption:
        """Approves one that is held; with a code at hand it is fulfilled at once."""
        return self._call(_calls.take_step(company, redemption, "approve", reason, actor, idempotency_key))

    def fulfil(
        self,
        company: Id,
        redemption: str,
        *,
        reason: str,
        actor: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Redemption:
        """Fulfils one that is approved: spends what is held, and hands out a code."""
        return self._call(_calls.take_step(company, redemption, "fulfil", reason, actor, idempotency_key))

    def cancel(
        self,
        company: Id,
        redemption: str,
        *,
        reason: str,
        actor: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Redemption:
        """Cancels one, or refunds it: the points return with the expiry they had."""
        return self._call(_calls.take_step(company, redemption, "cancel", reason, actor, idempotency_key))


class Invitations(Resource):
    """Members who invite colleagues."""

    def send(
        self,
        company: Id,
        member: Id,
        *,
        to: Id | None = None,
        channel: str | None = None,
        actor: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Invitation:
        """Invites a colleague in a member's name, or whoever takes it up by its code.

        ConflictError with code `lacking` says what stands in the way.
        """
        return self._call(_calls.invite(company, member, to, channel, actor, idempotency_key))

    def list(
        self, company: Id, member: Id, *, page_size: int = _limits.PAGE_SIZE
    ) -> Iterator[models.Invitation]:
        """A member's and what they brought, newest first, read page by page while iterating."""
        return self._items(_calls.list_invitations(company, member, page_size))

    def accept(self, company: Id, code: str, member: Id, *, actor: str | None = None) -> models.Acceptance:
        """A colleague takes an invitation up, as at the sign-up. The same again changes nothing."""
        return self._call(_calls.accept_invitation(company, code, member, actor))

    def note(self, company: Id, code: str, step: str, *, visitor: str, channel: str | None = None) -> bool:
        """Somebody has `seen`, `understood` or `forwarded` an invitation. False when that visitor was counted."""
        return self._call(_calls.note_invitation(company, code, step, visitor, channel))

    def funnel(
        self, company: Id, *, first_day: date | None = None, last_day: date | None = None
    ) -> models.InvitationFunnel:
        """How often each step was taken, by channel, on these local days; the last 90 without."""
        return self._call(_calls.get_funnel(company, first_day, last_day))


class Recommendations(Resource):
    """Companies that recommend you, by the link that your product prints."""

    def link(self, company: Id) -> models.PoweredBy:
        """The company's powered-by link: its code, made when asked for first, and what came by it."""
        return self._call(_calls.make_powered_by(company))

    def follow(self, code: str, *, channel: str = "link") -> bool:
        """Somebody followed a powered-by link."""
        return self._call(_calls.follow(code, channel))

    def record(
        self, company: Id, code: str, *, channel: str = "link", actor: str | None = None
    ) -> models.Recommendation:
        """A new company came by such a link. The first counts: ConflictError for another."""
        return self._call(_calls.recommend(company, code, channel, actor))

    def get(self, company: Id) -> models.Recommendation:
        """Which company recommended this one; NotFoundError for none."""
        return self._call(_calls.get_recommendation(company))

    def list(
        self, *, by: Id | None = None, page_size: int = _limits.PAGE_SIZE
    ) -> Iterator[models.Recommendation]:
        """All of them, or those of one company, read page by page while iterating."""
        return self._items(_calls.list_recommendations(by, page_size))


class HealthScores(Resource):
    """Companies' health, from aggregates only."""

    def get(self, company: Id) -> models.Health:
        """The newest score with its drivers."""
        return self._call(_calls.get_health(company))

    def history(self, company: Id) -> tuple[models.HealthPoint, ...]:
        """Past scores, in the service's order."""
        return self._call(_calls.get_health_history(company))


class Reports(Resource):
    """Adoption reports."""

    def get(self, company: Id, *, period: str) -> models.Report:
        """A report for a period such as 2026-Q1, 2026-03 or last-12-weeks."""
        return self._call(_calls.get_report(company, period))


class Portfolios(Resource):
    """All companies side by side."""

    def list(self) -> models.Portfolio:
        """Companies by risk and value."""
        return self._call(_calls.list_portfolio())
