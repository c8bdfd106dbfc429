"""Fieldnote's pages as HTML: product on one side, the member's own progress on the other.

Owns words and structure. Knows nothing of requests or of Engage's client: it is given a `Progress` and shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from examples.host.directory import COMPANIES, PEOPLE, Person, colleagues_of
from examples.host.markup import Child, Markup, join, tag
from examples.host.progress import Entry, Progress
from examples.host.workspace import (
    ROLES,
    SEVERITIES,
    SITES,
    TEMPLATES,
    Inspection,
    Issue,
    Template,
    Workspace,
)

PANEL_ENTRIES = 6

_NAVIGATION = (
    ("/inspections", "Inspections"),
    ("/issues", "Issues"),
    ("/templates", "Templates"),
    ("/team", "Team"),
)


def document(title: str, *body: Child) -> str:
    """A whole page."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{title} · Fieldnote"),
        tag("link", rel="icon", href="/static/fieldnote.svg", type="image/svg+xml"),
        tag("link", rel="stylesheet", href="/static/fieldnote.css"),
        tag("script", src="/static/fieldnote.js", defer=True),
    )
    return f"<!doctype html>\n{tag('html', head, tag('body', *body), lang='en')}"


def chooser_page() -> str:
    """Who are you? Instead of a sign-in: this is a demo, and every person has another past."""
    groups = [
        tag(
            "section",
            tag("h2", name),
            tag("ul", [_person_card(p) for p in PEOPLE if p.company == company], class_="people"),
            class_="company",
        )
        for company, name in COMPANIES.items()
    ]
    return document(
        "Sign in",
        tag(
            "main",
            tag("div", _logo(), class_="brand-large"),
            tag("h1", "Who are you today?"),
            tag(
                "p",
                "Fieldnote is an invented inspection tool that embeds Engage. Pick a person, do some work, "
                "and watch points, level and badges follow.",
                class_="lead",
            ),
            groups,
            class_="chooser",
            id="work",
        ),
    )


def _person_card(person: Person) -> Markup:
    button = tag(
        "button",
        _avatar(person),
        tag(
            "span",
            tag("span", person.name, class_="name"),
            tag("span", f"{person.role.capitalize()} · {person.department}", class_="meta"),
            tag("span", person.note, class_="note"),
        ),
        class_="person",
        name="person",
        value=person.id,
    )
    return tag("li", tag("form", button, method="post", action="/sign-in"))


def inspections_page(person: Person, workspace: Workspace, progress: Progress, notice: Markup | None) -> str:
    new = _form(
        "/inspections",
        _select("template", "Template", tuple(TEMPLATES)),
        _select("site", "Site", SITES),
        tag("button", "New inspection", class_="primary"),
    )
    rows = [_inspection(item) for item in workspace.inspections]
    return _product_page("/inspections", "Inspections", person, progress, notice, new, _list(rows))


def _inspection(item: Inspection) -> Markup:
    base = f"/inspections/{item.id}"
    counts = [f"{item.items} items", f"{item.photos} photos" if item.photos != 1 else "1 photo"]
    if item.comments:
        counts.append(f"{item.comments} comments" if item.comments > 1 else "1 comment")
    if item.exports:
        counts.append(f"exported {item.exports} times" if item.exports > 1 else "exported once")
    name = f"{item.template}, {item.site}, number {item.id}"
    if item.completed:
        actions = [
            _button(f"{base}/export", "Export report", name),
            _button(f"{base}/share", "Share", name),
            _button(f"{base}/comment", "Comment", name),
        ]
    else:
        actions = [
            _button(f"{base}/complete", "Complete", name, strong=True),
            _button(f"{base}/comment", "Comment", name),
        ]
    state = _pill("Completed", "good") if item.completed else _pill("In progress", "plain")
    return _row(f"{item.template} · {item.site}", state, f"{item.author} · {' · '.join(counts)}", actions)


