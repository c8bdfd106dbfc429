"""A page in the language of its reader.

Pages are written in English, words and all; here each of their texts is said again in another language, as
`engage.core.language` does it for reports: what stands between two tags, and what attributes say that are read out or
shown. Names of the host are marked `translate="no"`, as HTML has it. A test reads whole pages for what was forgotten.

Pictures are left alone: they are drawn in the language, because room for words is reckoned when they are drawn.
"""

from __future__ import annotations

import html
import re
from typing import Final

from engage.core.language import ENGLISH, Language, translate
from engage.formats.cover import NO_BREAK, dated, day

_PIECES: Final = re.compile(
    r"(<svg\b.*?</svg>|<code\b.*?</code>|<style\b.*?</style>|<!--.*?-->|<[^>]*>)", re.DOTALL
)
_SPOKEN: Final = re.compile(r'\b(title|aria-label|data-h|placeholder)="([^"]*)"')
_TIME: Final = re.compile(r'<time datetime="(\d{4}-\d{2}-\d{2})">')

_JOINED: Final = "，。："
"""They stand close to what is before them."""
_OPEN_AFTER: Final = frozenset("，。：；")
"""They bring their own space."""
_DASHED: Final = re.compile(r"(<[^>]*>)([^<]*-[^<]*)")
"""A tag, and the text after it where that may name a day."""
_PERCENT: Final = re.compile(r"(?<=\d) %(?=[^<>]*<)")
"""Beside its number and not within a tag, for what a field holds is sent back as it is."""


def translate_page(page: str, language: Language) -> str:
    if language == ENGLISH:
        return _PERCENT.sub(f"{NO_BREAK}%", _DASHED.sub(_with_days, page))
    said: list[str] = []
    before = last = ""
    for index, piece in enumerate(_PIECES.split(page)):
        if index % 2:
            said.append(
                _SPOKEN.sub(lambda match: _attribute(match, language), piece) if _is_tag(piece) else piece
            )
            before = piece
        else:
            if (when := _TIME.fullmatch(before)) is not None:
                told = day(when.group(1), language)
            elif 'translate="no"' in before or not piece.strip():
                told = piece
            else:
                told = _text(piece, language, as_is="as-is" in before)
            said.append(told.lstrip() if last in _OPEN_AFTER else told)
            last = told.rstrip()[-1:] or last
    return "".join(said)


def _with_days(match: re.Match[str]) -> str:
    tag, text = match.groups()
    as_is = 'translate="no"' in tag or "as-is" in tag
    return match.group() if as_is else tag + dated(text, ENGLISH)


def _is_tag(piece: str) -> bool:
    return not piece.startswith(("<svg", "<code", "<style", "<!--"))


def _text(piece: str, language: Language, *, as_is: bool) -> str:
    """With the space around it, which keeps it from its neighbours. `as_is`: its days are to be typed like that."""
    words = html.unescape(" ".join(piece.split()))
    told = translate(words, language)
    if not as_is:
        told = dated(told, language)
    if told == words:
        return piece
    start = "" if told[0] in _JOINED else piece[: len(piece) - len(piece.lstrip())]
    end = "" if told[-1] in _OPEN_AFTER else piece[len(piece.rstrip()) :]
    return f"{start}{html.escape(told, quote=False)}{end}"


def _attribute(match: re.Match[str], language: Language) -> str:
    return f'{match.group(1)}="{html.escape(translate(html.unescape(match.group(2)), language))}"'
