"""Keeps the house in order: the arrows between layers, what the core may call, sizes, where SQL may stand.

Owns the rules of the architecture that a reader would otherwise have to police. Reads source as text and
syntax trees and imports nothing of ours, so it still runs when the code does not. Every check is tried on a
synthetic offender as well: a check that cannot fail would be worse than none.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path, PurePosixPath

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent

CORE_FILE_LINES_MAX = 400
CORE_FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 600

# The one place that may turn text into code: it compiles a program's checked conditions.
CODE_GENERATION = "engage/core/codegen.py"

# What a call of the client costs is measured where everything else is.
CLIENT_UNDER_TEST = "engage/bench/track.py"

DATABASE_LIBRARIES = {"tortoise", "pypika_tortoise", "sqlite3", "aiosqlite", "asyncpg"}
# Standard library modules that reach the clock, chance, the network, the disk or the process.
IMPURE_MODULES = {
    *("asyncio", "http", "logging", "os", "pathlib", "random", "secrets", "shutil", "socket", "sqlite3"),
    *("subprocess", "tempfile", "time", "urllib"),
}
IMPURE_NAMES = {
    *("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today"),
    *("uuid.uuid1", "uuid.uuid4", "io.open"),
}
IMPURE_BUILTINS = {"open", "print", "input", "breakpoint", "__import__"}
CODE_BUILTINS = {"eval", "exec", "compile"}

# Layer -> the layers of ours it may import. `document`, `days`, `clock`, `errors`, `telemetry` and `settings` are
# leaves beside the layers. A module directly under engage/ that is not named here (app, cli) assembles everything and
# may import anything.
ARROWS: dict[str, set[str]] = {
    "core": {"core"},
    "store": {"core", "store", "errors", "telemetry"},
    "actions": {"core", "store", "actions", "errors", "telemetry", "document", "days", "clock"},
    "web": {
        "core",
        "store",
        "actions",
        "formats",
        "web",
        "errors",
        "telemetry",
        "settings",
        "document",
        "days",
        "clock",
    },
    # Knows the shapes of reports, and neither where they come from nor who asks for them.
    "formats": {"core", "formats", "errors"},
    "sources": {"core", "actions", "errors", "sources"},
    "schedule": {"core", "store", "actions", "errors", "telemetry", "settings", "clock"},
    # Starts what it measures and looks behind every curtain; only the command line may start it.
    "bench": {
        "core",
        "store",
        "actions",
        "web",
        "sources",
        "app",
        "bench",
        "errors",
        "settings",
        "document",
        "clock",
    },
    "document": {"core", "errors"},
    "days": {"errors"},
    "clock": set(),
    "errors": {"core"},
    "telemetry": {"errors"},
    "settings": {"errors"},
}

TOP_LEVEL = {
    *("engage", "sdk", "migrations", "tests", "examples"),
    *("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "Makefile", "requirements.lock"),
}

# Put together from pieces, so that this file is not an offender itself.
MACHINE_TRACES = re.compile(
    "|".join(
        [
            r"(?<![\w.})-])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me|Us" + r"ers)/\w",
            r"/opt/(?:whe" + r"els|py" + r"pi)",
            r"\.\./sha" + r"red\b",
            r"\bpy" + r"pi\.org\b",
            r"\bpython" + r"hosted\.org\b",
            r"\bnpm" + r"js\.(?:org|com)\b",
            r"\bdeb\.deb" + r"ian\.org\b",
        ]
    )
)

SQL_TEXT = re.compile(
    r"\s*(?:(?:SELECT|INSERT)\s|UPDATE\s+\S+\s+SET\b|DELETE\s+FROM\b|CREATE\s+[A-Z]"
    r"|(?i:insert\s+into|delete\s+from|update\s+\S+\s+set|create\s+(?:unique\s+)?(?:table|index|trigger|view))\b)"
)


@dataclass(frozen=True)
class Source:
    """One text file of the repository; `path` is relative to its top, with forward slashes."""

    path: str
    text: str

    @property
    def is_python(self) -> bool:
        return self.path.endswith(".py")

    @cached_property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of a Python file's tree, and none of any other file's."""
        return list(ast.walk(self.tree)) if self.is_python else []

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    def under(self, *folders: str) -> bool:
        return self.is_python and any(self.path.startswith(f"{folder}/") for folder in folders)


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    rule: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}"


