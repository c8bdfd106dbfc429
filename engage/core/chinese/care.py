"""Goals, interventions and what lowers a score."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    # care
    "Lowered by hand": "人工下调",
    "lowered to at most {most:d}: poor sentiment": "因客户情绪不佳，下调至最高 {most} 分",
    "lowered to at most {most:d}: {reason_name}": "下调至最高 {most} 分：{reason_name}",
    "Without what lowered it the score would be {score:d}.": "若不下调，评分为 {score}。",
    "is no longer lowered by hand": "不再人工下调",
    # plans
    "Too few companies were scored on both days to compare.": "两个时点都有评分的公司太少，无法比较。",
    "The range holds zero: no effect can be told from chance.": "区间包含零：无法与偶然波动区分。",
    "More than chance; but who gets help was chosen, so the others may differ in other ways too.": (
        "超出偶然波动；但受助公司并非随机选取，其他公司可能在别的方面也不同。"
    ),
}
