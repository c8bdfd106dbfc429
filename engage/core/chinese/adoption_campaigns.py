"""The words of `engage.core.adoption_campaigns`."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "Campaign": "活动",
    "Four weeks up to": "四周止于",
    "Ran for": "进行了",
    "Members with it": "参与活动的成员",
    "Of them active": "其中活跃",
    "Members held out": "对照组成员",
    "Of those active": "对照组中活跃",
    "Difference, 95 % interval": "差值的 95% 区间",
    "What that says": "说明什么",
    "{count:d} months": "{count} 个月",
    "All together, on average": "全部合计（平均）",
    "{weeks:d} of 4 weeks": "4 周中的 {weeks} 周",
    "Members held out were drawn by chance: the campaign did nothing for them. Of all members, whoever it was "
    "for. One comparison in twenty finds a difference where there is none.": "对照组成员随机抽取，活动对他们不生效。"
    "按全体成员计算，不论活动面向谁。每二十次比较中约有一次会在没有差别时显示差别。",
    "What campaigns moved": "活动带来的变化",
}
