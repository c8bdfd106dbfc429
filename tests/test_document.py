"""Program texts: places of problems, what YAML may not do here, and the examples."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.core.program import Award
from engage.document import (
    DOCUMENT_BYTES_MAX,
    ReadProgram,
    read_plain,
    read_program,
    rewrite_document,
    write_document,
)

EXAMPLES = Path(__file__).parent.parent / "examples" / "programs"

TEN_MISTAKES = """\
name: CRM
currencies:
  points: {debt: alow}
events:
  Win Opportunity:
    properties:
      value: {type: number}
levels:
  steps:
    - {id: bronze, threshold: 100}
    - {id: silver, threshold: 50}
badges: {closer: {}}
rules:
  - id: deal-won
    trigger: Win Opportunity
    conditions:
      all:
        - {field: event.properties.valeu, op: ge, value: 1000}
        - {field: event.properties.value, op: contains, value: 1}
        - {field: member.level, op: ge, value: gold}
    effects:
      - award: 10.5
      - badge: closr
    limits:
      - {per: member, window: fortnight, count: 5}
  - id: deal-won
    trigger: Win Oportunity
    effects: [{award: 10}]
"""


def lines(read: ReadProgram) -> list[str]:
    assert (read.program is None) == bool(read.problems)
    return [str(problem) for problem in read.problems]


def problem_lines(text: str) -> list[str]:
    return lines(read_program(text))


def test_ten_mistakes_are_ten_located_problems() -> None:
    found = problem_lines(TEN_MISTAKES)
    assert len(found) == 10
    assert found == [
        (
            "program.yaml:3:18: currencies.points.debt: must be one of refuse, allow, not 'alow'; "
            "did you mean 'allow'?"
        ),
        "program.yaml:11:31: levels.steps[1].threshold: must be more than the step before (100), not 50",
        (
            "program.yaml:18:19: rules[0].conditions.all[0].field: unknown field 'event.properties.valeu'; "
            "did you mean 'event.properties.value'?"
        ),
        (
            "program.yaml:19:47: rules[0].conditions.all[1].op: 'contains' cannot be used on "
            "event.properties.value (number); allowed: gt, ge, lt, le, is_set, is_not_set"
        ),
        "program.yaml:20:48: rules[0].conditions.all[2].value: unknown level 'gold'; declared: bronze, silver",
        "program.yaml:22:16: rules[0].effects[0].award: must be a whole number, not 10.5",
        "program.yaml:23:16: rules[0].effects[1].badge: unknown badge 'closr'; did you mean 'closer'?",
        (
            "program.yaml:25:31: rules[0].limits[0].window: must be one of day, week, month, quarter, year, lifetime, "
            "not 'fortnight'"
        ),
        "program.yaml:26:9: rules[1].id: duplicate rule id 'deal-won', first used by rules[0]",
        (
            "program.yaml:27:14: rules[1].trigger: unknown event 'Win Oportunity'; "
            "did you mean 'Win Opportunity'?"
        ),
    ]


@pytest.mark.parametrize("name", ["quickstart", "crm"])
def test_the_examples_are_valid(name: str) -> None:
    path = EXAMPLES / f"{name}.yaml"
    read = read_program(path.read_text(), filename=path.name)
    assert lines(read) == []


def test_the_quickstart_is_ten_points_for_each_exported_report() -> None:
    program = read_program((EXAMPLES / "quickstart.yaml").read_text()).program
    assert program is not None
    assert list(program.currencies) == ["points"]
    (rule,) = program.rules
    assert (rule.trigger, rule.effects, rule.limits) == ("Report Exported", (Award("points", 10),), ())
    assert rule.conditions is None


HEAD = "name: x\ncurrencies: {points: {}}\n"


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", "1:1: must be a mapping (key: value), not nothing"),
        ("- a\n", "1:1: must be a mapping (key: value), not a list"),
        ("name: [\n", "2:1: not valid YAML: "),
        ("name: a: b\n", "1:8: not valid YAML: mapping values are not allowed here"),
        (
            "\tname: x\n",
            "1:1: not valid YAML: while scanning for the next token, found character '\\t' that ",
        ),
        ("name: x\nother:\n\tkey: x\n", "3:1: not valid YAML: "),
        ("name: \x00\n", "1:7: not readable as text: "),
        ("name: x\n...\n---\nname: y\n", "3:1: several documents in one file: keep one"),
        (f"x: {'[' * 40}", "1:33: x[0]"),
        ("{" * 5000, "1:31: nested more than 30 deep"),
        (HEAD + "events: {A: {}}\nevents: {B: {}}\n", "4:1: events: duplicate key 'events', first on line 3"),
        (HEAD + "events: {A: {}, A: 3}\n", "3:17: events.A: duplicate key 'A', first on line 3"),
        (HEAD + "events: {A: &a {}}\n", "3:13: events.A: anchors are not allowed (&a)"),
        (HEAD + "events: {A: !!map {}}\n", "3:13: events.A: tags are not allowed (tag:yaml.org,2002:map)"),
        (HEAD + "events: {A: !x/y {}}\n", "3:13: events.A: tags are not allowed (!x/y)"),
        (HEAD + "events: {12: {}, A: {}}\n", "3:10: events: a key must be text, not 12: put it in quotes"),
        (
            HEAD + "events: {A: {}}\nlate_days: 1.000\n",
            "4:12: late_days: 1.000 may mean 1 or 1000: write which",
        ),
        (HEAD + "events: {[a]: {}, A: {}}\n", "3:10: events: a key must be text, not a list"),
        (HEAD + f"events: {{A: {{}}}}\nlate_days: {'9' * 5000}\n", "4:12: late_days: a number of 5000"),
        (HEAD + "\nrules: []\n", "1:1: missing key 'events'"),
    ],
)
def test_one_mistake_of_the_text_is_one_located_problem(text: str, expected: str) -> None:
    (line,) = problem_lines(text)
    assert line.startswith("program.yaml:" + expected)


@pytest.mark.parametrize(
    "text, hint",
    [
        ("name: x\n\tevents: {}\n", "use spaces, not tabs"),
        ("name:x\nevents: {}\n", "a key needs ': ' after it"),
        ('name: "x\nevents: {A: {}}\n', "begun on line 1"),
        ("\nevents: {A: {}\nname: x\n", "begun on line 2"),
        ("name: a: b\n", "a text with ': ' in it needs quotes"),
        ("rules:\n  - id: a\n   name: b\n", "it is not indented as what stands above it"),
        (HEAD + "events: {A: {}}\nbudgets: [{amount: 1,000}]\n", "not 0: write a number without commas"),
    ],
)
def test_a_slip_of_the_text_is_told_with_what_to_do(text: str, hint: str) -> None:
    assert any(hint in line for line in problem_lines(text)), problem_lines(text)


def test_an_alias_is_refused_where_it_stands_and_not_complained_about_again() -> None:
    text = HEAD + "events: {A: &a {}, B: *a}\n"
    assert problem_lines(text) == [
        "program.yaml:3:13: events.A: anchors are not allowed (&a): nothing may refer to them",
        "program.yaml:3:23: events.B: aliases are not allowed (*a): repeat the text",
    ]


def test_a_mistake_under_the_first_of_two_equal_keys_is_located_there() -> None:
    text = HEAD + "events: {A: {key: 1}, A: {key: true}}\n"
    assert problem_lines(text) == [
        "program.yaml:3:19: events.A.key: must be true or false, not 1",
        "program.yaml:3:23: events.A: duplicate key 'A', first on line 3",
    ]


def test_a_document_has_a_size() -> None:
    (line,) = problem_lines("# " + "é" * (DOCUMENT_BYTES_MAX // 2))
    assert line == "program.yaml:1:1: the document is larger than 1024 KiB"


def test_scalars_are_read_as_yaml_1_2_does() -> None:
    def label(written: str) -> list[str]:
        return problem_lines(HEAD + f"events: {{A: {{name: {written}}}}}\n")

    for text in ("on", "yes", "NO", "2026-11-22", "1_000", "12:30", "0b1", "'12'", '"true"', "1.2.3"):
        assert label(text) == [], text
    for other in ("12", "0x1F", "0o17", "1.5", ".inf", "-.INF", ".nan", "1e3", "true", "False"):
        assert len(label(other)) == 1, other
    for nothing in ("null", "~", ""):
        assert label(nothing) == [], nothing


def test_json_is_read_too() -> None:
    text = '{"name": "x", "currencies": {"points": {}}, "events": {"A": {"key": 1}}}'
    assert problem_lines(text) == ["program.yaml:1:69: events.A.key: must be true or false, not 1"]


def test_the_file_is_named_in_every_line() -> None:
    (problem,) = read_program("- 1", filename="mine.yaml").problems
    assert str(problem).startswith("mine.yaml:1:1: ")


PIECES = st.sampled_from(
    [
        *"{}[],:-?&*!|>'\"%@#~ \n\t",
        "\n  ",
        ": ",
        "- ",
        "&a ",
        "*a",
        "!!",
        "---\n",
        "...",
        "\x85",
        "\ud800",
        "<<: ",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES | st.text(max_size=3), max_size=12).map("".join))
def test_reading_never_raises_on_odd_text(text: str) -> None:
    read = read_program(text)
    assert read.program is None
    assert all(problem.line >= 1 and problem.column >= 1 for problem in read.problems)


@settings(max_examples=75, deadline=None)
@given(st.integers(0, len(TEN_MISTAKES)), st.integers(0, 40), PIECES)
def test_reading_never_raises_on_a_damaged_program(start: int, cut: int, piece: str) -> None:
    assert read_program(TEN_MISTAKES[:start] + piece + TEN_MISTAKES[start + cut :]).problems


WORDS = st.text("ab#- {}'\"01~&*!", max_size=6)
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 99)
    | WORDS
    | st.sampled_from(["on", "2026-03-01", "1e3", "null"])
)
DOCUMENTS = st.dictionaries(
    WORDS.filter(bool),
    st.recursive(
        VALUES,
        lambda some: st.lists(some, max_size=3) | st.dictionaries(WORDS, some, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)
COMMENTED = """# The program of a team
name: Team  # its name
currencies: {points: {}}
events:
  Sale: {}  # a deal that is won
