"""The documentation says what there is: every command, setting, code, key and operator is in it, and its examples work.

Names come from the code that defines them, so that a new one turns this red until somebody has written about it.
Must not know how a page is worded, except where a table states figures that the code states as well.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import pkgutil
import re
import shlex
import typing
from collections.abc import Iterator
from pathlib import Path

import engage_sdk
import httpx
import msgspec
import pytest
import typer
from engage_sdk.testing import FakeEngage

import engage
from engage import cli, telemetry
from engage.actions import keys
from engage.actions.publish import publish
from engage.app import create_app
from engage.cli import build
from engage.core import (
    call,
    conditions,
    decisions,
    drivers,
    health,
    pending,
    privacy,
    reports,
    terms,
    why,
)
from engage.core import profiles as score_profiles
from engage.core.book import Book
from engage.core.measures import FeatureWeek, WeekMeasures
from engage.core.periods import read_period
from engage.core.published import publish_people
from engage.core.scored_as import STANDARD_ID
from engage.document import read_book, read_program
from engage.errors import EngageError
from engage.settings import ENVIRONMENT, K_MAX, SECRET_CHARS_MIN, Settings
from engage.web import bodies, paging, shapes
from engage.web import problems as web_problems
from engage.web.api import ENDPOINTS, erasure, events
from tests.docs_pages import DOCS, FENCE, LINK, LINKED, PAGES, README, ROOT, blocks, page, rows, undocumented

# --- links --------------------------------------------------------------------------------------------------


def _anchors(path: Path) -> set[str]:
    """As the usual renderers make them: lower case, punctuation dropped, spaces to dashes."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", LINKED, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_files_lead_somewhere(path: Path) -> None:
    broken = []
    for link in LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8"))):
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in _anchors(target)):
            broken.append(link)
    assert broken == []


def test_the_readme_leads_to_every_page() -> None:
    text = README.read_text(encoding="utf-8")
    assert {path.stem for path in DOCS.glob("*.md")} == set(PAGES)
    assert [name for name in PAGES if f"engage/docs/{name}.md" not in text] == []


# --- the command line ---------------------------------------------------------------------------------------


def _commands() -> Iterator[tuple[list[str], typing.Any]]:
    """Every command with its words, below `engage`."""

    def walk(words: list[str], command: typing.Any) -> Iterator[tuple[list[str], typing.Any]]:
        inner = getattr(command, "commands", None)
        if not inner:
            yield words, command
            return
        for name, found in inner.items():
            yield from walk([*words, name], found)

    yield from walk([], typer.main.get_command(build()))


COMMANDS = {" ".join(words): command for words, command in _commands()}


def test_every_command_and_option_is_documented() -> None:
    text = page("operating")
    told = [row[0].strip("`").removeprefix("engage ") for row in rows(text, "| command | does |")]
    assert sorted(re.split(r" (?=[A-Z\[-])", usage)[0] for usage in told) == sorted(COMMANDS)
    options = {
        option
        for command in COMMANDS.values()
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--")
    }
    assert undocumented(options, text) == []


def test_the_exit_codes_are_documented() -> None:
    documented = {int(row[0]) for row in rows(page("operating"), "| exit code |")}
    assert documented >= {0, 1, 2, cli.INTERRUPTED}


def _told_commands(path: Path) -> list[list[str]]:
    """The `engage` commands of a page: in indented blocks and in backquotes."""
    text = path.read_text(encoding="utf-8")
    lines = re.findall(r"^    (engage .+)$", text, re.MULTILINE) + re.findall(r"`(engage [^`\n]+)`", text)
    # What stands for something else (`[--x]`, `a|b`, FILE...) is not a command line to try.
    return [shlex.split(line.split("   ")[0]) for line in lines if not re.search(r"[\[\\|]|\.\.\.", line)]