def issues_page(person: Person, workspace: Workspace, progress: Progress, notice: Markup | None) -> str:
    new = _form(
        "/issues",
        tag(
            "label",
            "What is wrong?",
            tag("input", name="title", maxlength=60, placeholder="Emergency exit blocked"),
        ),
        _select("severity", "Severity", SEVERITIES),
        tag("button", "Raise issue", class_="primary"),
    )
    rows = [_issue(issue) for issue in workspace.issues]
    return _product_page("/issues", "Issues", person, progress, notice, new, _list(rows))


def _issue(issue: Issue) -> Markup:
    state = (
        _pill("Resolved", "good") if issue.resolved else _pill(issue.severity.capitalize(), issue.severity)
    )
    hours = "raised just now" if issue.hours_open < 1 else f"open for {issue.hours_open:.0f} hours"
    actions = (
        []
        if issue.resolved
        else [_button(f"/issues/{issue.id}/resolve", "Resolve", issue.title, strong=True)]
    )
    return _row(issue.title, state, f"Severity {issue.severity} · {hours}", actions)


def templates_page(person: Person, workspace: Workspace, progress: Progress, notice: Markup | None) -> str:
    new = _form(
        "/templates",
        tag("label", "Name", tag("input", name="name", maxlength=60, placeholder="Cold store")),
        tag("button", "New template", class_="primary"),
    )
    rows = [_template(template) for template in workspace.templates]
    return _product_page("/templates", "Templates", person, progress, notice, new, _list(rows))


def _template(template: Template) -> Markup:
    state = _pill("Published", "good") if template.published else _pill("Draft", "plain")
    actions = []
    if not template.published:
        actions = [_button(f"/templates/{template.id}/publish", "Publish", template.name, strong=True)]
    return _row(template.name, state, f"{template.items} items", actions)


def team_page(person: Person, workspace: Workspace, progress: Progress, notice: Markup | None) -> str:
    new = _form(
        "/team/invitations",
        _select("role", "Role", ROLES),
        tag("button", "Invite a colleague", class_="primary"),
    )
    rows = [
        _row(f"Invited {role}", _pill("Invited", "plain"), "Has not signed in yet", [])
        for role in workspace.invitations
    ]
    rows += [
        _row(other.name, None, f"{other.role.capitalize()} · {other.department}", [], _avatar(other))
        for other in colleagues_of(person)
    ]
    return _product_page("/team", "Team", person, progress, notice, new, _list(rows))


def progress_page(person: Person, progress: Progress) -> str:
    """Every recent event with every rule that was considered: why there were points, or why not."""
    if not progress.available:
        content: Child = tag("p", "Your history is not available just now. Nothing is lost.", class_="empty")
    elif not progress.entries:
        content = tag("p", "Nothing yet. Complete an inspection and it appears here.", class_="empty")
    else:
        content = tag("ol", [_history_entry(entry) for entry in progress.entries], class_="history")
    return _product_page(
        "/progress", "What you earned, and why", person, progress, None, None, content, recent=False
    )


def _history_entry(entry: Entry) -> Markup:
    rules = [
        tag(
            "li",
            f"{rule.name}: ",
            tag("span", f"{rule.points:+d}", class_="gain") if rule.points else None,
            " · " if rule.points and rule.text else None,
            rule.text or (None if rule.points else "counted"),
        )
        for rule in entry.rules
    ]
    return tag(
        "li",
        tag("div", tag("strong", entry.title), _time(entry.at), class_="headline"),
        _amount(entry),
        tag("ul", rules or tag("li", "No rule is about this."), class_="rules"),
    )


def message_page(title: str, text: str) -> str:
    return document(
        title,
        tag(
            "main",
            tag("div", _logo(), class_="brand-large"),
            tag("h1", title),
            tag("p", text, class_="lead"),
            tag("p", tag("a", "Back to Fieldnote", href="/")),
            class_="chooser",
        ),
    )


