"""The pages of the documentation, and how its tests read them."""

from __future__ import annotations

import re
import typing
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "engage" / "docs"
PROGRAM_PAGES = (
    "program",
    "campaigns",
    "points",
    "quests",
    "streaks",
    "levels",
    "leaderboards",
    "rewards",
    "lifecycle",
    "referral",
)
"""The first has what every program needs, and a complete one; each of the others is about one part."""
PAGES = (
    *PROGRAM_PAGES,
    "templates",
    "operating",
    "http",
    "reports",
    "score",
    "privacy",
    "webhooks",
    "what-if",
    "backtests",
    "features",
)
README = ROOT / "README.md"
LINKED = [
    README,
    *sorted(DOCS.glob("*.md")),
    *(ROOT / "engage").glob("*.md"),
    *(ROOT / "engage/core").glob("*.md"),
]
LINKED += [ROOT / "sdk/README.md", ROOT / "examples/README.md", ROOT / "CHANGELOG.md"]

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return [body for found, body in FENCE.findall(text) if found == language]


def rows(text: str, header: str) -> list[list[str]]:
    """The cells of the table whose header line starts so, without the header."""
    lines = text[text.index(header) :].splitlines()[2:]
    cells = []
    for line in lines:
        if not line.startswith("|"):
            break
        parts = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        cells.append(parts)
    return cells


def undocumented(names: typing.Iterable[str], text: str) -> list[str]:
    """Those that the prose and tables do not have as code: in backquotes, alone or in a longer piece."""
    code = "\n".join(re.findall(r"`([^`\n]+)`", FENCE.sub("", text)))
    return sorted({name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", code)})