def test_the_reading_order_of_the_core_names_every_module_of_it() -> None:
    core = ROOT / "engage" / "core"
    named = set(re.findall(r"`(\w+\.py)`", (core / "README.md").read_text(encoding="utf-8")))
    assert named == {path.name for path in core.glob("*.py")} - {"__init__.py"}


@pytest.mark.parametrize("path", [README, *sorted(DOCS.glob("*.md"))], ids=lambda path: path.stem)
def test_the_commands_told_are_commands_with_options_they_have(path: Path) -> None:
    wrong = []
    for _, *words in _told_commands(path):
        if words == ["--help"]:
            continue
        name = next((n for n in COMMANDS if words[: len(n.split())] == n.split()), None)
        known = {option for p in COMMANDS[name].params for option in p.opts} if name is not None else set()
        options = [word.partition("=")[0] for word in words if word.startswith("--")]
        if name is None or not known.issuperset(options):
            wrong.append(" ".join(words))
    assert wrong == []


# --- settings, keys, metrics --------------------------------------------------------------------------------


def test_every_setting_is_documented_with_its_default() -> None:
    table = {row[0].strip("`"): row for row in rows(page("operating"), "| variable |")}
    assert set(table) == set(ENVIRONMENT.values())
    for name in ("database_url", "host", "port", "workers"):
        assert table[ENVIRONMENT[name]][2] == f"`{getattr(Settings(), name)}`"
    assert f"first {privacy.K_DEFAULT}" in table["ENGAGE_K"][2]
    assert f"{privacy.K_MIN} to {K_MAX}" in table["ENGAGE_K"][3]
    assert f"{SECRET_CHARS_MIN} characters" in table["ENGAGE_SECRET"][3]


@pytest.mark.parametrize("name", ["operating", "http"])
def test_every_kind_of_key_is_documented(name: str) -> None:
    text = page(name)
    assert undocumented(keys.KINDS, text) == []
    if name == "http":
        assert {
            row[0].strip("`"): row[1].strip("`") for row in rows(text, "| kind of key |")
        } == keys.PREFIXES


def test_every_metric_is_documented() -> None:
    names = {
        sample.name.removesuffix("_bucket").removesuffix("_sum")
        for metric in telemetry.REGISTRY.collect()
        for sample in [*metric.samples, None]
        if sample is not None and not sample.name.endswith(("_created", "_count"))
    }
    # Of counters with labels there is no sample before the first event.
    names |= {f"{m.name}_total" for m in telemetry.REGISTRY.collect() if m.type == "counter"}
    ours = {name for name in names if name.startswith("engage_")}
    assert undocumented(ours, page("operating")) == []
    assert len(ours) > 5


# --- codes --------------------------------------------------------------------------------------------------

SNAKE = re.compile(r"[a-z]+(_[a-z]+)+")
REFUSING = {"Refused", "Refusal", "Reason", "_refusal"}


def _modules() -> Iterator[tuple[typing.Any, ast.Module]]:
    for found in pkgutil.walk_packages(engage.__path__, "engage."):
        if (
            not found.name.startswith(("engage.web.console", "engage.migrations"))
            and "__main__" not in found.name
        ):
            module = importlib.import_module(found.name)
            yield module, ast.parse(inspect.getsource(module))


def _refusal_codes() -> set[str]:
    """Every code a call or a row can be refused or left undecided with: the first snake_case text given to whatever
    makes a refusal, and the first of a returned pair in the readers of history."""
    codes = {code for code, _ in decisions.REASONS.values()}
    for module, tree in _modules():
        for node in ast.walk(tree):
            candidates: list[ast.expr] = []
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REFUSING:
                candidates = node.args
            elif (
                isinstance(node, ast.Return)
                and isinstance(node.value, ast.Tuple)
                and "sources" in module.__name__
            ):
                candidates = node.value.elts[:1]
            for one in candidates:
                value = one.value if isinstance(one, ast.Constant) else None
                if isinstance(one, ast.Name):
                    value = vars(module).get(one.id)
                if isinstance(value, str) and SNAKE.fullmatch(value):
                    codes.add(value)
                    break
    return codes


