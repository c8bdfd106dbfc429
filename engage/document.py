"""A program's text, YAML 1.2 or JSON, read to a Program or to problems with file, line and column.

Owns the text: places, and what YAML allows but a program does not (aliases, tags, duplicate keys, several
documents). Must not know what a program may say; that is `engage.core.check`, which knows no lines.
"""

from __future__ import annotations

import io
import re
import textwrap
import typing as t

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.nodes import CollectionNode, MappingNode
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.representer import SafeRepresenter

from engage.core.book import Book
from engage.core.check import check
from engage.core.check_book import check_book
from engage.core.check_templates import check_template
from engage.core.problems import PROBLEMS_MAX, UNREADABLE, Path, Problem, plain_path, pointer, shown
from engage.core.program import Program
from engage.core.templates import Template, named

DOCUMENT_BYTES_MAX = 1024 * 1024
DEPTH_MAX = 30
LINE_CHARS = 110
NODES_MAX = 100_000  # the parser takes some 40 µs for each, and a program of 1,000 rules has about 30,000
NUMBER_CHARS_MAX = 40  # longer than any number a program can mean

# YAML 1.2.2, section 10.3.2, the core schema: what a plain scalar is. So `on`, `yes` and 2026-11-22 are text.
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

_EITHER = re.compile(r"[1-9][0-9]{0,2}(\.000)+")  # a thousand to some, one to others

# What the parser's words mean for whoever wrote the text.
_HINTS = {
    "found character '\\t'": ": use spaces, not tabs",
    "mapping values are not allowed": ": a text with ': ' in it needs quotes, and a key needs ': ' after it",
    "expected <block end>": ": it is not indented as what stands above it",
}

Place = tuple[int, int]  # line and column, from 1


class LocatedProblem(msgspec.Struct, frozen=True):
    """One mistake and where it is. `str()` is the line a command prints."""

    file: str
    line: int
    column: int
    pointer: str
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        where = plain_path(self.pointer)
        return f"{self.file}:{self.line}:{self.column}: {where + ': ' if where else ''}{self.message}"


class ReadProgram(msgspec.Struct, frozen=True):
    program: Program | None  # only without problems
    problems: list[LocatedProblem]


class ReadTemplate(msgspec.Struct, frozen=True):
    template: Template | None  # only without problems
    problems: list[LocatedProblem]


class ReadBook(msgspec.Struct, frozen=True):
    book: Book | None  # only without problems
    problems: list[LocatedProblem]


Checked = t.TypeVar("Checked")
Moved = tuple[Path, list[dict[str, t.Any]]]
"""Where a list stands whose items have ids, and what it is to hold."""


def read_program(text: str, *, filename: str = "program.yaml") -> ReadProgram:
    """The program of a text, or every problem of it in order of place. Never raises."""
    return ReadProgram(*_read(text, filename, check))


def read_template(text: str, *, filename: str = "template.yaml") -> ReadTemplate:
    """The template of a text, or every problem of it in order of place. Never raises."""
    return ReadTemplate(*_read(text, filename, check_template))


def read_book(text: str, *, filename: str = "book.yaml") -> ReadBook:
    """The book of a text, or every problem of it in order of place. Never raises."""
    return ReadBook(*_read(text, filename, check_book))


def read_further(
    text: str, find: t.Callable[[t.Any], list[Problem]], *, filename: str = "program.yaml"
) -> list[LocatedProblem]:
    """What `find` finds wrong with the plain data of a text that was read without problems before."""
    return _read(text, filename, lambda document: (None, find(document)))[1]


def read_plain(text: str) -> t.Any:
    """The plain data of a text that was read without problems before."""
    return _Reader().read(text)


class _Representer(SafeRepresenter):
    """With quotes around what would be read as a key, or as its value, within brackets."""


def _represent_text(representer: SafeRepresenter, text: str) -> t.Any:
    style = "'" if text.startswith((":", "?")) else None
    return representer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Representer.add_representer(str, _represent_text)


