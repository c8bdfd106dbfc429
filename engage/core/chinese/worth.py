"""What companies are worth: tiers, LTV, CAC, GMV and growth."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    # book
    "a yearly revenue of at least {least:,}; it is {has:,}": "年收入至少 {least}；目前为 {has}",
    "a yearly revenue of at least {least:,}; it is not known": "年收入至少 {least}；目前未知",
    "a health score of at least {least:,}; it is {has:,}": "健康分至少 {least}；目前为 {has}",
    "a health score of at least {least:,}; it is not known": "健康分至少 {least}；目前未知",
    "at least {least:,} seats; it has {has:,}": "席位至少 {least} 个；目前为 {has} 个",
    "at least {least:,} seats; how many it has is not known": "席位至少 {least} 个；目前数量未知",
    # economics
    "All companies": "所有公司",
    "Other": "其他",
    "Not said": "未说明",
    "No company began to pay in the last twelve whole months: CAC cannot be said.": (
        "最近十二个整月没有公司开始付费：无法计算获客成本（CAC）。"
    ),
    "GMV is not known: the book names no trait for it.": "交易总额（GMV）未知：账册没有为它指定属性。",
    "GMV is not known: no company has the trait that the book names.": (
        "交易总额（GMV）未知：没有公司带有账册指定的属性。"
    ),
    "LTV is not known: the book does not say the gross margin.": "客户终身价值（LTV）未知：账册没有写明毛利率。",
    "LTV is not known: nobody paid a year ago, so no share of companies lost can be said.": (
        "客户终身价值（LTV）未知：一年前没有付费客户，无法计算流失率。"
    ),
    "LTV is not known: nobody left in the year, and so it has no bound.": (
        "客户终身价值（LTV）未知：这一年没有客户流失，因而没有上限。"
    ),
    "LTV is not known: nobody pays now.": "客户终身价值（LTV）未知：目前没有付费客户。",
    "CAC is not known: the book does not say what was spent in {month_list}.": (
        "获客成本（CAC）未知：账册没有写明以下月份的支出：{month_list}。"
    ),
}