def test_every_reason_a_call_is_refused_or_undecided_for_is_documented() -> None:
    codes = _refusal_codes()
    assert {
        "too_late",
        "missing_user",
        "company_unknown",
        "held_full",
        "missing_timestamp",
        "invalid_term",
    } <= codes
    calls = {row[0].strip("`") for row in rows(page("http"), "| reason | with status |")}
    imports = {row[0].strip("`") for row in rows(page("operating"), "| reason | means |")}
    read = {"unreadable_row", "unreadable_file"}  # chosen between in one expression
    assert calls | imports == codes | read
    assert not calls & imports


def test_every_status_of_a_message_is_documented() -> None:
    statuses = typing.get_args(typing.get_type_hints(events.Result)["status"])
    assert [row[0].strip("`") for row in rows(page("http"), "| status | means |")] == list(statuses)


def _error_codes() -> dict[str, int]:
    def tree(kind: type[EngageError]) -> Iterator[type[EngageError]]:
        yield kind
        for one in kind.__subclasses__():
            yield from tree(one)

    codes = {kind.code: kind.status for kind in tree(EngageError) if kind.__module__ == "engage.errors"}
    codes |= {code: status for status, code in web_problems.ROUTER_CODES.items()}
    for _, parsed in _modules():
        for node in ast.walk(parsed):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "InvalidRequest"
            ):
                codes |= {
                    k.value.value: 400
                    for k in node.keywords
                    if k.arg == "code" and isinstance(k.value, ast.Constant)
                }
    return codes


def test_every_error_code_is_documented_with_its_status() -> None:
    table = rows(page("http"), "| code | status |")
    assert {row[0].strip("`"): int(row[1]) for row in table} == _error_codes()


def test_every_effect_and_verdict_is_documented() -> None:
    shown = json.loads(blocks(page("http"), "json")[1])["results"].values()
    types = typing.get_args(typing.get_type_hints(shapes.Effect)["type"])
    assert {effect["type"] for result in shown for effect in result["effects"]} <= set(types)
    told = [name for row in rows(page("http"), "| `type` |") for name in re.findall(r"`(\w+)`", row[0])]
    assert sorted(told) == sorted(types)
    verdicts = {row[0].strip("`") for row in rows(page("program"), "| `verdict` |") if row[0]}
    assert verdicts == {*why.WORDS.values(), *why.EXTENDED_WORDS.values()}
    assert undocumented([code for code, _ in decisions.REASONS.values()], page("program")) == []


async def _reasons(
    tmp_path: Path, programs: dict[str, str], happened: list[dict[str, str]]
) -> set[tuple[str, str]]:
    """(verdict, text) of every rule that a real service considered for these events, by the companies' programs."""
    app = create_app(Settings(database_url=f"sqlite:///{tmp_path / 'docs.db'}"))
    found: set[tuple[str, str]] = set()
    async with app.lifespan():
        services = app.services()
        key = await keys.create_key(services.database, "server")
        for company, text in programs.items():
            read = read_program(text).program
            assert read is not None
            await publish(services.database, read, text, company=company, actor="", now=services.now())
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://engage", auth=(key, "")) as client:
            (await client.post("/v1/batch", json={"batch": happened})).raise_for_status()
            for company, member in {(one["groupId"], one["userId"]) for one in happened}:
                answer = await client.get(f"/v1/companies/{company}/members/{member}/decisions")
                found |= {
                    (rule["verdict"], rule["text"]) for one in answer.json()["data"] for rule in one["rules"]
                }
    return found