def write_document(document: t.Any) -> str:
    """Plain data as YAML, from which `read_plain` reads the same."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = _Representer
    yaml.default_flow_style = None  # the innermost in one line
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # the order is the author's
    yaml.width = LINE_CHARS
    yaml.allow_unicode = True
    yaml.representer.ignore_aliases = lambda _: True  # they are not allowed here
    stream = io.StringIO()
    yaml.dump(document, stream)
    return stream.getvalue()


def rewrite_document(text: str, document: t.Any) -> str:
    """The text made to say what `document` says: what stays the same stays as it is written, comments included. An item
    that has an id takes the comments above it along."""
    yaml = YAML()  # the one that keeps comments
    yaml.preserve_quotes = True
    yaml.width = LINE_CHARS
    yaml.indent(mapping=2, sequence=4, offset=2)
    try:
        written, moved = yaml.load(text), list[Moved]()
        _say(written, read_plain(text), document, (), moved)
        stream = io.StringIO()
        yaml.dump(written, stream)
        rewritten = stream.getvalue()
        for path, items in moved:
            rewritten = _arranged(rewritten, path, items)
        if read_plain(rewritten) == document:
            return rewritten
    except (YAMLError, ValueError, TypeError, LookupError):
        pass  # a text that this reader takes otherwise: what it says matters more than how
    return write_document(document)


def _say(written: t.Any, before: t.Any, after: t.Any, path: Path, moved: list[Moved]) -> None:
    """Change what is written where the plain data differ. What is new is put last, in the order it has; lists of items
    with ids that are to have others, or in another order, are added to `moved`, the inner ones first."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [key for key in before if key not in after]:
            del written[key]
        for key, value in after.items():
            if key not in before or not _alike(before[key], value):
                written[key] = value
            else:
                _say(written[key], before[key], value, (*path, key), moved)
    elif isinstance(before, list) and isinstance(after, list):
        old, new = named(before), named(after)
        if old and new and not written.fa.flow_style():
            for id in old:
                if id in new:
                    _say(written[old[id]], before[old[id]], after[new[id]], (*path, id), moved)
            if list(old) != list(new):
                moved.append((path, after))
            return
        for place, (one, other) in enumerate(zip(before, after, strict=False)):
            if _alike(one, other):
                _say(written[place], one, other, (*path, place), moved)
            else:
                written[place] = other
        del written[len(after) :]
        written.extend(after[len(before) :])


def _arranged(text: str, path: Path, items: list[dict[str, t.Any]]) -> str:
    """The text with the lines of a list's items, and the comments above each, in the order of `items`; what is not
    there yet is written."""
    node = YAML(typ="safe", pure=True).compose(text)
    for name in path:
        node = _below(node, name)
    lines = text.splitlines(keepends=True)
    head, end, known = 0, 0, dict[str, str]()
    for item in node.value:
        start = item.start_mark.line
        while start > end and lines[start - 1].strip()[:1] in ("", "#"):
            start -= 1
        head, end = head if known else start, _end(item)
        known[_below(item, "id").value] = "".join(lines[start:end])
    indent = " " * node.start_mark.column
    parts = [
        known.get(item["id"]) or textwrap.indent(write_document([item]), indent, lambda _: True)
        for item in items
    ]
    return "".join((*lines[:head], *parts, *lines[end:]))


def _below(node: t.Any, name: str | int) -> t.Any:
    """What a mapping has under a name, or the item of a list at a place or with an id."""
    if isinstance(name, int):
        return node.value[name]
    if isinstance(node, MappingNode):
        return next(value for key, value in node.value if key.value == name)
    return next(item for item in node.value if _below(item, "id").value == name)


def _end(node: t.Any) -> int:
    """The number of the line after what a node says."""
    if isinstance(node, CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(node, MappingNode) else last)
    mark = node.end_mark
    return int(mark.line + bool(mark.column))


def _alike(before: t.Any, after: t.Any) -> bool:
    """Whether the one can be changed into the other, or says the same."""
    kinds = dict, list
    return any(isinstance(before, kind) and isinstance(after, kind) for kind in kinds) or before == after


def _read(
    text: str, filename: str, check: t.Callable[[t.Any], tuple[Checked | None, list[Problem]]]
) -> tuple[Checked | None, list[LocatedProblem]]:
    reader = _Reader()
    document = reader.read(text)
    checked: Checked | None = None
    problems = list(reader.problems)
    if not reader.broken:
        checked, found = check(document)
        problems += [(problem, reader.place(problem)) for problem in found]
    located = [
        LocatedProblem(filename, line, column, problem.pointer, problem.message, problem.suggestion)
        for problem, (line, column) in problems
    ]
    located.sort(key=lambda problem: (problem.line, problem.column))
    return None if located else checked, located


class _Broken(Exception):
    """The text cannot be read any further; the problem is recorded already."""


