"""What is wrong with a document: problems collected at their places, and the readers that collect them.

Owns the reading of untrusted scalars, mappings and lists. A reader never raises: it reports and answers None,
and the caller goes on, so that one pass finds everything. Must not know what a program is.
"""

from __future__ import annotations

import difflib
import math
import re
import typing as t
import unicodedata
from decimal import Decimal
from types import MappingProxyType

import msgspec

PROBLEMS_MAX = 500  # a document with more than this is not being read by its author
KEYS_NAMED_MAX: t.Final = 6
SUGGESTIONS_MAX = 100  # finding near names is slow beside everything else here
SUGGESTED_CHARS_MAX = 100
ALIKE: t.Final = 0.6
SHOWN_CHARS_MAX = 60
NAMES_SHOWN = 8
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_GROUPED = re.compile(r"(?<=\d)[_, '](?=\d{3}(?!\d))", re.ASCII)  # what people put between thousands
_PER_CENT = re.compile(r"(\d{1,6}(?:\.\d{1,6})?) ?%", re.ASCII)

ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_BOOLEANS_ELSEWHERE = {
    "yes": "true",
    "on": "true",
    "true": "true",
    "no": "false",
    "off": "false",
    "false": "false",
}

_BOUNDS_ELSEWHERE = dict.fromkeys(("start", "begin", "since"), "from") | dict.fromkeys(("end", "to"), "until")

Path = tuple[str | int, ...]
Mapping = dict[str, t.Any]


class _Unreadable:
    """Stands where the text had something already reported (an alias, say): readers pass over it silently."""

    def __repr__(self) -> str:
        return "UNREADABLE"


UNREADABLE: t.Final = _Unreadable()


class Problem(msgspec.Struct, frozen=True):
    """`pointer` is RFC 6901, into the document; with `at_key` its last key is wrong and not the value."""

    pointer: str
    message: str
    suggestion: str | None = None
    at_key: bool = False


def pointer(path: Path) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def plain_path(json_pointer: str) -> str:
    """A pointer as people write it: /rules/0/conditions becomes rules[0].conditions."""
    words = ""
    for part in json_pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        if part.isascii() and part.isdigit():
            words += f"[{part}]"
        elif re.fullmatch(r"[A-Za-z0-9_-]+", part):
            words += f".{part}" if words else part
        else:
            words += f"['{part}']"
    return words


def shown(value: t.Any) -> str:
    """A value in a message: short, on one line, whatever it is."""
    if isinstance(value, str):
        text = "".join(char if char.isprintable() else "?" for char in value[: SHOWN_CHARS_MAX + 1])
        return f"'{text[:SHOWN_CHARS_MAX]}…'" if len(text) > SHOWN_CHARS_MAX else f"'{text}'"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value.bit_length() <= 128 else "a huge number"
    if isinstance(value, float):
        return repr(value)
    return _kind(value)


def _kind(value: t.Any) -> str:
    if value is None:
        return "nothing"
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "true or false"),
        (str, "text"),
        ((int, float), "a number"),
        ((list, tuple), "a list"),
        (dict, "a mapping"),
    )
    return next((words for kind, words in kinds if isinstance(value, kind)), "something unreadable")


def unfit_character(text: str) -> str | None:
    """Why this text cannot be a name, if it cannot: characters nobody can see or no JSON can carry."""
    for char in text:
        if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp"):
            return f"contains the control character U+{ord(char):04X}"
    return None


def nearest(word: str, names: t.Iterable[str], alike: float = ALIKE) -> str | None:
    """The name that was probably meant, ignoring case first. `alike`: the least likeness, of 1."""
    if len(word) > SUGGESTED_CHARS_MAX:
        return None
    by_case = {name.lower(): name for name in names}
    near = difflib.get_close_matches(word.lower(), by_case, n=1, cutoff=alike)
    return by_case[near[0]] if near else None