FURTHER = """
name: Further
currencies: {points: {}}
events: {Deal Won: {properties: {value: {type: number}}}}
badges: {closer: {}}
groups: {deal-size: {pick: first}}
traits: {member: {team: {type: string}}}
audiences: {sales: {conditions: {field: member.traits.team, op: eq, value: sales}}}
department: member.traits.team
campaigns: {next-year: {from: 2999-01-01, until: 2999-12-31}}
rules:
  - {id: next-year, campaign: next-year, trigger: Deal Won, effects: [award: 1]}
  - {id: week, trigger: Deal Won, effects: [award: 1], limits: [{per: member, rolling: {days: 7}, count: 1}]}
  - {id: team, trigger: Deal Won, effects: [award: 1], limits: [{per: department, window: month, count: 1}]}
  - {id: again, trigger: Deal Won, effects: [award: 1], limits: [{cooldown: {hours: 4}}]}
  - {id: early, trigger: Deal Won, effects: [award: 1], limits: [{first: 1}]}
  - {id: sellers, trigger: Deal Won, audience: sales, effects: [award: 1]}
  - {id: share-of-deal, trigger: Deal Won, group: deal-size, effects: [badge: closer]}
  - {id: any-deal, trigger: Deal Won, group: deal-size, effects: [award: 1]}
  - {id: rate, trigger: Deal Won, effects: [award: {rate: 0.02, of: event.properties.value}]}
  - {id: both, trigger: Deal Won, effects: [award: {rate: 0.02, of: event.properties.value}, badge: closer]}
"""
"""What else can become of a rule than with the page's complete program."""


async def test_the_reasons_shown_are_those_a_member_gets(tmp_path: Path) -> None:
    text = page("program")
    shown, verdict = [], ""
    for cells in rows(text, "| `verdict` |"):
        verdict = cells[0].strip("`") or verdict
        shown.append((verdict, cells[1]))

    happened: list[dict[str, typing.Any]] = []

    def happens(times: int, member: str, event: str, company: str = "acme", **properties: float) -> None:
        call = {
            "type": "track",
            "userId": member,
            "event": event,
            "groupId": company,
            "properties": properties,
        }
        happened.extend([call] * times)

    happens(6, "emp-1", "Meeting Held")
    happens(9, "emp-1", "Deal Won", value=500)
    for number in range(101):
        happens(1, f"learner-{number}", "Lesson Finished")
    for number in range(5):
        happens(9, f"seller-{number}", "Deal Won", value=500)
    happens(2, "emp-1", "Meeting Held", company="lavish")
    lavish = "name: Lavish\ncurrencies: {p: {}}\nevents: {Meeting Held: {}}\nrules: [{id: r, trigger: Meeting Held, "
    lavish += f"effects: [{{award: {conditions.INTEGER_MAX}}}]}}]"
    complete = blocks(text, "yaml")[1]
    without_the_badge = complete.replace("      - badge: closer\n", "")
    happens(1, "emp-1", "Deal Won", company="further")
    happens(1, "emp-1", "Deal Won", company="further", value=20)
    happens(pending.WAITING_MAX + 1, "emp-2", "Lesson Finished", company="patient")
    programs = {"acme": complete, "plain": without_the_badge, "lavish": lavish}
    programs["further"] = FURTHER
    programs["patient"] = lavish.replace("Meeting Held", "Lesson Finished").replace(
        f"{{award: {conditions.INTEGER_MAX}}}", "{award: {amount: 1, pending: {days: 1}}}"
    )
    happened += [{**call, "groupId": "plain"} for call in happened if call["groupId"] == "acme"]
    reasons = await _reasons(tmp_path, programs, happened)
    assert [one for one in shown if one not in reasons] == []


def test_every_address_is_documented_and_no_other() -> None:
    text = "".join(map(page, PAGES))
    paths = {
        re.sub(r"\?.*", "", path)
        for path in re.findall(
            r"`(?:GET |PUT |POST |DELETE )?(/(?:v1/)?[^`\s]+)`",
            "".join(map(page, ("http", "rewards", "referral"))),
        )
    }
    assert undocumented([one.path for one in ENDPOINTS], text) == []
    assert paths - {one.path for one in ENDPOINTS} == {"/anything/v1/batch", "/v1/program"} | {
        "/v1/companies/{company}/program"
    }


