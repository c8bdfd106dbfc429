"""What stands before the sections: whose report, of when, the verdict, and the facts of the contract; in words."""

from __future__ import annotations

import re
from datetime import date
from typing import Final, NamedTuple

from engage.core.digest import Digest
from engage.core.language import Language, speak, translate
from engage.core.privacy import Figure
from engage.core.reports import BAND_LABELS, Column, CompanyReport, Period, Table
from engage.core.scored_as import STANDARD_ID

MINUS = "\N{MINUS SIGN}"
NO_BREAK: Final = "\N{NO-BREAK SPACE}"
_DAY: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
EDGES: Final = 3
"""Letters' room that the edges of a cell take."""
HEADING_WHOLE, FIGURE_WHOLE, DAY_WHOLE = 8, 14, 12
"""Letters of a heading, a figure and a day that are not broken into lines."""
DATED: Final = frozenset({"week", "day", "last_day", "by", "who"})
"""Text columns that hold days."""


class Cover(NamedTuple):
    company: str
    title: str
    """Company and kind of report."""
    period: str
    score: str
    """"72", or "–" where there is none; empty: it is not the paper's matter."""
    band: str
    """Its id."""
    band_label: str
    verdict: str
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def cover(report: CompanyReport | Digest, language: Language, title: str = "") -> Cover:
    """Of the report in English, or in the language already."""
    health = report.health
    return Cover(
        report.name,
        title or speak(language, "Adoption report: {company_name}", company_name=report.name),
        covered_period(report.period, language),
        "–" if health.score is None else str(health.score),
        health.band,
        translate(BAND_LABELS[health.band], language),
        dated(translate(health.verdict, language), language),
        tuple(_facts(report, language)),
        tuple(dated(translate(note, language), language) for note in report.notes),
    )


def covered_period(period: Period, language: Language) -> str:
    first, last = day(period.first, language), day(period.last, language)
    return f"{capital(translate(period.label, language))} · {first} – {last}"


def _facts(report: CompanyReport | Digest, language: Language) -> list[tuple[str, str]]:
    health, contract = report.health, report.contract
    confidence = {
        "high": speak(language, "high"),
        "medium": speak(language, "medium"),
        "low": speak(language, "low"),
    }
    found = [(speak(language, "Confidence"), confidence[health.confidence])]
    if health.profile is not None:
        name = health.profile.name
        standard = health.profile.id == STANDARD_ID
        found.append((speak(language, "Scored as"), translate(name, language) if standard else name))
    if health.change_4w is not None:
        found.append((speak(language, "Change in 4 weeks"), signed(health.change_4w)))
    if health.change_13w is not None:
        found.append((speak(language, "Change in 13 weeks"), signed(health.change_13w)))
    if contract.renewal_date:
        label = speak(language, "Term ended") if contract.term_ended else speak(language, "Renewal")
        found.append((label, day(contract.renewal_date, language)))
    if contract.monthly_revenue_cents is not None:
        paid = (
            speak(language, "Revenue per month until then")
            if contract.term_ended
            else speak(language, "Revenue per month")
        )
        found.append((paid, money(contract.monthly_revenue_cents)))
    if contract.seats is not None:
        found.append((speak(language, "Seats"), f"{contract.seats:,}"))
    if contract.plan:
        found.append((speak(language, "Plan"), contract.plan))
    if contract.customer_since:
        found.append((speak(language, "Customer since"), day(contract.customer_since, language)))
    return found


def with_number(words: str) -> str:
    """The words with each percent sign on the line of its number."""
    return words.replace(" %", f"{NO_BREAK}%")


def capital(words: str) -> str:
    """The words as the start of a line: last 12 weeks -> Last 12 weeks."""
    return words[:1].upper() + words[1:]


def in_cell(words: str, column: Column, index: int, language: Language) -> str:
    """The words of a text column, the `index`-th, as they stand in its cells: our sentences begin like one; names,
    which others gave, stay as they are. A row's first cell names it."""
    if column.name in DATED:
        return dated(words, language)
    return capital(words) if column.told and index else words


def signed(points: int) -> str:
    return f"{points:+,d}".replace("-", MINUS) if points else "0"


def money(cents: int) -> str:
    """In whole units of the host's currency, which Engage is not told."""
    return f"{cents / 100:,.0f}".replace("-", MINUS)


def day(value: date | str, language: Language) -> str:
    """22 Nov 2026; 2026年11月22日."""
    value = date.fromisoformat(value) if isinstance(value, str) else value
    if language == "zh-Hans":
        return f"{value.year}年{value.month}月{value.day}日"
    return f"{value.day} {value:%b} {value.year}"


def dated(text: str, language: Language) -> str:
    """The text with its days as people write them."""

    def said(match: re.Match[str]) -> str:
        try:
            return day(match.group(0), language)
        except ValueError:  # a name that only looks like one
            return match.group(0)

    return _DAY.sub(said, text)


def short_day(value: date | str, language: Language) -> str:
    """22 Nov; 11月22日: below a chart."""
    value = date.fromisoformat(value) if isinstance(value, str) else value
    return f"{value.month}月{value.day}日" if language == "zh-Hans" else f"{value.day} {value:%b}"


def room(table: Table, index: int, language: Language) -> int:
    """The share of a table's width that a column gets: text by its longest cell, so that a sentence takes few lines;
    figures, days and headings by the longest that is not to be broken."""
    column, cells = table.columns[index], [row[index] for row in table.rows]
    heading = _unbroken(column.label, HEADING_WHOLE) + EDGES
    if column.unit != "text":
        figures = (_unbroken(cell.text, FIGURE_WHOLE) for cell in cells if isinstance(cell, Figure))
        return max(6, heading, max(figures, default=0) + EDGES)
    words = [in_cell(str(cell), column, index, language) for cell in cells]
    days = max((wide(text) for text in words if column.name in DATED and len(text) <= DAY_WHOLE), default=0)
    return min(60, max(10, heading, days + EDGES, max(map(wide, words), default=0) * 2 // 3))


def _unbroken(text: str, whole: int) -> int:
    """What of it has to stand on one line: all of a short text, of a longer one its longest word. Chinese may be broken
    between any two letters."""
    if wide(text) <= whole:
        return wide(text)
    return max(
        (len(one) if wide(one) == len(one) else min(whole, wide(one)) for one in text.split()), default=0
    )


def wide(text: str) -> int:
    """In letters; a Chinese one takes the room of two."""
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)
