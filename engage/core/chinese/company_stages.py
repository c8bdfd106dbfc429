"""The stages of companies."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "Onboarding": "启用中",
    "Adopting": "推广中",
    "Established": "已稳定",
    "Expanding": "扩展中",
    "Churned": "已流失",
    "The contract has ended.": "合同已结束。",
    "A customer for {days:d} of the first {least:d} days.": "成为客户 {days} 天，启用期为前 {least} 天。",
    "Not scored any more: fewer than {k:d} members are known to be active.": "不再评分：已知的活跃成员不足 {k} 人。",
    "A score below {least:d} for {weeks:d} weeks.": "评分连续 {weeks} 周低于 {least}。",
    "{share} of the seats are in use, and {habit} of active members have the habit.": (
        "{share}的席位在使用，{habit}的活跃成员已形成习惯。"
    ),
    "{share} of the members are active, and {habit} of active members have the habit.": (
        "{share}的成员活跃，{habit}的活跃成员已形成习惯。"
    ),
    "{share} of the seats are in use; how many have the habit is too uncertain to show.": (
        "{share}的席位在使用；已形成习惯者的比例范围过宽，不予显示。"
    ),
    "{share} of the members are active; how many have the habit is too uncertain to show.": (
        "{share}的成员活跃；已形成习惯者的比例范围过宽，不予显示。"
    ),
    "How many are active is too uncertain to show.": "活跃者的比例范围过宽，不予显示。",
    "Established, and the contract has grown.": "已稳定，且合同有所增长。",
    "Established, and {growth:d} % more members are active than {weeks:d} weeks before.": (
        "已稳定，且活跃成员比 {weeks} 周前多 {growth}%。"
    ),
    "Frozen when the contract ended: the score is that of {day}.": "合同结束时已冻结：评分为 {day} 的评分。",
}