# --- the HTTP page ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, words",
    [
        ("http", f"up to {events.BATCH_MESSAGES_MAX:,} messages"),
        ("http", f"body only | {bodies.KEYLESS_WIRE_BYTES_MAX // 1024**2} MiB"),
        (
            "http",
            f"{bodies.WIRE_BYTES_MAX // 1024**2} MiB as sent, {bodies.INFLATED_BYTES_MAX // 1024**2} MiB inflated",
        ),
        ("http", f"more than {call.CALL_BYTES_MAX // 1024} KiB"),
        ("http", f"nested deeper than {call.DEPTH_MAX}"),
        ("http", f"text of more than {call.STRING_CHARS_MAX:,} characters"),
        (
            "http",
            f"Ids have at most {call.ID_CHARS_MAX} characters, a `messageId` {call.MESSAGE_ID_CHARS_MAX:,}",
        ),
        ("http", f"`limit` is 1 to {paging.LIMIT_MAX}, {paging.LIMIT_DEFAULT} by default"),
        ("http", f"works for up to {keys.REMEMBERED_SECONDS:g} seconds more"),
    ],
)
def test_the_limits_told_are_those_in_force(name: str, words: str) -> None:
    assert words in page(name)


def test_the_json_of_the_page_is_what_the_service_reads_and_writes() -> None:
    sent, answered, adjustment, erased, mistake = blocks(page("http"), "json")
    msgspec.json.decode(erased, type=erasure.Erasure)
    [message] = msgspec.json.decode(sent, type=events.Batch).batch
    read = call.read_call(
        msgspec.to_builtins(message), verb=None, received_at=2**50, sent_at=None, trusted=True, new_id=str
    )
    assert isinstance(read, call.Call)
    msgspec.json.decode(answered, type=events.Accepted)
    msgspec.json.decode(adjustment, type=shapes.NewAdjustment)
    assert set(json.loads(mistake)) >= {"type", "title", "status", "code", "message", "detail"}


def test_the_python_of_the_page_is_python() -> None:
    for example in blocks(page("http"), "python"):
        compile(example, "http.md", "exec")


# --- the reports page ---------------------------------------------------------------------------------------


def _number(cell: str) -> float:
    return float(re.sub(r"[ %×]", "", cell))


def _weeks() -> list[WeekMeasures]:
    """Half a year of a company of which every driver is known."""
    since = 738_000 - (738_000 - 1) % 7
    features = {"a": FeatureWeek(15, 20, 100), "b": FeatureWeek(15, 20, 100)}
    levels = [("", 10), ("bronze", 20), ("silver", 30)]
    return [
        WeekMeasures(
            since + 7 * index,
            members=60,
            activated=50,
            active=30,
            active_4w=40,
            habitual=20,
            days=100,
            events=900,
            levels=levels,
            features=features,
            since=since,
        )
        for index in range(26)
    ]


def test_the_table_of_drivers_is_the_scores() -> None:
    weeks = _weeks()
    people = publish_people(weeks[-1], privacy.K_DEFAULT)
    inputs = drivers.read_inputs(weeks, people, 60, 800, privacy.K_DEFAULT)
    young = drivers.read_inputs(weeks, people, 60, drivers.YOUNG_DAYS - 1, privacy.K_DEFAULT)["seats"]
    told: dict[str, tuple[str, float, float, float]] = {}
    for row in rows(page("score"), "| driver | measures |"):
        figures = [_number(cell) for cell in row[2:5] if cell]
        if name := re.search(r"\(`(\w+)`\)", row[0]):
            told[name.group(1)] = (row[0].split(" (")[0], figures[0], figures[1], figures[2])
        else:
            assert tuple(figures) == young.bounds
            assert f"first {drivers.YOUNG_DAYS} days" in row[1]
    assert told == {
        name: (health.LABELS[name], *one.bounds, round(100 * health.WEIGHTS[name], 6))
        for name, one in inputs.items()
    }
    assert f"This is version {health.VERSION}." in page("score")