class Problems:
    """Collects problems; every reader below takes the value and the path to it."""

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self.incomplete = False  # something unreadable was passed over: what was read is not the whole
        self._meant: set[tuple[Path, str]] = set()  # keys that are there, misspelt
        self._suggestions = 0

    def add(self, path: Path, message: str, *, suggestion: str | None = None, at_key: bool = False) -> None:
        if len(self.found) == PROBLEMS_MAX:
            self.found.append(Problem("", f"more than {PROBLEMS_MAX} problems; the rest is not listed"))
        if len(self.found) > PROBLEMS_MAX:
            return
        if suggestion is not None:
            message = f"{message}; did you mean {shown(suggestion)}?"
        self.found.append(Problem(pointer(path), message, suggestion, at_key))

    def passed_over(self, value: t.Any) -> bool:
        if value is UNREADABLE:
            self.incomplete = True
        return value is UNREADABLE

    def nearest(self, word: str, names: t.Iterable[str]) -> str | None:
        """`nearest`, for as many words of a document as is reasonable."""
        if self._suggestions >= SUGGESTIONS_MAX or len(word) > SUGGESTED_CHARS_MAX:
            return None
        self._suggestions += 1
        return nearest(word, names)

    def mapping(self, value: t.Any, path: Path, *, optional: bool = False, keys: str = "") -> Mapping | None:
        """The entries with text keys. Where everything in it is optional, null counts as an empty one. `keys` says
        which there may be, for whoever wrote something else."""
        if self.passed_over(value):
            return None
        if value is None and optional:
            return {}
        if not isinstance(value, dict):
            self.add(path, f"must be a mapping (key: value), not {_kind(value)}{keys}")
            return None
        entries: Mapping = {}
        for key, item in value.items():
            if not isinstance(key, str):
                self.add(path, f"a key must be text, not {shown(key)}: put it in quotes")
            else:
                entries[key] = item
        return entries

    def fields(
        self,
        value: t.Any,
        path: Path,
        required: t.Sequence[str],
        optional: t.Sequence[str] = (),
        elsewhere: t.Mapping[str, str] = MappingProxyType({}),
    ) -> Mapping | None:
        """A mapping with these keys and no others. `elsewhere`: where keys belong that people look for here."""
        named = ", ".join((*required, *optional)[:KEYS_NAMED_MAX])
        entries = self.mapping(value, path, optional=not required, keys=f"; its keys: {named}")
        if entries is None:
            return None
        known = (*required, *optional)
        unknown = [key for key in entries if key not in known]
        # A required key that is only misspelt is one mistake, not two.
        for key in unknown:
            bound = _BOUNDS_ELSEWHERE.get(key)
            near = bound if bound in known else None if key in elsewhere else self.nearest(key, known)
            words = "" if near else f"; {elsewhere.get(key) or 'known keys: ' + ', '.join(known)}"
            if near is not None and entries.get(near) is not None:
                near, words = None, f"; {shown(near)} is there already"
            if near is not None:
                self._meant.add((path, near))
            self.add((*path, key), f"unknown key {shown(key)}{words}", suggestion=near, at_key=True)
        for key in required:
            if entries.get(key) is None and not self.misspelt(path, key):
                self.add(path, f"missing key '{key}'")
        return {key: item for key, item in entries.items() if key in known and item is not None}

    def misspelt(self, path: Path, *keys: str) -> bool:
        """Whether one of these keys is there in another spelling, which was reported: then none is missing too."""
        return any((path, key) in self._meant for key in keys)

    def items(self, value: t.Any, path: Path, most: int, *, least: int = 0) -> list[t.Any] | None:
        """A list within its size; null is an empty one."""
        if self.passed_over(value):
            return None
        if value is None:
            value = []
        if not isinstance(value, list | tuple):
            entries = list(value.values()) if isinstance(value, dict) else []
            several = len(path) == 1 and entries and all(isinstance(entry, dict) for entry in entries)
            hint = "begin each entry with '- id: '" if several else "put it into [ ]"
            self.add(path, f"must be a list, not {_kind(value)}: {hint}")
            return None
        if not least <= len(value) <= most:
            needs = f"at least {least}" if len(value) < least else f"at most {most}"
            self.add(
                path, f"needs {needs} {'entry' if needs.endswith(' 1') else 'entries'}, has {len(value)}"
            )
            return None
        return list(value)

    def named(self, value: t.Any, path: Path, most: int, *, ids: bool, least: int = 0) -> Mapping | None:
        """A mapping whose keys are names of the author's: ids, or free text."""
        hint = "; write each entry under a name of its own" if isinstance(value, list | tuple) else ""
        entries = self.mapping(value, path, optional=least == 0, keys=hint)
        if entries is None:
            return None
        if not least <= len(entries) <= most:
            needs = f"at least {least}" if len(entries) < least else f"at most {most}"
            self.add(
                path, f"needs {needs} {'entry' if needs.endswith(' 1') else 'entries'}, has {len(entries)}"
            )
        check = self.identifier if ids else self.text
        for key in entries:
            check(key, (*path, key), at_key=True)
        return entries

    def text(self, value: t.Any, path: Path, most: int = 200, *, at_key: bool = False) -> str | None:
        if self.passed_over(value):
            return None
        if not isinstance(value, str):
            hint = f": put it in quotes, '{shown(value)}'" if isinstance(value, int | float) else ""
            self.add(path, f"must be text, not {_kind(value)}{hint}")
            return None
        unfit = unfit_character(value)
        if not value.strip():
            self.add(path, "must not be empty", at_key=at_key)
        elif len(value) > most:
            self.add(path, f"must be at most {most} characters, has {len(value)}", at_key=at_key)
        elif unfit is not None:
            self.add(path, f"{shown(value)} {unfit}", at_key=at_key)
        else:
            return value
        return None

    def identifier(self, value: t.Any, path: Path, *, at_key: bool = False) -> str | None:
        """An id: it is kept with every transfer, so it is short and plain."""
        if self.passed_over(value):
            return None
        if isinstance(value, str) and ID.fullmatch(value):
            return value
        if not isinstance(value, str):
            return self.text(value, path, at_key=at_key)
        plain = re.sub(r"[^a-z0-9_-]+", "-", value.lower()[:64]).strip("-_")
        rule = "is not an id: use a-z, 0-9, - and _, at most 64 characters"
        near = plain if ID.fullmatch(plain) else None
        self.add(path, f"{shown(value)} {rule}", suggestion=near, at_key=at_key)
        return None

    def choice(self, value: t.Any, path: Path, options: t.Sequence[str], *, besides: str = "") -> str | None:
        """One of the words. `besides`: what else there may be, that the caller reads."""
        if self.passed_over(value):
            return None
        if isinstance(value, str) and value in options:
            return value
        near = self.nearest(value, options) if isinstance(value, str) else None
        listed = ", ".join(options) + (f", or {besides}" if besides else "")
        self.add(path, f"must be one of {listed}, not {shown(value)}", suggestion=near)
        return None

    def known(self, value: t.Any, path: Path, names: t.Collection[str] | None, kind: str) -> str | None:
        """The name of something declared elsewhere in the document; `names` is None when that place could not
        be read, and then nothing can be said."""
        if self.passed_over(value) or names is None:
            return None
        if not isinstance(value, str):
            self.add(path, f"must be the name of a declared {kind}, not {_kind(value)}")
            return None
        if value in names:
            return value
        near = self.nearest(value, names)
        few = ", ".join(list(names)[:NAMES_SHOWN]) + (", …" if len(names) > NAMES_SHOWN else "")
        words = "" if near else f"; declared: {few or 'none'}"
        self.add(path, f"unknown {kind} {shown(value)}{words}", suggestion=near)
        return None

    def integer(self, value: t.Any, path: Path, least: int, most: int) -> int | None:
        if self.passed_over(value):
            return None
        if isinstance(value, float) and math.isfinite(value) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            self.not_a_number(value, path, "a whole number")
            return None
        if not least <= value <= most:
            self.add(path, f"must be from {least} to {most}, not {shown(value)}")
            return None
        return value

    def not_a_number(self, value: t.Any, path: Path, what: str) -> None:
        """Report what should be `what`, a number; one that is only written otherwise is recognised."""
        words, meant = f"must be {what}, not {shown(value)}", None
        if isinstance(value, str) and len(value) <= SHOWN_CHARS_MAX:
            plain, share = _GROUPED.sub("", value.strip()), _PER_CENT.fullmatch(value.strip())
            if _NUMBER.fullmatch(value):
                words = f"{words}: write it without quotes"
            elif _NUMBER.fullmatch(plain):
                meant = plain
            elif share and what == "a number":
                meant = f"{(Decimal(share[1]) / 100).normalize():f}"
        self.add(path, words, suggestion=meant)

    def boolean(self, value: t.Any, path: Path) -> bool | None:
        if self.passed_over(value):
            return None
        if isinstance(value, bool):
            return value
        meant = _BOOLEANS_ELSEWHERE.get(value.lower()) if isinstance(value, str) else None
        self.add(path, f"must be true or false, not {shown(value)}", suggestion=meant)
        return None