def notice_of(said: str, entry: Entry | None, progress: Progress) -> Markup:
    """What the person has just done, and what it brought."""
    parts: list[Child] = [tag("span", f"{said}.", class_="said")]
    if not progress.available:
        parts.append(tag("span", "Your points will follow.", class_="why"))
    elif entry is not None:
        if entry.points:
            parts.append(tag("strong", f"{entry.points:+d} points", class_="gain"))
        parts.extend(tag("strong", f"Badge: {badge}", class_="gain") for badge in entry.badges)
        if entry.level:
            parts.append(tag("strong", f"You are now {_article(entry.level)}", class_="gain"))
        parts.extend(tag("span", f"{note[:1].upper()}{note[1:]}.", class_="why") for note in entry.notes)
    level_up = " level-up" if entry is not None and entry.level else ""
    return tag("p", parts, class_=f"notice{level_up}", role="status")


def _article(word: str) -> str:
    return f"{'an' if word[:1].lower() in 'aeiou' else 'a'} {word}"


def _product_page(
    path: str,
    title: str,
    person: Person,
    progress: Progress,
    notice: Markup | None,
    controls: Markup | None,
    content: Child,
    recent: bool = True,
) -> str:
    work = tag(
        "main",
        tag("h1", title),
        notice,
        controls,
        content,
        id="work",
        tabindex="-1",
    )
    return document(
        title,
        tag("a", "Skip to content", href="#work", class_="skip"),
        _header(path, person),
        tag("div", work, _panel(progress), _recent(progress) if recent else None, class_="layout"),
    )


def _header(path: str, person: Person) -> Markup:
    links = [
        tag("li", tag("a", label, href=href, aria_current="page" if href == path else None))
        for href, label in _NAVIGATION
    ]
    who = tag(
        "div",
        _avatar(person),
        tag(
            "span",
            tag("span", person.name, class_="name"),
            tag("span", COMPANIES[person.company], class_="meta"),
            class_="who-text",
        ),
        tag(
            "form",
            tag("button", "Switch", tag("span", " person", class_="unseen"), class_="quiet"),
            method="post",
            action="/sign-out",
        ),
        class_="who",
    )
    return tag(
        "header",
        tag("a", _logo(), href="/inspections", class_="brand", aria_label="Fieldnote, start page"),
        tag("nav", tag("ul", links), aria_label="Main"),
        who,
        class_="top",
    )


def _panel(progress: Progress) -> Markup:
    heading = tag("h2", "Your progress", id="panel-title")
    if not progress.available:
        body: list[Child] = [
            heading,
            tag("p", "Points are not available just now.", class_="away"),
            tag("p", "Carry on as usual: your work is saved, and points will follow.", class_="meta"),
        ]
        return tag("aside", body, id="panel", class_="panel", aria_labelledby="panel-title")
    body = [
        heading,
        tag(
            "p",
            tag("span", f"{progress.points:,}", class_="points", id="points"),
            tag("span", " points", class_="unit"),
        ),
        _level(progress),
    ]
    if progress.badges:
        body.append(
            tag("ul", [tag("li", badge) for badge in progress.badges], class_="badges", aria_label="Badges")
        )
    return tag("aside", body, id="panel", class_="panel", aria_labelledby="panel-title")


def _level(progress: Progress) -> Markup:
    name = tag("strong", progress.level or "No level yet")
    if progress.next_level is None or progress.missing is None:
        return tag("div", tag("p", name, tag("span", "Top level" if progress.level else ""), class_="level"))
    to_go = f"{progress.missing:,} to {progress.next_level}"
    share = progress.share or 0.0
    return tag(
        "div",
        tag("p", name, tag("span", to_go), class_="level"),
        # A <progress> needs no inline style, which the page's security policy would refuse.
        tag("progress", f"{share:.0%}", value=f"{share:.3f}", max="1", aria_label=f"{to_go} level"),
    )