Check = Callable[[Source], Iterable[Finding]]


# --- reading imports and names ------------------------------------------------------------------------------


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """Every (line, dotted name) a file imports, relative ones resolved; `from a import b` gives `a.b`."""
    package = PurePosixPath(source.path.removeprefix("sdk/")).parent.parts
    for node in source.nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = list(package[: len(package) - node.level + 1]) if node.level else []
            base = ".".join([*parts, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def layer_of(dotted: str) -> str:
    """`engage.store.tables.Entry` -> `store`; the package itself -> the empty string."""
    return [*dotted.split("."), ""][1]


def dotted_names(source: Source) -> Iterator[tuple[int, str]]:
    """Every (line, dotted name) a file refers to, with `import datetime as dt` and the like undone."""
    known: dict[str, str] = {}
    for node in source.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                known[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            known.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    for node in source.nodes:
        chain: list[str] = []
        inner: ast.AST = node
        while isinstance(inner, ast.Attribute):
            chain.insert(0, inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name) and inner.id in known:
            yield inner.lineno, ".".join([known[inner.id], *chain])


def calls_by_name(source: Source, names: set[str]) -> Iterator[tuple[int, str]]:
    for node in source.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield node.lineno, node.func.id


# --- the checks ---------------------------------------------------------------------------------------------


def arrows_point_inwards(source: Source) -> Iterator[Finding]:
    """web, cli, schedule -> actions -> store -> core; sdk and engage never import each other."""
    if source.under("engage"):
        layer = PurePosixPath(source.path).parts[1].removesuffix(".py")
        for line, name in imports(source):
            if name.split(".")[0] == "engage_sdk" and source.path != CLIENT_UNDER_TEST:
                yield Finding(source.path, line, f"engage never imports the sdk ({name})")
            if name.split(".")[0] == "engage" and layer in ARROWS and layer_of(name) not in ARROWS[layer]:
                yield Finding(source.path, line, f"{layer} may not import {name}")
    if source.under("sdk"):
        for line, name in imports(source):
            if name.split(".")[0] == "engage":
                yield Finding(source.path, line, f"the sdk never imports engage ({name})")


def libraries_stay_in_their_layer(source: Source) -> Iterator[Finding]:
    """core: standard library and msgspec. Only store knows a database, only web starlette; sdk: httpx. The benchmark
    knows both: it puts a driver and a server without us beside ours."""
    for line, name in imports(source):
        library = name.split(".")[0]
        ours = library in {"engage", "engage_sdk"}
        if source.under("engage/core") and not ours and library not in {*sys.stdlib_module_names, "msgspec"}:
            yield Finding(source.path, line, f"core imports the standard library and msgspec only ({name})")
        outside_store = source.under("engage", "sdk") and not source.under("engage/store", "engage/bench")
        if outside_store and library in DATABASE_LIBRARIES:
            yield Finding(source.path, line, f"only store knows a database ({name})")
        if (
            source.under("engage")
            and not source.under("engage/web", "engage/bench")
            and library == "starlette"
        ):
            yield Finding(source.path, line, f"only web imports starlette ({name})")
        if source.under("sdk/engage_sdk") and not ours and library not in {*sys.stdlib_module_names, "httpx"}:
            yield Finding(source.path, line, f"the sdk needs httpx and nothing else ({name})")


def core_is_pure(source: Source) -> Iterator[Finding]:
    """No async, clock, randomness or I/O in core: the same input must decide the same for ever."""
    if not source.under("engage/core"):
        return
    for line, name in imports(source):
        if name.split(".")[0] in IMPURE_MODULES:
            yield Finding(source.path, line, f"core may not import {name}")
    for line, name in sorted(set(dotted_names(source))):
        if name in IMPURE_NAMES:
            yield Finding(source.path, line, f"core may not use {name}")
    for line, name in calls_by_name(source, IMPURE_BUILTINS):
        yield Finding(source.path, line, f"core may not call {name}()")
    for node in source.nodes:
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield Finding(source.path, node.lineno, "core has nothing async")


def code_is_generated_in_one_place(source: Source) -> Iterator[Finding]:
    """eval and exec nowhere; code generation compiles and executes once each."""
    if not source.under("engage", "sdk"):
        return
    seen: set[str] = set()
    for line, name in calls_by_name(source, CODE_BUILTINS):
        if source.path != CODE_GENERATION or name == "eval":
            yield Finding(
                source.path, line, f"{name}() is for {CODE_GENERATION} alone, and eval() for nobody"
            )
        elif name in seen:
            yield Finding(
                source.path, line, f"one {name}() is enough: a second place to review is one too many"
            )
        seen.add(name)


def files_and_functions_stay_small(source: Source) -> Iterator[Finding]:
    """Core files 400 lines and functions 70; other files 600. Written migrations are as long as they are."""
    if not source.is_python or source.under("migrations"):
        return
    in_core = source.under("engage/core")
    limit = CORE_FILE_LINES_MAX if in_core else FILE_LINES_MAX
    if source.lines > limit:
        yield Finding(source.path, limit + 1, f"{source.lines} lines, at most {limit}")
    for node in source.nodes if in_core else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > CORE_FUNCTION_LINES_MAX:
                rule = f"{node.name} has {length} lines, at most {CORE_FUNCTION_LINES_MAX} in core"
                yield Finding(source.path, node.lineno, rule)


def no_trace_of_a_machine(source: Source) -> Iterator[Finding]:
    """No path of somebody's machine and no registry's address, in any text file."""
    for match in MACHINE_TRACES.finditer(source.text):
        line = source.text.count("\n", 0, match.start()) + 1
        yield Finding(source.path, line, f"a machine's path or a registry's host ({match.group()})")


def sql_stays_in_store(source: Source) -> Iterator[Finding]:
    """SQL is text that only store and the migrations write; tests may look behind the curtain."""
    if not source.under("engage", "sdk", "examples") or source.under("engage/store", "engage/bench"):
        return
    prose = {id(node.value) for node in source.nodes if isinstance(node, ast.Expr)}
    for node in source.nodes:
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in prose:
            continue
        if SQL_TEXT.match(node.value):
            rule = f"SQL belongs in engage/store ({node.value.strip()[:30]!r})"
            yield Finding(source.path, node.lineno, rule)


def modules_say_what_they_own(source: Source) -> Iterator[Finding]:
    """A docstring per module; only an empty __init__.py outside engage may go without."""
    if not source.is_python or ast.get_docstring(source.tree):
        return
    if not source.tree.body and source.path.endswith("/__init__.py") and not source.under("engage"):
        return
    yield Finding(source.path, 1, "no module docstring: say what it owns and what it must not know")


def top_level_is_known(source: Source) -> Iterator[Finding]:
    """A new thing at the top is a decision, not an accident."""
    top = PurePosixPath(source.path).parts[0]
    if top not in TOP_LEVEL and not top.startswith("."):
        yield Finding(source.path, 1, f"{top!r} is not one of the known names at the top of the repository")


CHECKS: list[Check] = [
    arrows_point_inwards,
    libraries_stay_in_their_layer,
    core_is_pure,
    code_is_generated_in_one_place,
    files_and_functions_stay_small,
    no_trace_of_a_machine,
    sql_stays_in_store,
    modules_say_what_they_own,
    top_level_is_known,
]


# --- the repository keeps them ------------------------------------------------------------------------------


@cache
def repository_sources() -> tuple[Source, ...]:
    """Every text file git knows or would take; binary files are left out."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True).stdout.decode()
    found = []
    for name in sorted(set(filter(None, listed.split("\0")))):
        path = REPOSITORY / name
        if path.is_file() and b"\0" not in (content := path.read_bytes()):
            found.append(Source(name, content.decode(errors="replace")))
    return tuple(found)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_repository_keeps(check: Check) -> None:
    findings = [str(finding) for source in repository_sources() for finding in check(source)]
    assert not findings, f"{check.__doc__}\n" + "\n".join(findings)


def test_the_checks_read_the_repository() -> None:
    """An empty listing would keep every rule."""
    paths = {source.path for source in repository_sources()}
    assert {"engage/__init__.py", "tests/test_tidiness.py", "pyproject.toml", "Makefile"} <= paths


# --- and each of them can fail ------------------------------------------------------------------------------

LONG_FUNCTION = "def decide():\n" + "    pass\n" * CORE_FUNCTION_LINES_MAX
FULL_FUNCTION = "def decide():\n" + "    pass\n" * (CORE_FUNCTION_LINES_MAX - 1)

OFFENDERS: list[tuple[Check, str, str, int]] = [
    (arrows_point_inwards, "engage/core/a.py", "import engage.store.tables", 1),
    (arrows_point_inwards, "engage/core/a.py", "from engage import errors", 1),
    (arrows_point_inwards, "engage/core/a.py", "from engage import __version__", 1),
    (arrows_point_inwards, "engage/core/a.py", "from ..store import tables", 1),
    (arrows_point_inwards, "engage/core/a.py", "def f():\n    from engage.actions import ingest", 2),
    (arrows_point_inwards, "engage/store/a.py", "from engage.actions.ingest import ingest", 1),
    (arrows_point_inwards, "engage/actions/a.py", "from ..web import app", 1),
    (arrows_point_inwards, "engage/web/api/a.py", "from ... import cli", 1),
    (arrows_point_inwards, "engage/schedule.py", "from engage.web import problems", 1),
    (arrows_point_inwards, "engage/errors.py", "from engage.store import tables", 1),
    (arrows_point_inwards, "engage/actions/a.py", "from engage.bench import figures", 1),
    (arrows_point_inwards, "engage/bench/a.py", "from engage.cli import output", 1),
    (arrows_point_inwards, "engage/cli.py", "import engage_sdk", 1),
    (arrows_point_inwards, "sdk/engage_sdk/a.py", "from engage.core import event", 1),
    (libraries_stay_in_their_layer, "engage/core/a.py", "import orjson", 1),
    (libraries_stay_in_their_layer, "engage/core/a.py", "import starlette", 1),
    (libraries_stay_in_their_layer, "engage/core/a.py", "import sqlite3", 1),
    (libraries_stay_in_their_layer, "engage/actions/a.py", "\nfrom tortoise.transactions import x", 2),
    (libraries_stay_in_their_layer, "engage/web/a.py", "import asyncpg", 1),
    (libraries_stay_in_their_layer, "engage/app.py", "from starlette.applications import Starlette", 1),
    (libraries_stay_in_their_layer, "sdk/engage_sdk/a.py", "import msgspec", 1),
    (core_is_pure, "engage/core/a.py", "import time", 1),
    (core_is_pure, "engage/core/a.py", "from random import choice", 1),
    (core_is_pure, "engage/core/a.py", "import secrets", 1),
    (core_is_pure, "engage/core/a.py", "from os import environ", 1),
    (core_is_pure, "engage/core/a.py", "from datetime import datetime\ndatetime.now()", 2),
    (core_is_pure, "engage/core/a.py", "import datetime as dt\nx = 1\nf(dt.datetime.utcnow)", 3),
    (core_is_pure, "engage/core/a.py", "from datetime import date as day\nday.today()", 2),
    (core_is_pure, "engage/core/a.py", "from uuid import uuid4\nuuid4()", 2),
    (core_is_pure, "engage/core/a.py", "def f():\n    open('x')", 2),
    (core_is_pure, "engage/core/a.py", "print('x')", 1),
    (core_is_pure, "engage/core/a.py", "async def f(): pass", 1),
    (code_is_generated_in_one_place, "engage/core/a.py", "exec('1')", 1),
    (code_is_generated_in_one_place, "engage/web/a.py", "eval('1')", 1),
    (code_is_generated_in_one_place, CODE_GENERATION, "eval('1')", 1),
    (code_is_generated_in_one_place, CODE_GENERATION, "exec(a)\nexec(b)", 2),
    (files_and_functions_stay_small, "engage/core/a.py", "\n" * 401, 401),
    (files_and_functions_stay_small, "engage/web/a.py", "\n" * 601, 601),
    (files_and_functions_stay_small, "tests/a.py", "\n" * 601, 601),
    (files_and_functions_stay_small, "engage/core/a.py", LONG_FUNCTION, 1),
    (no_trace_of_a_machine, "README.md", "look\nin /ro" + "ot/notes", 2),
    (no_trace_of_a_machine, "README.md", "/ho" + "me/ann/x", 1),
    (no_trace_of_a_machine, "examples/a.yaml", "see ../sha" + "red/data", 1),
    (no_trace_of_a_machine, "requirements.lock", "--index-url https://py" + "pi.org/simple", 1),
    (sql_stays_in_store, "engage/actions/a.py", "q = 'SELECT 1'", 1),
    (sql_stays_in_store, "engage/actions/a.py", "\nq = f'''\n  INSERT INTO {t} VALUES (1)'''", 2),
    (sql_stays_in_store, "engage/web/a.py", "q = 'update wallet set amount = 1'", 1),
    (sql_stays_in_store, "engage/cli.py", "q = 'DELETE FROM entry'", 1),
    (sql_stays_in_store, "engage/core/a.py", "q = 'CREATE TABLE x (y)'", 1),
    (modules_say_what_they_own, "engage/core/a.py", "x = 1", 1),
    (modules_say_what_they_own, "engage/core/__init__.py", "", 1),
    (top_level_is_known, "scripts/a.py", "", 1),
    (top_level_is_known, "notes.txt", "", 1),
]

NEIGHBOURS: list[tuple[Check, str, str]] = [
    (
        arrows_point_inwards,
        "engage/core/a.py",
        "from engage.core.state import Member\nfrom . import calendar",
    ),
    (arrows_point_inwards, "engage/store/a.py", "from engage.core import state"),
    (
        arrows_point_inwards,
        "engage/actions/a.py",
        "from engage.store import scope\nfrom engage.errors import X",
    ),
    (arrows_point_inwards, "engage/app.py", "from engage.web import routes"),
    (arrows_point_inwards, "tests/sdk/test_a.py", "import engage\nimport engage_sdk"),
    (libraries_stay_in_their_layer, "engage/core/a.py", "import msgspec\nimport zoneinfo"),
    (libraries_stay_in_their_layer, "engage/store/a.py", "import tortoise\nimport sqlite3"),
    (libraries_stay_in_their_layer, "engage/bench/a.py", "import sqlite3"),
    (libraries_stay_in_their_layer, "engage/web/a.py", "from starlette.routing import Route"),
    (libraries_stay_in_their_layer, "sdk/engage_sdk/a.py", "from . import _wire\nimport httpx, json"),
    (core_is_pure, "engage/core/a.py", "import datetime as dt\ndt.datetime.fromtimestamp(1, dt.UTC)"),
    (core_is_pure, "engage/core/a.py", "now = 1\nx.now()\nfile.open()"),
    (core_is_pure, "engage/actions/a.py", "import time\nasync def f(): print(time.time())"),
    (code_is_generated_in_one_place, CODE_GENERATION, "code = compile(a, b, 'exec')\nexec(code, {})"),
    (code_is_generated_in_one_place, "engage/core/a.py", "re.compile('a')"),
    (files_and_functions_stay_small, "engage/core/a.py", "\n" * 400),
    (files_and_functions_stay_small, "engage/core/a.py", FULL_FUNCTION),
    (files_and_functions_stay_small, "engage/web/a.py", LONG_FUNCTION),
    (no_trace_of_a_machine, "README.md", "GET /v1/ho" + "me/x and https://a.example/wo" + "rk/y"),
    (sql_stays_in_store, "engage/store/a.py", "q = 'SELECT 1'"),
    (sql_stays_in_store, "engage/web/a.py", "def f():\n    'INSERT INTO is said in prose'"),
    (
        sql_stays_in_store,
        "engage/web/a.py",
        "x = ('DELETE', 'DELETE /v1/companies', 'Select a company', 'UPDATE')",
    ),
    (modules_say_what_they_own, "tests/core/__init__.py", ""),
    (modules_say_what_they_own, "engage/core/a.py", "'''What it owns.'''"),
    (top_level_is_known, ".ci/run", ""),
]


def short(value: object) -> str:
    return value.__name__ if callable(value) else str(value)[:30]


@pytest.mark.parametrize("check, path, text, line", OFFENDERS, ids=short)
def test_an_offender_is_named_with_its_line(check: Check, path: str, text: str, line: int) -> None:
    assert (path, line) in {(finding.path, finding.line) for finding in check(Source(path, text))}


@pytest.mark.parametrize("check, path, text", NEIGHBOURS, ids=short)
def test_a_lawful_neighbour_is_left_alone(check: Check, path: str, text: str) -> None:
    assert [str(finding) for finding in check(Source(path, text))] == []


def test_every_check_has_an_offender() -> None:
    assert {offender[0] for offender in OFFENDERS} == set(CHECKS)