def test_the_table_of_bands_is_the_scores() -> None:
    told = [(row[0], row[1]) for row in rows(page("score"), "| band |")]
    floors = dict(reports.BAND_FLOORS)
    for (label, words), (band, name) in zip(told, reports.BAND_LABELS.items(), strict=True):
        assert label == f"{name} (`{band}`)"
        if floors.get(band):
            assert words == f"from {floors[band]}"


def test_every_reason_for_hiding_is_documented() -> None:
    reasons = set(typing.get_args(privacy.Hidden)) - {""}
    told = {word for row in rows(page("privacy"), "| you see |") for word in re.findall(r"`(\w+)`", row[1])}
    assert told == reasons


def test_the_periods_told_are_periods() -> None:
    for row in rows(page("reports"), "| period | covers |"):
        assert read_period(row[0].strip("`"), 738_000) is not None


def test_the_book_of_the_page_is_one() -> None:
    books = [read_book(text) for text in blocks(page("reports") + page("score"), "yaml")]
    assert [found.problems for found in books] == [[], [], []]
    first, second, third = (found.book or Book() for found in books)
    assert [tier.id for tier in first.tiers] == ["a", "b", "c"]
    assert [one.id for one in second.score.profiles] == ["first-month", "first-half-year", "in-use"]
    assert [one.id for one in third.score.profiles] == ["now-and-then"]


def test_what_the_page_says_of_profiles_is_so() -> None:
    table = rows(page("score"), "| key | |\n|---|---|\n| `id`")
    told = " ".join(cell for row in table for cell in row)
    words = (*score_profiles.STAGES, *score_profiles.ALWAYS_KNOWN, STANDARD_ID, "churned")
    assert undocumented(words, told) == []
    assert drivers.ENDS.keys() == {"activity", "tenure"}


def test_every_outcome_and_confidence_is_documented() -> None:
    assert undocumented(terms.OUTCOMES, page("operating")) == []
    assert undocumented(typing.get_args(reports.Confidence), page("score")) == []


# --- the README ---------------------------------------------------------------------------------------------


def test_the_readmes_example_runs_against_a_service(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [example] = blocks(README.read_text(encoding="utf-8"), "python")
    with FakeEngage() as fake:
        fake.award("Report Exported", "points", 10)
        monkeypatch.setattr(engage_sdk, "Client", lambda address, key: fake.client(key=key))
        exec(compile(example, "README.md", "exec"), {})
        fake.assert_tracked("Report Exported", company="acme", member="emp-1", times=1)
    assert capsys.readouterr().out == "10\n"


def test_the_readmes_program_is_the_quickstart() -> None:
    [told] = blocks(README.read_text(encoding="utf-8"), "yaml")
    quickstart = (ROOT / "examples/programs/quickstart.yaml").read_text(encoding="utf-8")
    assert read_program(told).program == read_program(quickstart).program is not None


@pytest.mark.parametrize("path", [README, DOCS / "operating.md"], ids=lambda path: path.stem)
def test_the_make_targets_and_files_told_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert [name for name in re.findall(r"make ([a-z]+)$", text, re.MULTILINE) if name not in targets] == []
    for name in re.findall(r"\b(examples/[\w./-]+)", text):
        assert (ROOT / name.rstrip(".")).exists(), name


def test_documentation_names_no_machine() -> None:
    for path in LINKED:
        found = re.search("/(?:wo" + "rk|t" + "mp|ho" + "me|ro" + "ot)/", path.read_text(encoding="utf-8"))
        assert found is None, (path, found)
