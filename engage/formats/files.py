"""A company's report as a file: which formats there are, what each is called on the wire, and what makes it.

Takes the report as it was made, in English; the file is in the language asked for. Making one takes a few tenths of a
second of processor time: callers with an event loop do it in a thread.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Final, Literal, NamedTuple

from engage.core.language import Language
from engage.core.reports import Portfolio
from engage.errors import NotInstalled
from engage.formats.paper import Paper, Report, legible, paper, portfolio_paper

FileFormat = Literal["pdf", "pptx", "xlsx"]

_OFFICE: Final = "application/vnd.openxmlformats-officedocument"


class Kind(NamedTuple):
    media_type: str
    libraries: tuple[str, ...]
    """Modules that must be there."""


KINDS: Final[dict[FileFormat, Kind]] = {
    "pdf": Kind("application/pdf", ("typst", "pylopdf_fonts_zh_cn")),
    "pptx": Kind(f"{_OFFICE}.presentationml.presentation", ("pptx",)),
    "xlsx": Kind(f"{_OFFICE}.spreadsheetml.sheet", ("xlsxwriter",)),
}
MISSING: Final = "a {format} file needs the extra `reports`: pip install 'engage[reports]'"


def file_format(format: str) -> FileFormat | None:
    """Which kind of file a word means, if any: JSON, CSV and pages are made elsewhere."""
    return next((kind for kind in KINDS if kind == format), None)


def check_installed(format: FileFormat) -> None:
    """NotInstalled, in one line, where what makes such files is missing."""
    if not all(find_spec(library) for library in KINDS[format].libraries):
        raise NotInstalled(MISSING.format(format=format))


def render(report: Report, format: FileFormat, language: Language) -> bytes:
    """The file. NotInstalled: its libraries are missing."""
    check_installed(format)
    return _maker(format)(legible(paper(report, language)), language)


def render_portfolio(portfolio: Portfolio, format: FileFormat, language: Language) -> bytes:
    """The companies of a portfolio, in their order. NotInstalled: its libraries are missing."""
    check_installed(format)
    if format != "xlsx":
        return _maker(format)(legible(portfolio_paper(portfolio, language)), language)
    from engage.formats.workbook import portfolio_workbook

    return portfolio_workbook(portfolio, language)


def _maker(format: FileFormat) -> Callable[[Paper, Language], bytes]:
    # Libraries are loaded when the first file of their kind is asked for.
    if format == "pdf":
        from engage.formats.document import document

        return document
    if format == "pptx":
        from engage.formats.deck import deck

        return deck
    from engage.formats.workbook import workbook

    return workbook