campaigns:
  # Every spring
  spring:
    from: 2026-03-01
    until: 2026-03-10  # ten days
    rules:
      - {id: bonus, trigger: Sale, effects: [award: 20]}  # twice the usual
rules:
  - {id: sale, trigger: Sale, effects: [award: 10]}
# the end
"""


def test_a_text_is_rewritten_with_its_comments() -> None:
    document = read_plain(COMMENTED)
    assert rewrite_document(COMMENTED, document) == COMMENTED
    document["campaigns"]["summer"] = {"from": "2026-06-01", "until": "2026-06-10"}
    document["rules"][0]["effects"] = [{"award": 12}, {"award": 3}]
    document["rules"].append({"id": "on", "trigger": "Sale", "effects": [{"award": 1}]})
    del document["campaigns"]["spring"]["until"]
    written = rewrite_document(COMMENTED, document)
    assert read_plain(written) == document
    for comment in (
        "# The program of a team",
        "# its name",
        "# Every spring",
        "# twice the usual",
        "# the end",
    ):
        assert comment in written
    assert "{id: bonus, trigger: Sale, effects: [award: 20]}" in written


IN_A_LIST = """rules:
  # Deals
  - id: deal
    trigger: Deal  # won ones
    effects:
      - award: 30

  # Calls
  - {id: call, trigger: Call}
  - id: visit
    # for now
    limits: [first: 3]