def _recent(progress: Progress) -> Markup | None:
    if not progress.available:
        return tag("aside", id="recent", hidden=True)
    told = [entry for entry in progress.entries if entry.worth_telling][:PANEL_ENTRIES]
    items: Child = [tag("li", _amount(entry), _entry_text(entry)) for entry in told]
    content = tag("ol", items) if told else tag("p", "What you earn shows up here.", class_="meta")
    return tag(
        "aside",
        tag(
            "div",
            tag("h2", "Recently", id="recent-title"),
            tag("a", "See why", href="/progress"),
            class_="headline",
        ),
        content,
        id="recent",
        class_="recent",
        aria_labelledby="recent-title",
    )


def _entry_text(entry: Entry) -> Markup:
    extra = [f"badge {badge}" for badge in entry.badges]
    if entry.level:
        extra.append(f"level {entry.level}")
    words = " · ".join([*extra, *entry.notes])
    return tag(
        "span",
        tag("span", entry.title, class_="name"),
        tag("span", words, class_="why") if words else None,
        _time(entry.at),
    )


def _amount(entry: Entry) -> Markup:
    if entry.points:
        return tag("span", f"{entry.points:+d}", class_="amount")
    if entry.badges:
        return tag("span", "★", class_="amount", aria_label="badge")
    return tag("span", "0", class_="amount none")


def _time(at: datetime | None) -> Markup | None:
    if at is None:
        return None
    exact = at.astimezone(UTC).strftime("%d %B %Y, %H:%M UTC")
    return tag("time", _ago((datetime.now(UTC) - at).total_seconds()), datetime=at.isoformat(), title=exact)


def _ago(seconds: float) -> str:
    if seconds < 45:
        return "just now"
    if seconds < 3600:
        return f"{max(1, round(seconds / 60))} min ago"
    if seconds < 36 * 3600:
        hours = round(seconds / 3600)
        return f"{hours} hours ago" if hours > 1 else "1 hour ago"
    return f"{round(seconds / 86400)} days ago"


def _list(rows: Sequence[Markup]) -> Markup:
    return tag("ul", rows, class_="rows") if rows else tag("p", "Nothing here yet.", class_="empty")


def _row(
    title: str, state: Markup | None, meta: str, actions: Sequence[Markup], figure: Markup | None = None
) -> Markup:
    return tag(
        "li",
        figure,
        tag(
            "div",
            tag("p", tag("strong", title), state, class_="title"),
            tag("p", meta, class_="meta"),
            class_="what",
        ),
        tag("div", actions, class_="actions") if actions else None,
    )


def _form(action: str, *children: Child) -> Markup:
    return tag("form", *children, method="post", action=action, class_="new")


def _button(action: str, label: str, subject: str, strong: bool = False) -> Markup:
    spoken = tag("span", f": {subject}", class_="unseen")
    button = tag("button", label, spoken, class_="strong" if strong else None)
    return tag("form", button, method="post", action=action)


def _select(name: str, label: str, values: Sequence[str]) -> Markup:
    options = [tag("option", value[:1].upper() + value[1:], value=value) for value in values]
    return tag("label", label, tag("select", options, name=name))


def _pill(text: str, kind: str) -> Markup:
    return tag("span", text, class_=f"pill {kind}")


def _avatar(person: Person) -> Markup:
    return tag(
        "span", person.initials, class_=f"avatar hue-{sum(map(ord, person.id)) % 4}", aria_hidden="true"
    )


def _logo() -> Markup:
    mark = Markup(
        '<svg width="22" height="22" viewBox="0 0 24 24" aria-hidden="true">'
        '<rect x="3" y="3" width="18" height="18" rx="5" fill="currentColor"/>'
        '<path class="tick" d="M8 12.4l2.8 2.8L16.4 9" fill="none" stroke-width="2.2" '
        'stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )
    return join(mark, tag("span", "Fieldnote", class_="wordmark"))
