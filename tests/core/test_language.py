"""Every text there is exists in every language, with the same parts, and can be read back from what was said."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import jinja2
import pytest

import engage
from engage.core import chinese
from engage.core.check_conditions import ALL_OPERATORS
from engage.core.chinese import CHINESE, former
from engage.core.conditions import All, Any, Clause, Not
from engage.core.explain import condition_text, formula_text
from engage.core.language import ENGLISH, read_language, say, speak, translate
from engage.core.program import Bracket, Formula

ROOT = Path(engage.__file__).parent
SPOKEN = ("core", "actions", "web", "formats")
"""Where texts for reports and pages are made. The command line's own `say` prints."""


def _literals(node: ast.expr, where: str) -> Iterator[str]:
    """The templates of an argument: one, or one of two."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body, where)
        yield from _literals(node.orelse, where)
    else:
        raise AssertionError(f"{where}: a template is written where it is said, not put together")


def _of_python(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        where = f"{path.relative_to(ROOT)}:{node.lineno}"
        if node.func.id in ("say", "mark") and not isinstance(node.args[0], ast.Subscript):
            yield from _literals(node.args[0], where)
        elif node.func.id == "speak" and not isinstance(node.args[1], ast.Subscript):
            yield from _literals(node.args[1], where)
        elif node.func.id == "Definition":
            for argument in node.args:
                yield from _literals(argument, where)


def _of_page(path: Path) -> Iterator[str]:
    """Pages say `say("...", ...)` as well."""
    tree = jinja2.Environment().parse(path.read_text(encoding="utf-8"))
    for call in tree.find_all(jinja2.nodes.Call):
        if isinstance(call.node, jinja2.nodes.Name) and call.node.name == "say":
            template = call.args[0]
            assert isinstance(template, jinja2.nodes.Const), f"{path.name}:{call.lineno}"
            yield template.value


@cache
def templates() -> dict[str, str]:
    """Template -> where it is said first."""
    found: dict[str, str] = {}
    for folder in SPOKEN:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.name != "language.py":
                for template in _of_python(path):
                    found.setdefault(template, str(path.relative_to(ROOT)))
        for path in sorted((ROOT / folder).rglob("*.html")):
            for template in _of_page(path):
                found.setdefault(template, str(path.relative_to(ROOT)))
    return found


def _parts(template: str) -> dict[str, str]:
    return {name: spec or "" for _, name, spec, _ in Formatter().parse(template) if name}


def test_every_text_is_there_in_chinese() -> None:
    missing = {template: where for template, where in templates().items() if template not in CHINESE}
    assert not missing, f"add these to engage/core/chinese: {missing}"


def test_nothing_is_translated_that_is_not_said() -> None:
    """What stands on a page is not said but written there: each of its words is."""
    pages = " ".join(path.read_text(encoding="utf-8") for path in (ROOT / "web" / "console").rglob("*.*ml"))
    shapes = ("web/console/formats.py", "core/care.py", "core/care_shapes.py")
    pages += " ".join((ROOT / name).read_text(encoding="utf-8").replace("_", " ") for name in shapes)
    written = set(re.findall(r"\w+", pages))

    def on_a_page(template: str) -> bool:
        literals = "".join(literal for literal, *_ in Formatter().parse(template))
        return set(re.findall(r"\w+", literals)) <= written

    still = templates().keys() | former.WORDS.keys()
    assert [one for one in CHINESE if one not in still and not on_a_page(one)] == []
    assert former.WORDS.keys() & templates().keys() == set(), "said again, and no longer former"


def test_a_score_made_before_its_words_changed_is_read_in_chinese() -> None:
    stored = "Watch at 48 of 100: 5 to 15 active members for 90 seats in the last four weeks, but {}."
    days = "an active member was active on about 6.3 of the last 28 days"
    told = translate(stored.format(days), "zh-Hans")
    assert "最近四周的活跃成员数为 5 至 15，席位共 90 个；但活跃成员在最近 28 天里人均活跃约 6.3 天。" in told


def test_nothing_is_translated_twice() -> None:
    """Of two the last would count, and nobody would see which."""
    files = [
        importlib.import_module(f"engage.core.chinese.{one.name}")
        for one in pkgutil.iter_modules(chinese.__path__)
    ]
    assert sum(len(getattr(file, "WORDS", ())) for file in files) == len(CHINESE)


def test_a_translation_has_the_parts_of_its_template() -> None:
    wrong = {
        template: told
        for template, told in CHINESE.items()
        if set(_parts(template)) != set(_parts(told)) or any(_parts(told).values())
    }
    assert wrong == {}, "the same parts, and no formats: numbers come formatted"


def _sample(name: str, spec: str) -> object:
    if spec:
        return 7
    return "12 %" if name in ("low", "high", "figure") else f"Some {name}"


def test_a_text_leads_back_to_its_template() -> None:
    """Else a report would say something else in Chinese than in English."""
    wrong = {}
    for template in {*templates(), *CHINESE}:
        parts = {name: _sample(name, spec) for name, spec in _parts(template).items()}
        read_back = translate(say(template, **parts), "zh-Hans")
        if read_back != speak("zh-Hans", template, **parts):
            wrong[template] = read_back
    assert wrong == {}


def test_parts_are_translated_but_names_are_not() -> None:
    assert translate("Points issued per week", "zh-Hans") == "每周发放的 Points"
    assert translate("Healthy issued per week", "zh-Hans") == "每周发放的 Healthy"
    assert translate("12 % to 20 %", "zh-Hans") == "12% 至 20%"
    assert translate("fewer than 1,005", "zh-Hans") == "少于 1,005"


def test_a_condition_is_told_in_chinese_but_for_its_names_and_values() -> None:
    """Whatever a condition can say: a word of ours that is missing would stay English."""
    clauses = [Clause("event.properties.sum", op, 5) for op in ALL_OPERATORS if not op.startswith("is_")]
    clauses += [Clause("event.properties.sum", op) for op in ("is_set", "is_not_set")]
    many = Clause("member.traits.city", "in", ("It is and or", *"abcdefg"))
    for condition in (
        *clauses,
        All((Not(many), Any((*clauses,)))),
        Any(tuple(clauses)),
        Clause("a", "in", ()),
    ):
        told = translate(say("condition not met: {clause}", clause=condition_text(condition)), "zh-Hans")
        rest = re.sub(r'"[^"]*"|event.properties.sum|member.traits.city|\ba ', "", told)
        assert re.findall("[a-z]+", rest) == [], told
    assert translate(f"condition not met: {condition_text(many)}", "zh-Hans") == (
        '条件未满足：member.traits.city 属于 "It is and or"、"a"、"b"、"c"、"d" 及其余 3 项'
    )


def test_a_formula_is_told_in_chinese_but_for_what_it_reads() -> None:
    read = "event.properties.at most of 3"
    brackets = (Bracket(0, amount=10), Bracket(2500, rate=20_000), Bracket(9000, rate=2_500_000))
    for formula, expected in (
        (
            Formula(read, "number", rate=200_000, round="down", least=1, most=40),
            "{} 的 20%、向下取整、至少 1、至多 40",
        ),
        (Formula(read, "number", rate=3_000_000, round="up"), "{} 的 3 倍、向上取整"),
        (
            Formula(read, "number", brackets=brackets, most=5),
            "按 {}：0 起 10、2.5 起 2%、9 起 2.5 倍、至多 5",
        ),
    ):
        said = say("{formula} comes to less than 1", formula=formula_text(formula))
        assert translate(said, "zh-Hans") == expected.format(read) + "，结果小于 1"


def test_a_number_stands_apart_from_the_ideograph_before_it() -> None:
    text = "Watch at 48 of 100: hardly any activity in four weeks, against the best four of the last 13 weeks, yet {}."
    used = "7 of 10 key features are used by at least 5 members"
    assert translate(text.format(used), "zh-Hans").endswith(
        "；不过 10 项关键功能中有 7 项的使用人数达到 5 人。"
    )
    assert "；不过合作 " in translate(text.format("a customer for 2 months"), "zh-Hans")


def test_what_was_not_said_by_us_stays_as_it_is() -> None:
    for name in ("Nordwind Logistics", "From seats to habits", "Report to the board", "1,234", ""):
        assert translate(name, "zh-Hans") == name


@pytest.mark.parametrize(
    "asked, accepted, language",
    [
        (None, "", "en"),
        (None, "*", "en"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        (None, "en-GB,en;q=0.9,zh;q=0.8", "en"),
        (None, "de,zh;q=0.5,en;q=0.3", "zh-Hans"),
        (None, "zh-TW,en;q=0.8", "en"),
        (None, "zh-TW,zh;q=0.9,en;q=0.8", "zh-Hans"),
        (None, "zh;q=0, en", "en"),
        (None, "zh;q=nonsense", "en"),
        ("zh-Hans", "en", "zh-Hans"),
        ("zh-cn", "en", "zh-Hans"),
        ("en", "zh", "en"),
        ("tlh", "zh", "en"),
    ],
)
def test_the_reader_chooses_the_language(asked: str | None, accepted: str, language: str) -> None:
    assert read_language(asked, accepted) == language


def test_english_is_said_as_it_is_written() -> None:
    assert translate("fewer than 5", ENGLISH) == "fewer than 5"
    assert speak(ENGLISH, "fewer than {k:,}", k=1005) == "fewer than 1,005"


@pytest.mark.parametrize(
    "text, chinese",
    [
        ("60 points short", "还差 60 points"),
        ("level Gold needed: 380 earned points to go", "需要等级 Gold：还需获得 380 points"),
        (
            "company's weekly limit reached, 5 of 5; again from 2026-06-08",
            "公司每周限制已达到，5/5；自 2026-06-08 起可再次使用",
        ),
        ("lifetime limit reached, 1 of 1", "终身限制已达到，1/1"),
        (
            "daily limit of invitations reached, 20 of 20; again from 2026-06-08",
            "每日邀请次数限制已达到，20/20；自 2026-06-08 起可再次使用",
        ),
        (
            "0 of 30 points left to give to this colleague; again from 2026-06-08",
            "可赠送给此同事的额度 30 points，还剩 0；自 2026-06-08 起可再次使用",
        ),
    ],
)
def test_what_a_member_lacks_is_read_in_chinese(text: str, chinese: str) -> None:
    assert translate(text, "zh-Hans") == chinese
