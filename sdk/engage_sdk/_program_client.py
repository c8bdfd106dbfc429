"""Campaigns, templates, nudges and interventions of the client."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from . import _limits, _program_calls, models
from ._message import Id
from ._resources import Resource


class Nudges(Resource):
    """What became of the messages that rules sent. `members.open_nudge` says that one was seen."""

    def list(self, company: Id) -> tuple[models.NudgeCounts, ...]:
        """Those of the program in force: sent, opened, returned, with rates."""
        return self._call(_program_calls.list_nudges(company))


class Campaigns(Resource):
    """A company's campaigns. A step that makes no sense, as to resume one that has ended, raises ConflictError."""

    def list(self, company: Id) -> tuple[models.Campaign, ...]:
        """Those of the program in force: where they stand, what they cost and moved."""
        return self._call(_program_calls.list_campaigns(company))

    def get(self, company: Id, campaign: str) -> models.Campaign:
        """One campaign."""
        return self._call(_program_calls.get_campaign(company, campaign))

    def pause(self, company: Id, campaign: str, *, reason: str, actor: str | None = None) -> models.Campaign:
        """From the next event on its rules do not fire."""
        return self._call(_program_calls.steer_campaign(company, campaign, "pause", reason, actor))

    def resume(self, company: Id, campaign: str, *, reason: str, actor: str | None = None) -> models.Campaign:
        """Lets a paused one go on."""
        return self._call(_program_calls.steer_campaign(company, campaign, "resume", reason, actor))

    def end(self, company: Id, campaign: str, *, reason: str, actor: str | None = None) -> models.Campaign:
        """Ends one before its last day, for good."""
        return self._call(_program_calls.steer_campaign(company, campaign, "end", reason, actor))

    def clone(
        self,
        company: Id,
        campaign: str,
        *,
        id: str,
        first_day: date,
        last_day: date,
        actor: str | None = None,
    ) -> models.Draft:
        """Copies one, with its rules, into the draft under another id and other days."""
        return self._call(_program_calls.clone_campaign(company, campaign, id, first_day, last_day, actor))


class Templates(Resource):
    """Program templates, and the companies that follow one."""

    def list(
        self, *, industry: str | None = None, scene: str | None = None, page_size: int = _limits.PAGE_SIZE
    ) -> Iterator[models.Template]:
        """All of them, or of an industry or scene, read page by page while iterating."""
        return self._items(_program_calls.list_templates(industry, scene, page_size))

    def get(self, template: str, *, version: int | None = None) -> models.Template:
        """A template with its document; the newest version without one."""
        return self._call(_program_calls.get_template(template, version))

    def publish(
        self, template: str, document: str | Mapping[str, Any], *, actor: str | None = None
    ) -> models.PublishedTemplate:
        """Makes a version of one: YAML text, or its content. InvalidRequestError names each mistake at its place."""
        return self._call(_program_calls.publish_template(template, document, actor))

    def versions(self, template: str, *, page_size: int = _limits.PAGE_SIZE) -> Iterator[models.Template]:
        """A template's versions, newest first, read page by page while iterating."""
        return self._items(_program_calls.list_template_versions(template, page_size))

    def followed(self, company: Id) -> models.FollowedTemplate:
        """Which one a company follows, and what it says otherwise; NotFoundError if none."""
        return self._call(_program_calls.get_followed(company))

    def start(
        self,
        company: Id,
        template: str,
        *,
        version: int | None = None,
        overrides: Mapping[str, Any] | None = None,
        actor: str | None = None,
    ) -> models.Draft:
        """Makes a company's draft from one. `overrides`: JSON pointer to what the company says otherwise."""
        return self._call(_program_calls.start_from(company, template, version, overrides, actor))

    def leave(self, company: Id) -> models.LeftTemplate:
        """Lets a company go on without its template."""
        return self._call(_program_calls.leave_template(company))

    def proposal(self, company: Id, *, take: Iterable[str] = ()) -> models.TemplateProposal:
        """What the newest version would change; with `take`, JSON pointers where the template's word holds."""
        return self._call(_program_calls.get_proposal(company, take))

    def accept(
        self, company: Id, *, version: int, take: Iterable[str] = (), actor: str | None = None
    ) -> models.Draft:
        """Makes the proposed program the draft. `version` is the one that was looked at."""
        return self._call(_program_calls.accept_proposal(company, version, take, actor))

    def decline(self, company: Id, *, version: int, actor: str | None = None) -> models.FollowedTemplate:
        """Says no to a version of the template."""
        return self._call(_program_calls.decline_proposal(company, version, actor))


class Interventions(Resource):
    """What was done for companies, so that its effect can be judged."""

    def list(self) -> tuple[models.Intervention, ...]:
        """All of them, the newest first."""
        return self._call(_program_calls.list_interventions())

    def get(self, intervention: str) -> models.JudgedIntervention:
        """One, and scores before and after beside those of companies without."""
        return self._call(_program_calls.get_intervention(intervention))

    def log(
        self,
        intervention: str,
        *,
        what: str,
        day: date,
        companies: Iterable[Id],
        hold_out: float = 0.0,
        reason: str | None = None,
        actor: str | None = None,
    ) -> models.Intervention:
        """What was done. The same id again corrects it, which asks for a reason."""
        return self._call(
            _program_calls.log_intervention(intervention, what, day, companies, hold_out, reason, actor)
        )

    def withdraw(self, intervention: str, *, reason: str, actor: str | None = None) -> models.Intervention:
        """It was logged by mistake: it is judged no more, and stays readable."""
        return self._call(_program_calls.withdraw_intervention(intervention, reason, actor))
