"""The page on programs says what the checker enforces: every key, operator, field and bound, and its examples work."""

from __future__ import annotations

import ast
import inspect
import json
import re
import typing
from importlib import import_module
from pkgutil import iter_modules

import pytest
from ruamel.yaml import YAML

from engage import core
from engage.core import (
    check,
    check_audiences,
    check_campaigns,
    check_conditions,
    check_formulas,
    check_funnels,
    check_groups,
    check_leaderboards,
    check_levels,
    check_limits,
    check_occasions,
    check_points,
    check_quests,
    check_rules,
    check_streaks,
    check_tags,
    check_templates,
    conditions,
    goals,
    ledger,
    limits,
    pending,
    problems,
    program,
    quests,
    runs,
    state,
)
from engage.core.templates import Conflict, started
from engage.document import DOCUMENT_BYTES_MAX, read_plain, read_program, read_template
from tests.docs_pages import PROGRAM_PAGES, README, blocks, page, rows, undocumented

# --- programs -----------------------------------------------------------------------------------------------


PROGRAM_TEXT = "\n".join(map(page, PROGRAM_PAGES))
CHECKS = [
    import_module(found.name)
    for found in iter_modules(core.__path__, "engage.core.")
    if ".check" in found.name
]


def _program_keys() -> set[str]:
    """The keys the checker knows, from its own calls of `fields(value, path, required, optional)`."""
    found: set[str] = set()
    for module in CHECKS:
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "fields"
            ):
                for argument in node.args[2:]:
                    found |= set(eval(compile(ast.Expression(argument), "keys", "eval"), vars(module)))
    found |= {*check_occasions.KINDS, *check_occasions.PERIODS}
    return found | set(check_conditions.GROUPS) | set(check_rules.EFFECTS)


def test_every_key_of_a_program_is_documented() -> None:
    names = _program_keys()
    assert {"late_days", "personal", "threshold", "over", "debt", "browser", "any", "multiply"} <= names
    assert undocumented(names, PROGRAM_TEXT + page("templates") + page("reports") + page("score")) == []


def test_every_choice_in_a_program_is_documented() -> None:
    choices = {
        *check.TYPES,
        *check_limits.PER,
        *check_limits.WINDOWS,
        *check_limits.OVER,
        *check_leaderboards.BY,
        *check_leaderboards.OF,
        *check_leaderboards.PERIODS,
        *check_levels.PERIODS,
        *check_levels.DOWNGRADES,
        *check_levels.ON_CHANGE,
    }
    for kind in (
        program.Debt,
        program.Multipliers,
        program.Round,
        program.Pick,
        program.Join,
        program.Repeats,
        program.Every,
        program.StreakDays,
        program.Grants,
    ):
        choices |= set(typing.get_args(kind))
    assert undocumented(choices, PROGRAM_TEXT) == []


def test_the_table_of_operators_is_the_checkers() -> None:
    text = page("program")
    header = next(line for line in text.splitlines() if line.startswith("| operator |"))
    types = [cell.strip() for cell in header.split("|")[3:-1]]
    table = {row[0].strip("`"): row[2:] for row in rows(text, "| operator |")}
    told = {kind: {op for op, cells in table.items() if cells[types.index(kind)]} for kind in types}
    assert told == {kind: set(ops) for kind, ops in conditions.OPERATORS.items()}


def test_the_table_of_fields_is_the_checkers() -> None:
    told = {row[0].strip("`").removesuffix("NAME") for row in rows(page("program"), "| field | what")}
    prefixes = {conditions.PROPERTY, conditions.MEMBER_TRAIT, conditions.COMPANY_TRAIT}
    assert told == prefixes | set(conditions.BUILT_IN) | set(conditions.STANDING)


