"""The JSON shapes of program templates and campaigns; they change as those of `engage.web.shapes` do."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from engage.core.published_campaigns import CampaignMonth
from engage.web.shapes import Amount, Change, Day, Time


class TemplateSummary(Struct):
    """A version of a program template; `open` are JSON pointers to what a company may say otherwise."""

    id: str
    name: str
    industry: str | None
    scene: str | None
    description: str | None
    version: int
    hash: str
    open: list[str]
    actor: str | None
    published_at: Time


class Templates(Struct):
    data: list[TemplateSummary]
    next_cursor: str | None


class Template(TemplateSummary):
    document: Annotated[str, Meta(description="As it was written.")]
    program: dict[str, Any]


class Override(Struct):
    """What a company's draft, or else its newest version, says otherwise than the template."""

    pointer: str
    kind: Literal["set", "removed", "order"]
    value: Any


class FollowedTemplate(Struct):
    template: str
    version: int
    newest: int
    proposed: Annotated[bool, Meta(description="There is a newer version that was not declined.")]
    open: list[str]
    overrides: list[Override]


class NewFollowedTemplate(Struct, forbid_unknown_fields=True):
    """The template to start from, and what the company says otherwise: JSON pointer -> value, null to leave out."""

    template: Annotated[str, Meta(min_length=1, max_length=64)]
    version: Annotated[int, Meta(ge=1, description="Else the newest.")] | None = None
    overrides: dict[str, Any] = {}
    actor: Annotated[str, Meta(max_length=255)] | None = None


class LeftTemplate(Struct):
    """The company that follows no template any more."""

    company: str


class TemplateConflict(Struct):
    """Where a company's choice and the template's change meet, and which of the two is kept."""

    pointer: str
    why: Literal["both", "closed", "gone"]
    kept: Literal["company", "template"]
    text: str


class TemplateProposal(Struct):
    """What the newest version of a template would make of a company's program; taking it has `problems` or none."""

    template: str
    version: int
    proposed: int
    declined: bool
    document: str
    changes: list[Change]
    conflicts: list[TemplateConflict]
    problems: list[dict[str, Any]]


class ProposalAnswer(Struct, forbid_unknown_fields=True):
    """Which version was looked at; with `take`, where the template's holds rather than the company's choice."""

    version: Annotated[int, Meta(ge=1)]
    take: list[str] = []
    actor: Annotated[str, Meta(max_length=255)] | None = None


class CampaignStop(Struct):
    """Why a campaign does not take its course, and whose doing that is."""

    step: Literal["pause", "end"]
    actor: str
    reason: str
    at: Time


class CampaignBudget(Struct):
    amount: Amount
    left: Annotated[Amount, Meta(description="Negative when the budget was lowered since.")]


class CampaignActivity(Struct):
    """Events that trigger the campaign's rules, by anybody."""

    days: Annotated[int, Meta(description="How many of the campaign there were so far.")]
    events: int
    events_before: Annotated[int, Meta(description="In as many days before the first.")]


class Campaign(Struct):
    """A campaign of a company: where it stands, what it cost and what it moved. Both days are local, and included."""

    id: str
    name: str
    state: str
    first_day: Day
    last_day: Day
    audience: str | None
    rules: list[str]
    quests: list[str]
    stopped: CampaignStop | None
    awarded: Annotated[dict[str, Amount], Meta(description="Units by currency, less what was undone.")]
    budgets: dict[str, CampaignBudget]
    firings: int
    members: Annotated[int, Meta(description="For whom some rule of it fired.")]
    activity: CampaignActivity
    holdout: Annotated[
        int, Meta(description="Per cent of all members who are held out of it, to measure it.")
    ]
    measured: Annotated[
        list[CampaignMonth],
        Meta(
            description="What it moved, by four-week month that is over: members with it beside those held out."
        ),
    ]


class Campaigns(Struct):
    data: list[Campaign]


class CampaignStep(Struct, forbid_unknown_fields=True):
    """Why a campaign is paused, resumed or ended, and by whom."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    actor: Annotated[str, Meta(max_length=255)] | None = None


class NewCampaignCopy(Struct, forbid_unknown_fields=True):
    """The id and the days of the copy."""

    id: Annotated[str, Meta(min_length=1, max_length=64)]
    first_day: Day
    last_day: Day
    actor: Annotated[str, Meta(max_length=255)] | None = None