# What nobody buys
rewards: []
"""


def test_what_has_an_id_takes_the_comments_above_it_along() -> None:
    document = read_plain(IN_A_LIST)
    deal, _, visit = document["rules"]
    document["rules"] = [visit, {"id": "mail", "trigger": "Mail"}, deal | {"trigger": "Sale"}]
    assert (
        rewrite_document(IN_A_LIST, document)
        == """rules:
  - id: visit
    # for now
    limits: [first: 3]
  - {id: mail, trigger: Mail}
  # Deals
  - id: deal
    trigger: Sale  # won ones
    effects:
      - award: 30
# What nobody buys
rewards: []
"""
    )


ITEMS = st.lists(
    st.fixed_dictionaries({"id": st.sampled_from("abcd")}, optional={"said": VALUES}),
    unique_by=lambda item: item["id"],
    max_size=4,
).map(lambda items: {"name": "x", "items": items, "last": {"items": items}})


@given(before=DOCUMENTS | ITEMS, after=DOCUMENTS | ITEMS)
@settings(max_examples=50)
def test_a_rewritten_text_says_what_it_is_to_say(before: object, after: object) -> None:
    assert read_plain(rewrite_document(write_document(before), after)) == after


@pytest.mark.parametrize(
    "text", [":0", "?a", ": a", "? x", "::", "- a", "a: b", "{a}", "#", "~", "=", ":a\nb"]
)
def test_what_is_written_reads_back_whatever_it_starts_with(text: str) -> None:
    document = {text: 1, "text": text, "texts": [text], "within": [{text: text}]}
    assert read_plain(write_document(document)) == document
