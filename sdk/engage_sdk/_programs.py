"""Campaigns, program templates and nudges, as frozen values. See `models`, which has them too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Nudge:
    """A message that a rule sent a member. `opened` is False until `members.open_nudge` says otherwise."""

    id: str
    text: str | None = None
    at: datetime | None = None
    opened: bool = False
    opened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NudgeRates:
    """Per cent of those sent; None before one was."""

    opened: float | None = None
    returned: float | None = None


@dataclass(frozen=True, slots=True)
class NudgeCounts:
    """What became of a nudge in a company. `returned`: who did something on a later day, within a week."""

    id: str
    text: str | None = None
    sent: int = 0
    opened: int = 0
    returned: int = 0
    rates: NudgeRates = NudgeRates()


@dataclass(frozen=True, slots=True)
class CampaignStop:
    """Who paused or ended a campaign, and why."""

    step: str
    actor: str | None = None
    reason: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CampaignBudget:
    """What a campaign may award in a currency; `left` is negative when it was lowered since."""

    amount: int
    left: int = 0


@dataclass(frozen=True, slots=True)
class CampaignActivity:
    """Events that trigger a campaign's rules: in its days so far, and in as many before."""

    days: int = 0
    events: int = 0
    events_before: int = 0


@dataclass(frozen=True, slots=True)
class CampaignShare:
    """A number of members, or a share of them in per cent, as it may be told: `text`, and the `value` or a range."""

    text: str = ""
    unit: str = ""
    value: float | None = None
    hidden: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class CampaignMonth:
    """What a campaign moved in a four-week month: members with it beside those held out. `difference`: in percentage
    points, its 95 % interval. `told` is more, fewer, unclear, few or hidden."""

    campaign: str
    first_day: date | None = None
    last_day: date | None = None
    weeks: int = 0
    members: CampaignShare | None = None
    active: CampaignShare | None = None
    held_out: CampaignShare | None = None
    held_out_active: CampaignShare | None = None
    difference: CampaignShare | None = None
    told: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign: where it stands, what it cost and moved. `state` is planned, running, paused or ended. `holdout`: per
    cent of all members who are held out of it."""

    id: str
    name: str | None = None
    state: str | None = None
    first_day: date | None = None
    last_day: date | None = None
    audience: str | None = None
    rules: tuple[str, ...] = ()
    quests: tuple[str, ...] = ()
    stopped: CampaignStop | None = None
    awarded: Mapping[str, int] = field(default_factory=dict)
    budgets: Mapping[str, CampaignBudget] = field(default_factory=dict)
    firings: int = 0
    members: int = 0
    activity: CampaignActivity | None = None
    holdout: int = 0
    measured: tuple[CampaignMonth, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """The program being edited, as YAML. `changed`: it differs from the version in force."""

    document: str = field(repr=False)
    actor: str | None = None
    updated_at: datetime | None = None
    changed: bool = True


@dataclass(frozen=True, slots=True)
class Template:
    """A version of a program template. `open` are JSON pointers to what a company may say otherwise; `document` is the
    YAML, None in lists."""

    id: str
    name: str | None = None
    industry: str | None = None
    scene: str | None = None
    description: str | None = None
    version: int | None = None
    open: tuple[str, ...] = ()
    actor: str | None = None
    published_at: datetime | None = None
    document: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PublishedTemplate:
    """A version of a template that was published; `unchanged`: it says what the newest said, and none was made."""

    version: int
    hash: str | None = None
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class FollowedTemplate:
    """The template a company follows. `proposed`: there is a newer version that was not declined."""

    template: str
    version: int | None = None
    newest: int | None = None
    proposed: bool = False
    open: tuple[str, ...] = ()
    overrides: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class TemplateProposal:
    """What the newest version of a template would make of a company's program: changes and conflicts in words."""

    template: str
    version: int | None = None
    proposed: int | None = None
    declined: bool = False
    document: str | None = field(default=None, repr=False)
    changes: tuple[Mapping[str, Any], ...] = ()
    conflicts: tuple[Mapping[str, Any], ...] = ()
    problems: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class LeftTemplate:
    """The company that follows no template any more."""

    company: str


@dataclass(frozen=True, slots=True)
class InterventionChange:
    """What was corrected of an intervention, by whom and why."""

    text: str = ""
    actor: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Intervention:
    """Something done for some companies on a day. Those `held_out`, drawn by chance, went without."""

    id: str
    what: str = ""
    day: date | None = None
    actor: str | None = None
    companies: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()
    changes: tuple[InterventionChange, ...] = ()
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class ScoresAfter:
    """Scores so many weeks after an intervention, less those before: of its companies, and of others without."""

    weeks: int = 0
    companies: int = 0
    change: float | None = None
    others: int = 0
    others_change: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class JudgedIntervention:
    """An intervention, and what became of scores after it; nothing of one that was withdrawn."""

    intervention: Intervention
    scores: tuple[ScoresAfter, ...] = ()