BOUNDS = (
    f"both included; at most {check_campaigns.CAMPAIGN_DAYS_MAX} |",
    f"A program has at most {check_campaigns.CAMPAIGNS_MAX} campaigns.",
    f"| `funnels` | list | none | {check_funnels.FUNNELS_MAX}; see",
    f"{check_funnels.STEPS_LEAST} to {check_funnels.STEPS_MAX}, each once",
    f"| `weeks` | whole number | `{check_funnels.WEEKS_DEFAULT}` | 0 to {check_funnels.WEEKS_MAX}:",
    f"| `leaderboards` | list | none | {check_leaderboards.LEADERBOARDS_MAX} |",
    f"{check_leaderboards.LEAST_MEMBERS} to {check_leaderboards.LEAST_MEMBERS_MAX}; departments",
    f"1 to {check_levels.MONTHS_MAX} months |",
    f"(1 to {check_occasions.WARNING_DAYS_MAX}) before",
    f"| at most {check_streaks.STREAKS_MAX} |",
    f"| at most {check_streaks.HOLIDAYS_MAX} |",
    f"| 1 to {check_streaks.AT_LEAST_MAX} | `1` |",
    f"| 1 to {check_streaks.FREEZES_MAX} | required |",
    f"back to {runs.PERIODS_KEPT} days or weeks",
    f"| at most {check_quests.QUESTS_MAX} |",
    f"| 2 to {check_quests.GOALS_MAX} goals:",
    f"| 2 to {check_quests.TIERS_MAX} stretches",
    f"completed at least once; at most {check_quests.REQUIRED_MAX} |",
    f"how many values it has, at most {check_quests.DISTINCT_MAX} |",
    f"At most {quests.WINDOWS_KEPT} periods of a quest",
    f"up to {quests.LAPS_MAX} times",
    f"are remembered as {goals.HASH_BYTES} bytes each",
    f"| 1 to {check.CURRENCIES_MAX} |",
    f"| 1 to {check.EVENTS_MAX} |",
    f"| 0 to {check.LATE_DAYS_MAX};",
    f"| {check.TRAITS_MAX} each |",
    f"| {check.BADGES_MAX} |",
    f"| {check_levels.LEVELS_MAX} steps |",
    f"| {check_rules.RULES_MAX} |",
    f"| 1 to {check_rules.EFFECTS_MAX} |",
    f"| {check_limits.LIMITS_MAX}; one per kind,",
    f"| {check_levels.BENEFITS_MAX}; text of {check_levels.BENEFIT_CHARS_MAX} characters |",
    f"| at most {check.PROPERTIES_MAX} |",
    f"| {conditions.CLAUSES_MAX} clauses, {conditions.DEPTH_MAX} deep |",
    f"at most {conditions.LIST_ITEMS_MAX} items, a text at most {conditions.LITERAL_CHARS_MAX} characters",
    f"{conditions.INTEGER_MAX:,}",
    f"At most {DOCUMENT_BYTES_MAX // 1024**2} MiB",
    f"from 0.000001 to {check_formulas.RATE_MAX:,}, at most six decimal places",
    f"from 0 to {check_formulas.START_MAX:,}, at most three decimal places",
    f"1 to {check_formulas.BRACKETS_MAX} brackets",
    f"up to {check_limits.ALERTS_MAX} shares",
    "`[" + ", ".join(map(str, check_limits.ALERTS_DEFAULT)) + "]`",
    f"any so many days in a row, up to {check_limits.ROLLING_DAYS_MAX} |",
    f"(up to {check_limits.COOLDOWN_HOURS_MAX})",
    f"at most {limits.DEPARTMENTS_MAX} departments",
    f"| {check_tags.TAGS_MAX} each; see [tags and nudges]",
    f"at most {check_tags.NUDGE_CHARS_MAX} characters. It is an effect",
    f"the {state.NUDGES_KEPT} newest",
    f"| {check_audiences.AUDIENCES_MAX}; see [audiences]",
    f"| {check_groups.GROUPS_MAX}; see [exclusive groups]",
    f"`by` from 0.001 to {check_rules.FACTOR_MAX}",
)


