"""Templates: what a company may say otherwise, and the newer template with the company's choices in it."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.core.check import check
from engage.core.check_templates import check_template
from engage.core.templates import Template, apply, blamed, closed, overrides, propose, same, started
from engage.document import read_plain, read_program, read_template, write_document

TEXT = """
id: sales
name: Sales
industry: software
scene: crm
open: [/name, /rules/*/effects, /rules/extra, /budgets, /levels/steps/silver/threshold]
program:
  name: Sales habits
  currencies: {points: {}}
  events: {Sale: {}, Call: {}}
  levels: {currency: points, steps: [{id: bronze, threshold: 10}, {id: silver, threshold: 50}]}
  rules:
    - {id: sale, trigger: Sale, effects: [award: 5]}
    - {id: call, trigger: Call, effects: [award: 1]}
"""


def template(text: str = TEXT, **changes: Any) -> Template:
    read = read_template(text)
    assert read.template is not None, "\n".join(map(str, read.problems))
    program = copy.deepcopy(read.template.program)
    for key, value in changes.items():
        program[key] = value
    return Template("sales", "Sales", program, open=read.template.open)


def effects(rule: dict[str, Any], amount: int) -> dict[str, Any]:
    return rule | {"effects": [{"award": amount}]}


# --- the document -----------------------------------------------------------------------------------------------


def test_a_template_is_a_program_and_what_of_it_is_open() -> None:
    found = template()
    assert (found.id, found.name) == ("sales", "Sales")
    assert check(found.program)[0] is not None


@pytest.mark.parametrize(
    "right, wrong, told",
    [
        (
            "trigger: Sale,",
            "trigger: Sael,",
            "t.yaml:13:27: program.rules[0].trigger: unknown event 'Sael'; did you mean 'Sale'?",
        ),
        ("[/name,", "[/nmae,", "t.yaml:6:8: open[0]: a program has no section 'nmae'; did you mean 'name'?"),
        (
            "[/name,",
            "[name,",
            "t.yaml:6:8: open[0]: must be a JSON pointer into the program, as in /rules/deal-won/effects, not 'name'",
        ),
        (
            "[/name,",
            "[/rules/none/effects,",
            "t.yaml:6:8: open[0]: the template has nothing at /rules/none that has parts with names",
        ),
        (
            "industry: software",
            "industry: Soft Ware",
            (
                "t.yaml:4:11: industry: 'Soft Ware' is not an id: use a-z, 0-9, - and _, at most 64 characters; "
                "did you mean 'soft-ware'?"
            ),
        ),
    ],
)
def test_mistakes_of_a_template_are_located(right: str, wrong: str, told: str) -> None:
    read = read_template(TEXT.replace(right, wrong), filename="t.yaml")
    assert read.template is None
    assert list(map(str, read.problems)) == [told]


def test_what_is_missing_of_a_template_is_named() -> None:
    found, problems = check_template({"open": 5})
    assert found is None
    assert {one.message for one in problems} == {
        "missing key 'id'",
        "missing key 'name'",
        "missing key 'program'",
        "must be a list, not a number: put it into [ ]",
    }


# --- a company's own choices ------------------------------------------------------------------------------------


def test_a_company_starts_with_its_own_choices() -> None:
    said = {"/name": "Acme", "/rules/sale/effects": [{"award": 9}], "/levels/steps/silver/threshold": 70}
    document, problems = started(template(), said)
    assert problems == []
    program, found = check(document)
    assert found == []
    assert program is not None
    assert program.name == "Acme"
    assert program.levels is not None
    assert program.levels.steps[1].threshold == 70
    assert {one.path: one.value for one in overrides(template().program, document)} == {
        ("name",): "Acme",
        ("levels", "steps", "silver", "threshold"): 70,
        ("rules", "sale", "effects"): [{"award": 9}],
    }
    assert closed(template(), document) == []


@pytest.mark.parametrize(
    "pointer, value, words",
    [
        ("/currencies/points", {}, "does not leave /currencies/points open"),
        ("/rules/sale", None, "does not leave /rules/sale open"),
        ("/rules/nobody/effects", [], "has no such place"),
        ("name", "Acme", "is a JSON pointer"),
    ],
)
def test_a_choice_that_is_not_open_is_refused_where_it_stands(pointer: str, value: Any, words: str) -> None:
    _, [problem] = started(template(), {pointer: value})
    assert problem.pointer == "/overrides/" + pointer.replace("/", "~1")
    assert words in problem.message


def test_a_mistake_in_a_choice_is_told_at_the_choice() -> None:
    said = {"/rules/sale/effects": [{"award": 9}, {"badge": "nobody"}]}
    document, _ = started(template(), said)
    _, [problem] = check(document)
    assert blamed(document, problem, said) == "/overrides/~1rules~1sale~1effects/1/badge"


def test_what_a_draft_changes_elsewhere_is_located_in_the_draft() -> None:
    text = write_document(template().program).replace("trigger: Sale", "trigger: Call")
    text = text.replace("award: 5", "award: 50")
    problems = closed(template(), read_plain(text))
    assert [(one.pointer, one.message) for one in problems] == [
        (
            "/rules/0/trigger",
            "changes /rules/sale/trigger from \"Sale\", which template 'sales' does not leave open",
        )
    ]


def test_order_additions_and_omissions_are_choices_too() -> None:
    base = template()
    sale, call = base.program["rules"]
    extra = {"id": "extra", "trigger": "Call", "effects": [{"award": 2}]}
    for rules, words in [
        ([call, sale], "changes the order of /rules"),
        ([sale], "leaves out /rules/call"),
        ([sale, {**extra, "id": "more"}, call], "adds /rules/more"),
    ]:
        [problem] = closed(base, base.program | {"rules": rules})
        assert problem.message.startswith(words)
    assert closed(base, base.program | {"rules": [sale, extra, call]}) == []


# --- the template changes ---------------------------------------------------------------------------------------


def test_the_companys_choices_are_kept_in_the_newer_template() -> None:
    base = template()
    sale, call = base.program["rules"]
    ours = base.program | {"name": "Acme", "rules": [effects(sale, 9), call]}
    newer = template(rules=[sale, effects(call, 3)], events={"Sale": {}, "Call": {}, "Mail": {}})
    made = propose(base, newer, ours)
    assert made.conflicts == ()
    assert made.document == newer.program | {
        "name": "Acme",
        "rules": [effects(sale, 9), effects(call, 3)],
    }


def test_where_both_changed_the_companys_stays_and_it_is_told() -> None:
    base = template()
    sale, call = base.program["rules"]
    ours = base.program | {"rules": [effects(sale, 9), call]}
    newer = template(rules=[effects(sale, 6), call])
    made = propose(base, newer, ours)
    assert made.document == ours
    [conflict] = made.conflicts
    assert (conflict.pointer, conflict.why, conflict.kept) == ("/rules/sale/effects", "both", "company")
    assert conflict.text == (
        "/rules/sale/effects: the template changed it too; what the company says stays "
        '(template was [{"award":5}], is [{"award":6}]; company [{"award":9}])'
    )
    assert propose(base, newer, ours, ["/rules/sale"]).document == newer.program


def test_what_is_open_no_more_is_the_templates() -> None:
    base = template()
    newer = Template("sales", "Sales", base.program, open=("/budgets",))
    made = propose(base, newer, base.program | {"name": "Acme"})
    assert made.document == base.program
    assert [(one.pointer, one.why, one.kept) for one in made.conflicts] == [("/name", "closed", "template")]


def test_a_choice_without_a_place_is_left_out_and_told() -> None:
    base = template()
    sale, call = base.program["rules"]
    made = propose(base, template(rules=[call]), base.program | {"rules": [effects(sale, 9), call]})
    assert made.document["rules"] == [call]
    assert [(one.pointer, one.why) for one in made.conflicts] == [("/rules/sale/effects", "gone")]


def test_the_same_change_by_both_is_none() -> None:
    base = template()
    assert propose(base, template(name="Acme"), base.program | {"name": "Acme"}).conflicts == ()


# --- properties -------------------------------------------------------------------------------------------------


def _document(random: Random, depth: int = 3) -> Any:
    kind = random.random() if depth else 0.0
    if kind < 0.35:
        return random.choice([0, 1, True, "1", "on", "2026-01-01", None, 1.5, "a: b", [], {}, "x" * 130])
    names = random.sample("abcdef", random.randint(0, 4))
    if kind < 0.7:
        return {name: _document(random, depth - 1) for name in names}
    if kind < 0.9:
        return [{"id": name, "value": _document(random, depth - 1)} for name in names]
    return [_document(random, depth - 1) for _ in names]


def _changed(random: Random, document: Any) -> Any:
    """The document with some changes somewhere in it."""
    if random.random() < 0.15:
        return _document(random)
    if isinstance(document, dict):
        kept = {k: _changed(random, v) for k, v in document.items() if random.random() < 0.85}
        return kept | {
            name: _document(random, 1) for name in "xyz" if random.random() < 0.1 and "id" not in kept
        }
    if isinstance(document, list):
        items = [
            {**item, "value": _changed(random, item["value"])}
            if isinstance(item, dict) and "value" in item
            else item
            for item in document
            if random.random() < 0.85
        ]
        if random.random() < 0.2:
            random.shuffle(items)
        return items
    return document


SEEDS = st.integers(0, 2**32 - 1)


def _three(seed: int) -> tuple[Template, Template, dict[str, Any]]:
    random = Random(seed)
    base = {"top": _document(random), "more": _document(random)}
    everything = ("/top", "/more", "/x", "/y", "/z")
    ours = {name: _changed(random, value) for name, value in base.items()}
    newer = {name: _changed(random, value) for name, value in base.items()}
    return Template("t", "T", base, open=everything), Template("t", "T", newer, open=everything), ours


@given(SEEDS)
def test_the_overrides_of_a_document_make_it(seed: int) -> None:
    base, _, ours = _three(seed)
    document = copy.deepcopy(base.program)
    for one in overrides(base.program, ours):
        assert apply(document, one)
    assert same(document, ours)


@given(SEEDS)
def test_a_newer_template_without_a_change_leaves_the_company_as_it_is(seed: int) -> None:
    base, _, ours = _three(seed)
    made = propose(base, base, ours)
    assert same(made.document, ours)
    assert made.conflicts == ()


@given(SEEDS)
def test_a_company_without_choices_gets_the_newer_template(seed: int) -> None:
    base, newer, _ = _three(seed)
    made = propose(base, newer, base.program)
    assert same(made.document, newer.program)
    assert made.conflicts == ()


@given(SEEDS)
def test_a_proposal_differs_from_the_newer_template_only_where_the_company_chose(seed: int) -> None:
    base, newer, ours = _three(seed)
    before = copy.deepcopy((base.program, newer.program, ours))
    made = propose(base, newer, ours)
    chosen = {one.path for one in overrides(base.program, ours)}
    for one in overrides(newer.program, made.document):
        assert any(one.path[: len(path)] == path or path[: len(one.path)] == one.path for path in chosen)
    assert same([base.program, newer.program, ours], list(before)), "nothing that was given is changed"


@given(SEEDS)
def test_a_document_that_is_written_reads_the_same(seed: int) -> None:
    document = {"top": _document(Random(seed), 5)}
    assert same(read_plain(write_document(document)), document)


def test_a_template_written_out_is_the_same_program() -> None:
    again = read_program(write_document(template().program))
    assert again.program == check(template().program)[0]
