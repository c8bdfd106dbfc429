"""Accepting calls on a real file: what is new, whose it is, what waits for whom, and what is never stored."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec
import pytest

from engage.actions import ingest, remarks
from engage.actions.companies import set_company
from engage.core.calendar import from_datetime
from engage.core.call import Refusal
from engage.core.event import Kind
from engage.store.companies import UNKNOWN_COMPANIES
from engage.store.settings import put_setting
from tests.actions.host import DAY, MINUTE, NOON, PROGRAM, Host, iso


def statuses(outcomes: list[ingest.Outcome]) -> list[str]:
    return [outcome.status for outcome in outcomes]


def reasons(outcomes: list[ingest.Outcome]) -> list[str]:
    return [outcome.reason.code if outcome.reason else "" for outcome in outcomes]


# --- the same message again -----------------------------------------------------------------------------------


async def test_a_message_sent_twice_in_a_batch_counts_once(host: Host) -> None:
    await host.publish()
    outcomes = await host.send(host.track("ann", messageId="x"), host.track("ann", messageId="x"))
    assert statuses(outcomes) == ["ok", "duplicate"]
    assert await host.balance("ann") == 10
    assert await host.rejects() == []


async def test_a_message_sent_again_later_changes_nothing(host: Host) -> None:
    await host.publish()
    await host.send(host.track("ann", messageId="x"))
    before = host.stored_rows()
    for _ in range(3):
        host.now += 40 * DAY
        assert statuses(await host.send(host.track("ann", messageId="x"))) == ["duplicate"]
    assert host.stored_rows() == before


@pytest.mark.parametrize("stamped", [True, False])
async def test_a_retry_on_another_day_is_known_by_the_messages_own_day(host: Host, stamped: bool) -> None:
    stamp = {"timestamp": iso(NOON)} if stamped else {}
    await host.send(host.track("ann", messageId="x", **stamp))
    host.now += 3 * DAY
    assert statuses(await host.send(host.track("ann", messageId="x", **stamp))) == ["duplicate"]


async def test_the_same_id_stamped_with_another_day_is_another_message(host: Host) -> None:
    await host.publish()
    await host.send(host.track("ann", messageId="x", timestamp=iso(NOON - DAY)))
    outcomes = await host.send(
        host.track("ann", messageId="x", timestamp=iso(NOON)), host.track("ann", messageId="x")
    )
    assert statuses(outcomes) == ["ok", "ok"]
    assert await host.balance("ann") == 30


async def test_the_same_id_in_two_companies_is_two_messages(host: Host) -> None:
    await host.publish()
    outcomes = await host.send(
        host.track("ann", messageId="x", company="acme"), host.track("ann", messageId="x", company="beta")
    )
    assert statuses(outcomes) == ["ok", "ok"]


@pytest.mark.parametrize("together", [True, False])
async def test_another_body_under_a_known_id_is_dropped_and_visible(host: Host, together: bool) -> None:
    await host.publish()
    first = host.track("ann", messageId="x")
    second = host.track("ann", "Deal Won", messageId="x", properties={"value": 5000})
    if together:
        outcomes = await host.send(first, second)
    else:
        outcomes = [*await host.send(first), *await host.send(second)]
    assert statuses(outcomes) == ["ok", "duplicate"]
    assert reasons(outcomes) == ["", "conflicting_duplicate"]
    assert await host.balance("ann") == 10
    assert await host.rejects() == [("acme", "conflicting_duplicate")]


# --- whose call it is -----------------------------------------------------------------------------------------


async def test_the_context_names_the_company_before_the_call_does(host: Host) -> None:
    await host.send(host.track("ann", company="acme", groupId="beta"))
    await host.send(host.track("bob", company=None, groupId="beta"))
    assert await host.balance("ann", "acme") == 0
    assert await host.balance("bob", "beta") == 0


async def test_a_call_without_a_company_goes_to_the_members_only_one(host: Host) -> None:
    await host.publish()
    await host.send(host.track("ann"))
    assert statuses(await host.send(host.track("ann", company=None))) == ["ok"]
    assert await host.balance("ann") == 20


async def test_between_two_companies_nobody_guesses(host: Host) -> None:
    await host.send(host.track("ann", company="acme"), host.track("ann", company="beta"))
    outcomes = await host.send(host.track("ann", company=None))
    assert (statuses(outcomes), reasons(outcomes)) == (["rejected"], ["company_ambiguous"])
    assert await host.rejects() == [(None, "company_ambiguous")]


async def test_two_companies_named_in_the_same_batch_are_two(host: Host) -> None:
    outcomes = await host.send(
        host.track("ann", company="acme"), host.track("ann", company="beta"), host.track("ann", company=None)
    )
    assert reasons(outcomes)[2] == "company_ambiguous"


# --- unknown companies ----------------------------------------------------------------------------------------


async def test_a_server_key_creates_a_company_a_write_key_does_not(host: Host) -> None:
    outcomes = await host.send(host.track("ann", company="beta", trusted=False))
    assert (statuses(outcomes), reasons(outcomes)) == (["retry"], ["company_unknown"])
    assert await host.rejects() == []
    await host.send(host.track("bob", company="beta"))
    assert statuses(await host.send(host.track("ann", company="beta", trusted=False))) == ["ok"]


async def test_the_host_may_switch_off_the_creation_of_companies(host: Host) -> None:
    await set_company(host.database, "acme", now=NOON)
    await host.database.write(lambda tx: put_setting(UNKNOWN_COMPANIES, "refuse"))
    outcomes = await host.send(host.track("ann", company="beta"), host.track("ann", company="acme"))
    assert (statuses(outcomes), reasons(outcomes)) == (["retry", "ok"], ["company_unknown", "no_program"])
    assert host.count("company") == 1


async def test_a_call_refused_for_now_is_accepted_later_under_the_same_id(host: Host) -> None:
    await host.publish()
    await host.send(host.track("ann", "Page Clicked", trusted=False, messageId="x"))
    await set_company(host.database, "acme", now=NOON)
    await host.send(host.track("ann", "Page Clicked", trusted=False, messageId="x"))
    assert await host.balance("ann") == 1


# --- what is decided ------------------------------------------------------------------------------------------


async def test_effects_say_what_was_earned_and_which_levels_were_passed(host: Host) -> None:
    await host.publish()
    (outcome,) = await host.send(host.track("ann", "Deal Won", properties={"value": 1000}))
    assert outcome.effects == [
        {"type": "award", "currency": "points", "amount": 50, "rule": "deal"},
        {"type": "award", "currency": "gems", "amount": 7, "rule": "deal"},
        {"type": "badge", "badge": "closer"},
        {"type": "level", "level": "bronze"},
    ]
    (outcome,) = await host.send(host.track("ann"))
    assert outcome.effects[-1] == {"type": "level", "level": "silver"}


async def test_an_undeclared_event_counts_as_activity_and_earns_nothing(host: Host) -> None:
    await host.publish()
    (outcome,) = await host.send(host.track("ann", "Nobody Declared This"))
    assert (outcome.status, reasons([outcome])) == ("ok", ["undeclared_event"])
    member = await host.member("ann")
    assert member is not None
    assert (member.events, member.wallets) == (1, {})


@pytest.mark.parametrize(
    "sent, meant", [("deal_won", "Deal Won"), ("Deal Wonn", "Deal Won"), ("Deal Lost", "")]
)
async def test_a_misspelt_event_is_told_with_the_one_that_was_meant(
    host: Host, sent: str, meant: str
) -> None:
    await host.publish()
    (outcome,) = await host.send(host.track("ann", sent))
    assert outcome.reason is not None
    told = f"; did you mean {meant!r}?" if meant else ""
    assert outcome.reason.message == f"recorded; the program does not declare this event{told}"


async def test_who_sends_many_undeclared_events_is_not_asked_what_each_means(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remarks, "NAMES_MAX", 2)
    remarks._looked_up.cache_clear()
    await host.publish()
    names = ("Deal Lost", "Deal Wonn", "Deal Wn", "Deal Wonn")
    outcomes = await host.send(*(host.track("ann", name) for name in names))
    assert ["did you mean" in one.reason.message for one in outcomes if one.reason] == [
        False,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize(
    "traits, told",
    [
        ({"name": "Acme", "timezone": "Europe/Berlin", "seats": 20, "customer_since": "2024-03-01"}, []),
        ({"timezone": None, "seats": None, "term_start": None}, []),
        (
            {"timezone": "Berlin"},
            ["'Berlin' is not an IANA time zone such as Europe/Berlin; kept as a trait alone"],
        ),
        (
            {"Seats": "many"},
            ["seats must be a whole number from 0 to 10,000,000, not 'many'; kept as a trait alone"],
        ),
        ({"term_start": "2026-01-01", "term_end": "2027-01-01", "monthly_revenue": 90}, []),
        (
            {"term_start": "2026-01-01", "term_end": "soon"},
            [
                "the traits tell of no contract term yet: term_end must be a date such as 2026-03-31, not 'soon'"
            ],
        ),
        ({"plan": 7}, ["trait 'plan' is not of its declared type; taken as missing"]),
    ],
)
async def test_traits_of_a_company_that_do_not_mean_what_they_say_are_told(
    host: Host, traits: dict[str, object], told: list[str]
) -> None:
    await host.publish()
    (outcome,) = await host.send(host.call("group", "ann", groupId="acme", traits=traits))
    assert outcome.warnings == told


async def test_a_members_trait_of_another_type_than_declared_is_told(host: Host) -> None:
    await host.publish()
    (outcome,) = await host.send(host.call("identify", "ann", groupId="acme", traits={"Role": 5, "shoe": 41}))
    assert outcome.warnings == ["trait 'role' is not of its declared type; taken as missing"]


@pytest.mark.parametrize("verb", ["page", "screen"])
async def test_a_page_counts_as_activity(host: Host, verb: str) -> None:
    await host.publish()
    assert statuses(await host.send(host.call(verb, "ann", groupId="acme", name="Home"))) == ["ok"]
    (day,) = (await host.days()).values()
    assert (day.events, day.members, day.joined, day.incentivised) == (1, 1, 1, 0)


async def test_identify_and_group_are_not_activity(host: Host) -> None:
    await host.send(host.call("identify", "ann", groupId="acme"), host.call("group", "ann", groupId="acme"))
    (day,) = (await host.days()).values()
    assert (day.events, day.members, day.joined) == (0, 0, 1)


async def test_a_property_of_the_wrong_type_is_missing_and_said_so(host: Host) -> None:
    await host.publish()
    (outcome,) = await host.send(host.track("ann", "Deal Won", properties={"value": "a lot"}))
    assert outcome.status == "ok"
    assert ["'value'" in warning for warning in outcome.warnings] == [True]
    assert outcome.effects == []


async def test_null_clears_a_trait_and_absence_keeps_it(host: Host) -> None:
    await host.send(host.call("identify", "ann", groupId="acme", traits={"role": "chief", "createdAt": "x"}))
    await host.send(host.call("identify", "ann", groupId="acme", traits={"created_at": None}))
    member = await host.member("ann")
    assert member is not None
    assert member.traits == {"role": "chief"}


async def test_an_event_older_than_the_bound_is_recorded_and_not_rewarded(host: Host) -> None:
    await host.publish(PROGRAM + "\nlate_days: 2\n")
    outcomes = await host.send(
        host.track("ann"),
        host.track("ann", timestamp=iso(NOON - 2 * DAY)),
        host.track("ann", timestamp=iso(NOON - 2 * DAY - MINUTE)),
    )
    assert reasons(outcomes) == ["", "", "too_late"]
    assert await host.balance("ann") == 20
    member = await host.member("ann")
    assert member is not None
    assert member.events == 3


async def test_a_time_zone_takes_effect_for_the_events_that_follow(host: Host) -> None:
    host.now = from_datetime(datetime(2026, 6, 3, 22, tzinfo=UTC))
    await host.send(host.track("ann"))
    await host.send(
        host.call("group", "ann", groupId="acme", traits={"timezone": "Asia/Tokyo"}), host.track("ann")
    )
    await host.send(
        host.call("group", "ann", groupId="acme", traits={"timezone": "Not/AZone"}), host.track("ann")
    )
    local = [(s.entry.day, s.entry.hour) for s in await host.log() if s.entry.kind == Kind.TRACK]
    third, fourth = date(2026, 6, 3).toordinal(), date(2026, 6, 4).toordinal()
    assert local == [(third, 22), (fourth, 7), (fourth, 7)]
    assert (await host.verify()).difference is None


# --- programs -------------------------------------------------------------------------------------------------


async def test_the_log_says_which_program_decided_what(host: Host) -> None:
    await host.send(host.track("ann"))
    await host.publish()
    await host.send(host.track("ann"), host.track("ann"))
    await host.publish(PROGRAM.replace("amount: 10}", "amount: 11}"))
    await host.send(host.track("ann"))
    kinds = [(s.entry.kind, s.entry.program) for s in await host.log()]
    assert kinds == [
        (Kind.TRACK, 0),
        (Kind.PROGRAM, 1),
        (Kind.TRACK, 1),
        (Kind.TRACK, 1),
        (Kind.PROGRAM, 2),
        (Kind.TRACK, 2),
    ]
    assert await host.balance("ann") == 31
    assert (await host.verify()).difference is None


async def test_publishing_the_same_meaning_again_changes_nothing(host: Host) -> None:
    first = await host.publish()
    again = await host.publish("# only a comment\n" + PROGRAM)
    assert (first.number, first.unchanged, again.number, again.unchanged) == (1, False, 1, True)
    assert host.count("program") == 1


async def test_an_older_program_may_be_published_again(host: Host) -> None:
    other = PROGRAM.replace("amount: 10}", "amount: 11}")
    numbers = [(await host.publish(text)).number for text in (PROGRAM, other, PROGRAM)]
    assert numbers == [1, 2, 3]
    await host.send(host.track("ann"))
    assert await host.balance("ann") == 10


async def test_a_companys_own_program_overrides_the_default_for_it_alone(host: Host) -> None:
    await host.publish()
    own = await host.publish(PROGRAM.replace("amount: 10}", "amount: 99}"), company="acme")
    await host.publish(PROGRAM.replace("amount: 10}", "amount: 11}"))
    assert own.number == 1
    await host.send(host.track("ann", company="acme"), host.track("ann", company="beta"))
    assert (await host.balance("ann", "acme"), await host.balance("ann", "beta")) == (99, 11)


# --- neighbours -----------------------------------------------------------------------------------------------


async def test_a_bad_call_costs_its_neighbours_nothing(host: Host) -> None:
    await host.publish()
    bad = [
        host.call("track", "ann", groupId="acme"),
        host.call("track", "", event="x"),
        host.call("group", "ann"),
    ]
    assert all(isinstance(call, Refusal) for call in bad)
    outcomes = await host.send(
        host.track("ann"), bad[0], host.track("ann"), bad[1], bad[2], host.track("ann")
    )
    assert statuses(outcomes) == ["ok", "rejected", "ok", "rejected", "rejected", "ok"]
    assert await host.balance("ann") == 30
    assert sorted(await host.rejects(), key=str) == [
        ("acme", "missing_event"),
        (None, "missing_company"),
        (None, "missing_user"),
    ]


async def test_a_refused_call_is_listed_under_the_company_it_named(host: Host) -> None:
    await host.send(host.track("ann", company="acme"))
    await host.send(host.call("track", "ann", groupId="acme"), host.call("track", "ann", groupId="unknown"))
    assert sorted(await host.rejects(), key=str) == [("acme", "missing_event"), (None, "missing_event")]
    assert host.count("company") == 1


async def test_what_was_refused_is_kept_short(host: Host) -> None:
    await host.send(host.track("ann", messageId="x"))
    await host.send(host.track("ann", messageId="x", properties={"long": "ß" * 8000}))
    assert host.place.rows("SELECT LENGTH(call) FROM engage_reject") == [(ingest.REJECT_BYTES_MAX,)]


async def test_an_empty_batch_is_accepted(host: Host) -> None:
    assert await host.send() == []


@pytest.mark.parametrize(
    "id",
    [
        "'; DROP TABLE engage_entry; --",
        '"quoted"',
        "{scope}",
        "{keys}{rows}",
        "a\\b%_?:x",
        "雪だるま ☃ 🚀",
        "e\u0301",
        "é",
        "x" * 255,
        "0",
        "None",
        "member:ann",
        "anonymous:v1",
    ],
)
async def test_any_text_may_be_an_id(host: Host, id: str) -> None:
    await host.publish()
    await host.send(host.visit(id, company=id), host.call("identify", id, groupId=id, anonymousId=id))
    await host.send(host.track(id, company=id, messageId=id), host.track(id, company=None))
    assert await host.balance(id, id) == 30
    assert statuses(await host.send(host.track(id, company=id, messageId=id))) == ["duplicate"]
    assert (await host.adjust(id, 5, id, company=id)).amount == 5
    assert (await host.reverse(id, id)).effects[0]["amount"] == -10
    assert await host.balance(id, id) == 25
    verified = await host.verify()
    assert (verified.companies, verified.difference) == (1, None)


async def test_outcomes_can_be_told_as_json(host: Host) -> None:
    await host.publish()
    outcomes = await host.send(host.track("ann", "Deal Won", properties={"value": 5000}), host.visit("v1"))
    assert msgspec.json.decode(msgspec.json.encode(outcomes))[0]["effects"]


# --- extremes -------------------------------------------------------------------------------------------------


async def test_a_clock_that_goes_back_harms_nothing(host: Host) -> None:
    await host.publish()
    await host.send(host.track("ann"))
    for back in (MINUTE, DAY, 20 * DAY, 400 * DAY):
        host.now = NOON - back
        assert statuses(await host.send(host.track("ann"), host.visit("v"))) == ["ok", "ok"]
    host.now = NOON
    await host.send(host.track("ann"), host.call("identify", "ann", groupId="acme", anonymousId="v"))
    member = await host.member("ann")
    assert member is not None
    assert member.last_at == NOON
    assert (await host.verify()).difference is None


async def test_times_at_the_edges_are_accepted(host: Host) -> None:
    await host.publish()
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Africa/Monrovia"):
        await host.send(host.call("group", "ann", groupId=zone, traits={"timezone": zone}))
        for stamp in (
            "1970-01-01T00:00:00Z",
            0,
            "9999-12-31T23:59:59.999999Z",
            253402300799999,
            "1969-12-31T00:00:00Z",
        ):
            assert statuses(await host.send(host.track("ann", company=zone, timestamp=stamp))) == ["ok"]
    assert (await host.verify()).difference is None


async def test_ten_thousand_companies_fit_in_one_batch(host: Host) -> None:
    await host.publish()
    calls = [host.track(f"u{n}", company=f"c{n}") for n in range(10_000)]
    outcomes = await host.send(*calls)
    assert set(statuses(outcomes)) == {"ok"}
    assert host.place.rows("SELECT COUNT(*) FROM engage_head WHERE company_id > 0") == [(10_000,)]
    assert host.count("transfer") == 10_000
    assert await host.balance("u9999", "c9999") == 10


async def test_twenty_thousand_calls_fit_in_one_batch(host: Host) -> None:
    await host.publish()
    outcomes = await host.send(*(host.track(f"u{n % 300}") for n in range(20_000)))
    assert set(statuses(outcomes)) == {"ok"}
    assert host.count("transfer") == 20_000
    assert (await host.verify()).difference is None


async def test_the_traits_of_a_write_key_are_recorded_and_change_nothing(host: Host) -> None:
    await host.send(host.track("ann"), host.call("group", "ann", groupId="acme", traits={"seats": 50}))
    told = await host.send(
        host.call(
            "group", "ann", trusted=False, groupId="acme", traits={"seats": 1, "timezone": "Asia/Tokyo"}
        ),
        host.call("identify", "ann", trusted=False, context={"groupId": "acme"}, traits={"role": "owner"}),
    )
    assert [outcome.reason and outcome.reason.code for outcome in told] == ["untrusted_source"] * 2
    company = await host.company("acme")
    assert (company.seats, company.timezone) == (50, "UTC")
    assert (await host.member("ann")).traits == {}
    assert (await host.verify()).difference is None
