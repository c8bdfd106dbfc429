"""Fieldnote's own work: inspections, issues, templates and invitations of each company, in memory.

The product part of the example, kept as plain as it can be: it knows nothing of Engage, and would run without it.
Every list is bounded, oldest out first, because the process may run for days.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

LIST_SIZE_MAX = 12
COMMENTS_MAX = 999

#: Template: how many items it has and how many photos a usual round brings.
TEMPLATES: dict[str, tuple[int, int]] = {
    "Daily walk-round": (12, 1),
    "Fire safety": (26, 4),
    "Equipment check": (18, 2),
    "Hygiene check": (22, 3),
}
SITES = ("Main site", "North site", "Depot", "Workshop")
SEVERITIES = ("low", "medium", "high")
ROLES = ("inspector", "supervisor", "manager")


@dataclass(slots=True)
class Inspection:
    id: int
    template: str
    site: str
    author: str
    completed: bool = False
    comments: int = 0
    exports: int = 0

    @property
    def items(self) -> int:
        return TEMPLATES[self.template][0]

    @property
    def photos(self) -> int:
        return TEMPLATES[self.template][1]


@dataclass(slots=True)
class Issue:
    id: int
    title: str
    severity: str
    hours_open: float
    resolved: bool = False


@dataclass(slots=True)
class Template:
    id: int
    name: str
    items: int
    published: bool = False


def _bounded() -> deque[Inspection]:
    return deque(maxlen=LIST_SIZE_MAX)


@dataclass(slots=True)
class Workspace:
    """What one company sees in Fieldnote. New things come first."""

    inspections: deque[Inspection] = field(default_factory=_bounded)
    issues: deque[Issue] = field(default_factory=lambda: deque(maxlen=LIST_SIZE_MAX))
    templates: deque[Template] = field(default_factory=lambda: deque(maxlen=LIST_SIZE_MAX))
    invitations: deque[str] = field(default_factory=lambda: deque(maxlen=LIST_SIZE_MAX))
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(101))

    def create_inspection(self, template: str, site: str, author: str) -> Inspection:
        inspection = Inspection(next(self._ids), template, site, author)
        self.inspections.appendleft(inspection)
        return inspection

    def raise_issue(self, title: str, severity: str) -> Issue:
        issue = Issue(next(self._ids), title, severity, 0.1)
        self.issues.appendleft(issue)
        return issue

    def draft_template(self, name: str, items: int) -> Template:
        template = Template(next(self._ids), name, items)
        self.templates.appendleft(template)
        return template

    def find_inspection(self, inspection_id: int) -> Inspection | None:
        return next((i for i in self.inspections if i.id == inspection_id), None)

    def find_issue(self, issue_id: int) -> Issue | None:
        return next((i for i in self.issues if i.id == issue_id), None)

    def find_template(self, template_id: int) -> Template | None:
        return next((t for t in self.templates if t.id == template_id), None)


def open_workspace(authors: Sequence[str]) -> Workspace:
    """A company's workspace as it looks on a usual morning. `authors` are its people, at least one."""
    workspace = Workspace()
    author = itertools.cycle(authors)
    for template, site, completed in (
        ("Equipment check", "Workshop", True),
        ("Hygiene check", "North site", True),
        ("Daily walk-round", "Main site", True),
        ("Fire safety", "Depot", False),
        ("Hygiene check", "Main site", False),
    ):
        workspace.create_inspection(template, site, next(author)).completed = completed
    for title, severity, hours in (
        ("Exit sign dark on level 2", "low", 71.0),
        ("Fork-lift horn does not sound", "medium", 30.5),
        ("Guard rail loose at bay 4", "high", 3.2),
    ):
        workspace.raise_issue(title, severity).hours_open = hours
    workspace.draft_template("Loading bay", 18)
    workspace.draft_template("Winter readiness", 31)
    return workspace
