"""What scores say that were made before its words changed: they are stored, and read in Chinese as those of today are.

Where the words of a score change, the former ones come here.
"""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "Not scored: fewer than {k:d} members were active in the last four weeks, too few to say anything without telling "
    "on individuals.": "未评分：最近四周的活跃成员少于 {k} 人，人数过少，任何数字都可能暴露个人。",
    "Not scored: fewer than {least:d} members were there in the last four weeks, too few to say anything without "
    "telling on individuals.": "未评分：最近四周在册的成员少于 {least} 人，人数过少，任何数字都可能暴露个人。",
    "Not scored any more: fewer than {k:d} members are active.": "不再评分：活跃成员不足 {k} 人。",
    "Not scored: no activity has been recorded yet.": "未评分：尚未记录到任何活动。",
    "an active member was active on {days:g} of the last 28 days": "活跃成员在最近 28 天里人均活跃 {days} 天",
    "an active member was active on about {days:g} of the last 28 days": "活跃成员在最近 28 天里人均活跃约 {days} 天",
    "an active member was active on {low:g} to {high:g} of the last 28 days": (
        "活跃成员在最近 28 天里人均活跃 {low} 至 {high} 天"
    ),
    "{active} active members for {seats:,} seats in the last four weeks": (
        "最近四周的活跃成员数为 {active}，席位共 {seats} 个"
    ),
    "{text}, going by the middle of wide ranges": "{text}（按较宽区间的中值估算）",
}
