"""Words of `engage.core.explain`, as patterns, each before what is a part of it.

They stand between names and values of the host, and are no texts by themselves: those of conditions in the same order
as in English, those of formulas around the field.
"""

from __future__ import annotations

from typing import Final

CLAUSES: Final = {
    "is at least": "不小于",
    "is at most": "不大于",
    "is less than": "小于",
    "is more than": "大于",
    "is not given": "未给出",
    "is given": "已给出",
    "is none of": "不属于",
    "is one of": "属于",
    "is not": "不为",
    "is": "为",
    "contains": "含有",
    "starts with": "开头为",
    "includes any of": "包含任一",
    "includes": "包含",
    "an empty list": "空列表",
    r"and (\d+) more": r"及其余 \1 项",
    r"or (\d+) more": r"或其余 \1 项",
    "and": "且",
    "or": "或",
    "not": "非",
}

FORMULAS: Final = {
    r"([\d.]+%) of (.+?)(?=, rounded|, at least|, at most|$)": r"\2 的 \1",
    r"([\d.]+) times from ([\d.]+)": r"\2 起 \1 倍",
    r"([\d.]+%?) from ([\d.]+)": r"\2 起 \1",
    r"([\d.]+) times (.+?)(?=, rounded|, at least|, at most|$)": r"\2 的 \1 倍",
    r"^by (.+?): ([\d.]+)": r"按 \1：\2",
    r"(?<=, )rounded down": "向下取整",
    r"(?<=, )rounded up": "向上取整",
    r"(?<=, )at least": "至少",
    r"(?<=, )at most": "至多",
}
