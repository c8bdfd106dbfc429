"""What reports and pages say, in the languages they are read in.

A text is written once, in English, as a template: `say("fewer than {k:d}", k=5)`. The template is its own id; the
catalogues of `engage.core.chinese` hold what it is in Chinese. Measures, scores and reports are made in English, and
are put into the reader's language last, when they leave: `translate` finds the template a text was made from and says
it again. So nothing on the way carries a language, and a verdict that was frozen with its score a year ago is read in
Chinese as well as one of today. What no template fits stays as it is: names that the host gave.

For that to be safe a text must lead back to one template only: a test makes a text of every template and reads it back.
`{k:,}` and whatever else has a format takes a number, and so do parts named `low`, `high` and `figure`, with a percent
sign or not; other parts take any words and are translated themselves: each of a list with commas between, where the
name ends in `list`; not at all, where it ends in `name`; of a `clause` or a `formula` of a program, the words between
names and values.

Owns languages, how one is chosen, and the way back. Must not know who says what.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from string import Formatter
from typing import Annotated, Final, Literal, NamedTuple, get_args

from msgspec import Meta

from engage.core.chinese import CHINESE
from engage.core.chinese.explain import CLAUSES, FORMULAS

Language = Literal["en", "zh-Hans"]
Text = Annotated[str, Meta(extra={"told": True})]
"""A field with words of ours in it, made by `say`: what `engage.core.telling` puts into the reader's language."""
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
ENGLISH: Final[Language] = "en"
NAMES: Final[Mapping[Language, str]] = {"en": "English", "zh-Hans": "简体中文"}

_CATALOGUES: Final[Mapping[Language, Mapping[str, str]]] = {"zh-Hans": CHINESE}
_PATTERNS: Final[Mapping[Language, Mapping[str, Mapping[str, str]]]] = {
    "zh-Hans": {"clause": CLAUSES, "formula": FORMULAS}
}
"""Of the words in parts of these names."""
_COMMA: Final[Mapping[Language, str]] = {"zh-Hans": "、"}
_TRADITIONAL: Final = re.compile(r"zh-(hant|tw|hk|mo)\b")
_CLOSE: Final = re.compile(r"(?<=[\u4e00-\u9fff])\{(\w+)\}")
"""A part right behind an ideograph: a number or a Latin word stands apart from it, another ideograph does not."""
_QUOTED: Final = re.compile(r'(".*?"(?=[,)]| and | or |$))', re.DOTALL)
_TEXTS_KEPT: Final = 4096
_NUMBER: Final = r"[+\-−]?\d[\d,]*(?:\.\d+)?"
_ONLY_NUMBER: Final = re.compile(_NUMBER)
_FIGURES: Final = frozenset({"low", "high", "figure"})


def say(template: str, **parts: object) -> str:
    """The template filled in, in English."""
    return template.format(**parts) if parts else template


def mark(template: str) -> str:
    """The template as it is, to be said later: one of several that a table holds."""
    return template


def speak(language: Language, template: str, **parts: object) -> str:
    """The template filled in, in that language: for pages and files, which are made for one reader."""
    if language == ENGLISH or template not in _CATALOGUES[language]:
        return say(template, **parts)
    formats = dict(_fields(template))
    told = {name: format(part, formats[name]) for name, part in parts.items()}
    return _fill(language, template, told)


def translate(text: str, language: Language) -> str:
    """A text that `say` has made, in that language. Any other text stays as it is."""
    return text if language == ENGLISH or not text else _translated(text, language)


def read_language(asked: str | None, accepted: str = "") -> Language:
    """The language asked for by name, else the first that an Accept-Language header prefers, else English."""
    wishes = [asked] if asked else _by_preference(accepted)
    return next((found for wish in wishes if (found := _language(wish))), ENGLISH)


def _language(tag: str) -> Language | None:
    """RFC 4647: zh, zh-CN and zh-SG are written in simplified letters; zh-TW and zh-HK are not, and are not served."""
    tag = tag.strip().lower()
    if tag == "en" or tag.startswith("en-"):
        return "en"
    if (tag == "zh" or tag.startswith("zh-")) and not _TRADITIONAL.match(tag):
        return "zh-Hans"
    return None


