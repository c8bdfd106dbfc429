"""What the adoption report says of points."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "Points of members": "成员的积分",
    "Currency": "积分种类",
    "Spent": "已使用",
    "Expired": "已过期",
    "Outstanding": "未兑付余额",
    "Of these, expected to expire": "其中预计过期",
    "Expiring in four weeks": "四周内过期",
    "Members who have such": "涉及成员",
    "What fewer than {k:d} people earned or spent is not told; it counts in what is outstanding at a quarter's "
    "end, and until then that is told as a range.": (
        "不足 {k} 人获得或使用的积分不予显示，季度末才计入未兑付余额，在此之前未兑付余额显示为区间。"
    ),
    "Expected to expire: as large a share as expired of all that was spent or expired in the period. What fewer "
    "than {k:d} people earned, spent or lost is not told; it counts in what is outstanding at a quarter's end, "
    "and until then that is told as a range. What expires is told once all that it came from has been told.": (
        "预计过期：按本期过期数占使用与过期总数的比例推算。不足 {k} 人获得、使用或过期的积分不予显示，"
        "季度末才计入未兑付余额，在此之前未兑付余额显示为区间。过期数在其来源全部显示之后才显示。"
    ),
    "Expected to expire": "预计过期",
}