class _Reader:
    """Builds plain data from YAML events, with the place of every key and value by JSON pointer."""

    def __init__(self) -> None:
        self.problems: list[tuple[Problem, Place]] = []
        self.broken = False
        self.values: dict[str, Place] = {"": (1, 1)}
        self.keys: dict[str, Place] = {}
        self.events: t.Iterator[Event] = iter(())
        self.nodes = 0

    def read(self, text: str) -> t.Any:
        """The data; `broken` says that there is none, and the last problem why."""
        try:
            # Before the parser, which takes seconds for a megabyte.
            if len(text.encode(errors="surrogatepass")) > DOCUMENT_BYTES_MAX:
                self.fail((), f"the document is larger than {DOCUMENT_BYTES_MAX // 1024} KiB", (1, 1))
            self.events = iter(YAML(typ="safe", pure=True).parse(text))
            return self.only_document()
        except _Broken:
            pass
        except ReaderError as error:
            self.report((), f"not readable as text: {error.reason}", _place_of(text, error.position))
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
            words = ", ".join(filter(None, (error.context, error.problem)))
            self.report((), f"not valid YAML: {words}{_hint(error, words)}", place)
        except Exception:  # noqa: BLE001
            # A defect of the parser (a few odd inputs raise IndexError or ValueError from inside it) is, to the
            # author, still a text that cannot be read.
            self.report((), "not valid YAML", (1, 1))
        self.broken = True
        return None

    def report(self, path: Path, message: str, place: Place) -> None:
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append((Problem(pointer(path), message), place))

    def fail(self, path: Path, message: str, place: Place) -> t.NoReturn:
        self.report(path, message, place)
        raise _Broken

    def place(self, problem: Problem) -> Place:
        """Where a problem of the check stands; what is not written stands where its parent does."""
        at = problem.pointer
        if problem.at_key and at in self.keys:
            return self.keys[at]
        while at not in self.values:
            at = at.rpartition("/")[0]
        return self.values[at]

    def only_document(self) -> t.Any:
        document: t.Any = None
        documents = 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.fail((), "several documents in one file: keep one", _start(event))
            elif isinstance(event, NodeEvent):
                document = self.value(event, (), 1)
        return document

    def value(self, event: Event, path: Path, depth: int, *, dropped: bool = False) -> t.Any:
        """The value that begins with this event. That of a duplicate key is read to its end and dropped: its
        places must not stand for those of the first."""
        place = _start(event)
        self.nodes += 1
        if depth > DEPTH_MAX:
            self.fail(path, f"nested more than {DEPTH_MAX} deep", place)
        if self.nodes > NODES_MAX:
            self.fail((), f"more than {NODES_MAX} keys and values", place)
        if not dropped:
            self.values[pointer(path)] = place
        if isinstance(event, AliasEvent):
            self.report(path, f"aliases are not allowed (*{event.anchor}): repeat the text", place)
            return UNREADABLE
        assert isinstance(event, ScalarEvent | SequenceStartEvent | MappingStartEvent)
        if event.anchor is not None:
            self.report(path, f"anchors are not allowed (&{event.anchor}): nothing may refer to them", place)
        if event.tag is not None:
            self.report(path, f"tags are not allowed ({shown(str(event.tag))[1:-1]})", place)
        if isinstance(event, ScalarEvent):
            return self.scalar(event, path)
        if isinstance(event, SequenceStartEvent):
            return self.sequence(path, depth + 1, dropped)
        return self.mapping(path, depth + 1, dropped)

    def sequence(self, path: Path, depth: int, dropped: bool) -> list[t.Any]:
        items: list[t.Any] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            items.append(self.value(event, (*path, len(items)), depth, dropped=dropped))
        return items

    def mapping(self, path: Path, depth: int, dropped: bool) -> dict[str, t.Any]:
        entries: dict[str, t.Any] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self.value(event, path, depth, dropped=True)
            place = _start(event)
            fit = isinstance(key, str)
            at = (*path, key if isinstance(key, str) else "")
            duplicate = fit and key in entries
            if duplicate:
                line = self.keys.get(pointer(at), place)[0]
                self.report(at, f"duplicate key {shown(key)}, first on line {line}", place)
            unused = dropped or duplicate or not fit
            if not unused:
                self.keys[pointer(at)] = place
            value = self.value(next(self.events), at, depth, dropped=unused)
            if not fit and key is not UNREADABLE:
                hint = "" if isinstance(key, list | dict) else ": put it in quotes"
                if entries and value is None and isinstance(event, ScalarEvent) and event.value.isdigit():
                    hint = ": write a number without commas"
                self.report(path, f"a key must be text, not {shown(key)}{hint}", place)
            if fit and not duplicate:
                entries[key] = value
        return entries

    def scalar(self, event: ScalarEvent, path: Path) -> t.Any:
        text: str = event.value
        if event.style is not None:  # quoted or a block: always text
            return text
        if text in _NULLS:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if _SPECIAL.fullmatch(text):
            return float(text.replace(".", ""))
        place = _start(event)
        whole, based = _INTEGER.fullmatch(text), _BASED.fullmatch(text)
        if not (whole or based or _FLOAT.fullmatch(text)):
            return text
        if len(text) > NUMBER_CHARS_MAX:
            self.report(path, f"a number of {len(text)} characters", place)
            return UNREADABLE
        if _EITHER.fullmatch(text):
            meanings = f"{text.partition('.')[0]} or {text.replace('.', '')}"
            self.report(path, f"{text} may mean {meanings}: write which", place)
            return UNREADABLE
        if based:
            return int(text, 0)
        return int(text) if whole else float(text)


def _hint(error: MarkedYAMLError, words: str) -> str:
    begun, end = error.context_mark, error.problem_mark
    if begun is not None and end is not None and begun.line < end.line and "block" not in words:
        return f", begun on line {begun.line + 1}"
    return next((hint for said, hint in _HINTS.items() if said in words), "")


def _start(event: Event) -> Place:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _place_of(text: str, position: int) -> Place:
    before = text[:position]
    return before.count("\n") + 1, position - before.rfind("\n")
