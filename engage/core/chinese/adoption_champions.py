"""The words of `engage.core.adoption_champions`."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "How many": "数量",
    "Champions": "骨干成员",
    "Champions: members with the habit": "骨干成员：已养成使用习惯的成员",
    "Of them power users": "其中重度用户",
    "Departments that show {k:d} champions or more, of {all:d}": "可见 {k} 名以上骨干成员的部门，共 {all} 个部门",
    "Other departments that rest on one": "其余部门中只靠一名骨干成员的",
    "Other departments without one": "其余部门中没有骨干成员的",
    "One departure ends the habit of a department that rests on one. Which they are is never told.": (
        "只靠一名骨干成员的部门，此人离开后使用习惯也随之消失。不会说明是哪些部门。"
    ),
}
