"""Words of a backtest's page."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "Backtest, {first_name} to {last_name}": "回测，{first_name} 至 {last_name}",
    "Backtest of {program_name}": "{program_name} 的回测",
    "Backtest": "回测",
    "{first_name} to {last_name}: {events:,} events.": "{first_name} 至 {last_name}：{events} 个事件。",
    "Companies: {n:,}.": "公司：{n} 家。",
    "Trial is what this program would have done, actual what was done.": (
        "“试算”是此方案本会产生的结果，“实际”是已发生的结果。"
    ),
    "Figures": "数据",
    "In sum": "汇总",
    "trial": "试算",
    "actual": "实际",
    "difference": "差异",
    "At {new_name} instead of {old_name}: {n:,}": "在 {new_name} 而非 {old_name} 的成员：{n}",
    "no level": "无等级",
    "Members who would have been taken by hand more than they had: {n:,}": "手工扣除会超过其余额的成员：{n}",
    "By day": "按日",
    "Use of budgets": "预算使用",
    "budget": "预算",
    "starts on": "开始于",
    "amount": "总额",
    "used": "已用",
    "80 % on": "达到 80% 之日",
    "100 % on": "达到 100% 之日",
    "Limits hit": "触及的限制",
    "rule": "规则",
    "limit": "限制",
    "times": "次数",
    "Rules": "规则",
    "How often a rule was considered and fired, what it awarded, and how many more events would match but for one "
    "thing.": "规则被考虑和触发的次数、发放的数额，以及仅因一个原因而未匹配的事件数。",
    "awarded": "发放",
    "considered": "考虑",
    "fired": "触发",
    "{n:,} more would match but for: {reason}": "若非以下原因，还会多匹配 {n} 次：{reason}",
    "({n:,} stopped by it first)": "（先因此停止 {n} 次）",
    "Who gets most": "获得最多的成员",
    "Who would stand at another level": "等级会不同的成员",
    "member": "成员",
    "company": "公司",
    "currency": "币种",
    "{currency_name} awarded": "发放的 {currency_name}",
    "{currency_name} taken back": "收回的 {currency_name}",
    "{currency_name} cost": "{currency_name} 的成本",
    "members awarded {currency_name}": "获得 {currency_name} 的成员",
    "members at {level_name}": "{level_name} 等级的成员",
    "badge {badge_name}": "徽章 {badge_name}",
    "rewards redeemed": "兑换的奖励",
    "{currency_name} awarded by day": "每日发放的 {currency_name}",
    "{company_name}: {currency_name}, {window}, budget {amount:,}": (
        "{company_name}：{currency_name}，{window}，预算 {amount}"
    ),
    "The table below has the figures.": "数据见下表。",
    "used by the end of it": "当日末已用",
    "of the budget": "占预算",
    "day": "日",
    "week": "周",
    "month": "月",
    "quarter": "季度",
    "year": "年",
    "lifetime": "终身",
}