@pytest.mark.parametrize("words", BOUNDS)
def test_the_bounds_of_a_program_are_those_in_force(words: str) -> None:
    assert words in PROGRAM_TEXT
    assert problems.ID.fullmatch("a" * 64)
    assert not problems.ID.fullmatch("a" * 65)


def _merged(fragment: str) -> str:
    """A fragment within the first page's complete program, whose own rules and budgets it replaces."""
    complete = YAML(typ="safe").load(blocks(page("program"), "yaml")[1])
    quests = YAML(typ="safe").load(blocks(page("quests"), "yaml")[0])
    return json.dumps({**complete, **quests, **YAML(typ="safe").load(fragment)}, default=str)  # dates


EXAMPLES = [(name, index) for name in PROGRAM_PAGES for index in range(len(blocks(page(name), "yaml")))]


@pytest.mark.parametrize("name, index", EXAMPLES)
def test_the_programs_of_a_page_are_right_or_wrong_as_it_says(name: str, index: int) -> None:
    text = page(name)
    example = blocks(text, "yaml")[index]
    following = text[text.index(example) + len(example) :]
    told = re.match(r"```\n\n```text\n(.*?)```", following, re.DOTALL)
    checked = read_program(example if example.startswith("name:") else _merged(example))
    shown = [str(problem) for problem in checked.problems]
    assert shown == (told.group(1).splitlines() if told else [])


POINTS_BOUNDS = (
    f"(1 to {check_points.PENDING_DAYS_MAX})",
    f"({check_points.WITHIN_DEFAULT} when left out, at most {check_points.PENDING_DAYS_MAX})",
    f"`days` (to {check_points.LENGTH_MAX['days']}), `months` (to {check_points.LENGTH_MAX['months']})",
    f"`years` (to {check_points.LENGTH_MAX['years']})",
    f"the next of these days; at most {check_points.DATES_MAX}",
    f"(1 to {check_points.NOTICE_DAYS_MAX})",
    f"At most {pending.WAITING_MAX} awards",
    f"the newest {ledger.SETTLED_MAX} awards that waited, and of the newest {ledger.EXPIRED_DAYS_MAX} days of expiry",
)


@pytest.mark.parametrize("words", POINTS_BOUNDS)
def test_the_bounds_of_points_are_those_in_force(words: str) -> None:
    assert words in page("points")


def test_the_accounts_and_policies_of_points_are_all_named() -> None:
    assert {row[0].strip("`") for row in rows(page("points"), "| account |")} == set(
        ledger.PLACE_NAMES.values()
    )
    units = {*check_points.UNITS, *check_points.ROUND, *check_points.KEYED}
    assert undocumented(units, page("points")) == []


def test_the_page_shows_a_complete_and_a_mistaken_program() -> None:
    examples = blocks(page("program"), "yaml")
    complete = read_program(examples[1]).program
    assert complete is not None
    sections = (complete.levels, complete.budgets, complete.badges, complete.member_traits)
    assert all(sections)
    assert sum(read_program(one).program is None for one in examples if one.startswith("name:")) == 1
    assert examples[0] in README.read_text(encoding="utf-8")


# --- templates ----------------------------------------------------------------------------------------------


def test_the_template_of_the_page_can_be_started_with_the_choices_of_the_page() -> None:
    text, choices = blocks(page("templates"), "yaml")
    template = read_template(text).template
    assert template is not None
    document, problems = started(template, read_plain(choices))
    made, mistakes = check.check(document)
    assert (problems, mistakes) == ([], [])
    assert made is not None
    assert made.name == "Acme's habits"
    assert f"at most {check_templates.OPEN_MAX} JSON pointers" in page("templates")


def test_every_conflict_of_a_template_is_documented() -> None:
    told = {row[0].strip("`") for row in rows(page("templates"), "| `why` |")}
    assert told == set(typing.get_args(typing.get_type_hints(Conflict)["why"]))