def _by_preference(header: str) -> list[str]:
    """The tags of an Accept-Language header (RFC 9110, 12.5.4), the most wanted first; without those not wanted."""
    wishes = []
    for index, part in enumerate(header[:500].split(",")):
        tag, _, quality = part.partition(";")
        match = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", quality) if quality else None
        weight = 1.0 if not quality else float(match.group(1)) if match else 0.0
        if weight > 0:
            wishes.append((-weight, index, tag))
    return [tag for _, _, tag in sorted(wishes)]


def _fields(template: str) -> list[tuple[str, str]]:
    """(name, format) of each part."""
    return [(name, spec or "") for _, name, spec, _ in Formatter().parse(template) if name is not None]


def _fill(language: Language, template: str, parts: Mapping[str, str]) -> str:
    told = {name: _part(name, part, language) for name, part in parts.items()}

    def apart(match: re.Match[str]) -> str:
        part = told[match.group(1)]
        return f" {match.group(0)}" if part[:1].isascii() and part[:1].isalnum() else match.group(0)

    return _CLOSE.sub(apart, _CATALOGUES[language][template]).format(**told)


def _part(name: str, part: str, language: Language) -> str:
    if name.endswith("name"):
        return part
    if name.endswith("list"):
        return _COMMA[language].join(translate(one, language) for one in part.split(", "))
    patterns = _PATTERNS[language].get(name)
    return _between(part, patterns, _COMMA[language]) if patterns else translate(part, language)


def _between(text: str, patterns: Mapping[str, str], comma: str) -> str:
    """The text with the words between its names and values in the other language."""
    pieces = _QUOTED.split(text)
    for index in range(0, len(pieces), 2):  # every second is quoted, and the host's
        for ours, told in patterns.items():
            pieces[index] = re.sub(rf"(?<![\w.-]){ours}(?![\w.-])", told, pieces[index])
        pieces[index] = pieces[index].replace(", ", comma)
    return "".join(pieces)


# --- the way back -------------------------------------------------------------------------------------------


class _Way(NamedTuple):
    start: str
    end: str
    """What a text of it begins and ends with: most templates are ruled out by that alone."""
    pattern: re.Pattern[str]
    template: str


def _pattern(template: str) -> str:
    found, seen = "", set()
    for literal, name, spec, _ in Formatter().parse(template):
        found += re.escape(literal)
        if name is None:
            continue
        if spec:
            part = _NUMBER + ("%" if spec.endswith("%") else "")
        elif name in _FIGURES:
            part = _NUMBER + "(?: %)?"
        else:
            part = ".+?"
        found += f"(?P={name})" if name in seen else f"(?P<{name}>{part})"
        seen.add(name)
    return found


@cache
def _ways(language: Language) -> list[_Way]:
    """Every template with parts, those with most words of their own first: a sentence before what is a part of it."""
    templates: Iterable[str] = (one for one in _CATALOGUES[language] if _fields(one))
    ordered = sorted(templates, key=lambda one: -sum(len(literal) for literal, *_ in Formatter().parse(one)))
    ways = []
    for one in ordered:
        pieces = list(Formatter().parse(one))
        end = "" if pieces[-1][1] is not None else pieces[-1][0]
        ways.append(_Way(pieces[0][0], end, re.compile(_pattern(one), re.DOTALL), one))
    return ways


@lru_cache(maxsize=_TEXTS_KEPT)
def _translated(text: str, language: Language) -> str:
    if _ONLY_NUMBER.fullmatch(text):
        return text
    found = _CATALOGUES[language].get(text)
    if found is not None and not _fields(text):
        return found
    for way in _ways(language):
        if not text.startswith(way.start) or not text.endswith(way.end):
            continue
        if match := way.pattern.fullmatch(text):
            return _fill(language, way.template, match.groupdict())
    return text
