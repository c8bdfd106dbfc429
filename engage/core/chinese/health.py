"""The score: its bands, drivers and verdict."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "Thriving": "蓬勃",
    "Healthy": "健康",
    "Watch": "需关注",
    "At risk": "有风险",
    "Not scored": "未评分",
    "Days active": "活跃天数",
    "Habit": "使用习惯",
    "Features in use": "在用功能",
    "Features per member": "人均功能数",
    "Trend": "趋势",
    "Seat use": "席位使用",
    "Levels": "等级",
    "Time with us": "合作时长",
    "{band} at {score:d} of 100.": "{band}，{score} 分（满分 100）。",
    "{band} at {score:d} of 100: {why}.": "{band}，{score} 分（满分 100）：{why}。",
    "{band} at {score:d} of 100: {why}, yet {other}.": "{band}，{score} 分（满分 100）：{why}；不过{other}。",
    "{band} at {score:d} of 100: {why}, but {other}.": "{band}，{score} 分（满分 100）：{why}；但{other}。",
    "Not scored: fewer than {k:d} members were active in four weeks, too few to say anything without telling "
    "on individuals.": "未评分：四周内的活跃成员少于 {k} 人，人数过少，任何数字都可能暴露个人。",
    "Not scored: fewer than {least:d} members were there in four weeks, too few to say anything without "
    "telling on individuals.": "未评分：四周内在册的成员少于 {least} 人，人数过少，任何数字都可能暴露个人。",
    "Not scored: there are fewer than {least:d} members, too few to say anything without telling on individuals.": (
        "未评分：成员少于 {least} 人，人数过少，任何数字都可能暴露个人。"
    ),
    "Not scored: no week is measured yet. It takes a whole one, from when a member was named or {k:d} came on a day.": (
        "未评分：还没有测量任何一周。需要完整的一周，从登记成员之日或一天内有 {k} 人活跃之日起算。"
    ),
    "Not scored: there is no score as of {day} yet.": "未评分：截至 {day} 还没有评分。",
    "{driver} is missing: {why}. Its weight of {weight} is shared out among the others in proportion.": (
        "缺少“{driver}”：{why}。其 {weight} 的权重按比例分给其他因素。"
    ),
    "Fewer than 20 active members: single people move the score.": "活跃成员少于 20 人：个别人就会影响评分。",
    "Only {weeks:d} weeks of activity so far.": "目前只有 {weeks} 周的活动数据。",
    "Reckoned with the middle of a range, to protect individuals: {driver_list}.": (
        "为保护个人，以下因素按区间中值计算：{driver_list}。"
    ),
    "For what is told as a range the score may be off by {points:d} either way.": (
        "由于部分数据只能以区间公布，评分可能偏高或偏低 {points} 分。"
    ),
    # drivers
    "needs {needed:d} weeks of activity; there are {weeks:d}": "需要 {needed} 周的活动数据，目前有 {weeks} 周",
    "an active member was active on {days:g} of 28 days": "活跃成员在 28 天里人均活跃 {days} 天",
    "an active member was active on about {days:g} of 28 days": "活跃成员在 28 天里人均活跃约 {days} 天",
    "an active member was active on {low:g} to {high:g} of 28 days": (
        "活跃成员在 28 天里人均活跃 {low} 至 {high} 天"
    ),
    "{text}, by a rough estimate": "{text}（粗略估算）",
    "{text}, reckoned from {days:d} days": "{text}（按 {days} 天推算）",
    "how many members have the habit cannot be shown": "养成使用习惯的成员数不能显示",
    "{share} of active members were active in at least 9 of the last 12 weeks": (
        "{share}的活跃成员在最近 12 周里至少有 9 周活跃"
    ),
    "the program declares no key events": "方案没有声明关键事件",
    "how much was done cannot be shown": "无法显示活动量",
    "how many features are in use cannot be shown": "在用功能的数量不能显示",
    "{used:d} of {count:d} key features are used by at least {k:d} members": (
        "{count} 项关键功能中有 {used} 项的使用人数达到 {k} 人"
    ),
    "{used:d} of 1 key feature is used by at least {k:d} members": "1 项关键功能中有 {used} 项的使用人数达到 {k} 人",
    "{text}; {figure} cannot be shown": "{text}；其中 {figure} 项不能显示",
    "how many features a member uses cannot be shown": "人均使用的功能数不能显示",
    "an active member uses {each:g} of {count:d} key features": "活跃成员人均使用 {count} 项关键功能中的 {each} 项",
    "an active member uses {each:g} of 1 key feature": "活跃成员人均使用 1 项关键功能中的 {each} 项",
    "an active member uses about {each:g} of 1 key feature": "活跃成员人均使用 1 项关键功能中的约 {each} 项",
    "an active member uses about {each:g} of {count:d} key features": (
        "活跃成员人均使用 {count} 项关键功能中的约 {each} 项"
    ),
    "as much activity in four weeks as ever in the last {count:d}": "最近四周的活动量达到近 {count} 周的最高水平",
    "hardly any activity in four weeks, against the best four of the last {count:d} weeks": (
        "与近 {count} 周中最好的四周相比，最近四周几乎没有活动"
    ),
    "{share:d} % of the activity in the best four of the last {count:d} weeks": (
        "活动量为近 {count} 周中最好四周的 {share}%"
    ),
    "{share:d} % less activity than in the best four of the last {count:d} weeks": (
        "活动量比近 {count} 周中最好的四周少 {share}%"
    ),
    "the number of seats is not known": "席位数未知",
    "how many of the seats are in use cannot be shown": "在用席位数不能显示",
    "{active} active members for {seats:,} seats in four weeks": (
        "四周内的活跃成员数为 {active}，席位共 {seats} 个"
    ),
    "{text}, measured as a new customer": "{text}（按新客户标准衡量）",
    "the program has no levels": "方案没有设置等级",
    "how many members stand at the second level or above cannot be shown": "达到第二级或以上的成员数不能显示",
    "{share} of members stand at the second level or above": "{share}的成员达到第二级或以上",
    "a customer for a year or more": "合作已满一年",
    "a customer for less than a month": "合作不满一个月",
    "a customer for {count:d} month": "合作 {count} 个月",
    "a customer for {count:d} months": "合作 {count} 个月",
    "{text}, going by the first activity": "{text}（自首次活动算起）",
}
