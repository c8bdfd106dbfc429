"""The portfolio's sections in files."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "Scores below {score:d} that renew within {days:d} days: {count:,}, worth {revenue:,} a year": (
        "评分低于 {score} 且 {days} 天内续约的公司：{count} 家，年收入 {revenue}"
    ),
    "{verdict} Fell in four weeks, most of all: {what}.": "{verdict}四周内下降的主要原因：{what}。",
    "{verdict} Fell slowly, by {points:d} points in 13 weeks.": "{verdict}13 周内缓慢下降了 {points} 分。",
    "{verdict} Fell slowly, by {points:d} points in 13 weeks, most of all: {what}.": (
        "{verdict}13 周内缓慢下降了 {points} 分，主要原因：{what}。"
    ),
    "To call: {count:,}, with {revenue:,} a year at risk": "需联系的公司：{count} 家，每年风险金额 {revenue}",
    "Companies by band": "各分档的公司",
    "Largest falls in four weeks": "四周内跌幅最大",
    "Renewals within 90 days": "90 天内续约",
    "The first {shown:,} of {count:,}.": "共 {count} 家，列出前 {shown} 家。",
    "LTV / CAC": "LTV / CAC",
    "Portfolio: whom to call": "客户组合：该联系谁",
    "As of {day_name}": "截至 {day_name}",
    "Whom to call is not known by scores: no company has one.": "没有公司有评分，无法据此判断该联系谁。",
    "{count:,} of {all:,} companies": "{all} 家公司中的 {count} 家",
    "to call": "家需联系",
    "To call: {count:,} of {all:,} companies. At risk: {stake:,} of {revenue:,} a year": (
        "{all} 家公司中需联系 {count} 家。每年收入 {revenue} 中有 {stake} 面临风险"
    ),
}
