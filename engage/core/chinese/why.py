"""Words of `engage.core.why`."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "daily": "每日",
    "weekly": "每周",
    "monthly": "每月",
    "quarterly": "每季度",
    "yearly": "每年",
    "condition not met: {clause}": "条件未满足：{clause}",
    "cut: {reason}": "已削减：{reason}",
    "the balance would pass the largest amount possible": "余额会超过可能的最大数额",
    "the award would pass the company's {period} budget of {amount:d} {currency_name}": (
        "发放会超出公司{period}的 {currency_name} 预算 {amount}"
    ),
    "the company's {period} budget of {amount:d} {currency_name} is used up": (
        "公司{period}的 {currency_name} 预算 {amount} 已用完"
    ),
    "{rule_name} fired instead, of group {group_name}": "组 {group_name} 中已由 {rule_name} 触发",
    "not in audience {audience_name}: {clause}": "不在受众 {audience_name} 中：{clause}",
    "the program is for audience {audience_name} only: {clause}": (
        "方案仅面向受众 {audience_name}：{clause}"
    ),
    "as many awards wait already as can at once": "等待中的发放已达上限",
    "campaign {campaign_name} starts on {day_name}": "活动 {campaign_name} 于 {day_name} 开始",
    "campaign {campaign_name} ended on {day_name}": "活动 {campaign_name} 已于 {day_name} 结束",
    "campaign {campaign_name} is paused by {actor_name}": "活动 {campaign_name} 已由 {actor_name} 暂停",
    "campaign {campaign_name} is paused": "活动 {campaign_name} 已暂停",
    "campaign {campaign_name} was ended early by {actor_name}": (
        "活动 {campaign_name} 已由 {actor_name} 提前结束"
    ),
    "campaign {campaign_name} was ended early": "活动 {campaign_name} 已提前结束",
    "held out of campaign {campaign_name} to measure it": "为衡量活动 {campaign_name} 的效果而未参加",
    "campaign {campaign_name} is for audience {audience_name} only: {clause}": (
        "活动 {campaign_name} 仅面向受众 {audience_name}：{clause}"
    ),
    "the award would pass the budget of {amount:d} {currency_name} of campaign {campaign_name}": (
        "发放会超出活动 {campaign_name} 的 {currency_name} 预算 {amount}"
    ),
    "the budget of {amount:d} {currency_name} of campaign {campaign_name} is used up": (
        "活动 {campaign_name} 的 {currency_name} 预算 {amount} 已用完"
    ),
    "fired without its {currency_name}: {formula} comes to less than 1": (
        "已触发，但未发放 {currency_name}：{formula}，结果小于 1"
    ),
    "{formula} comes to less than 1": "{formula}，结果小于 1",
    "fired without its {currency_name}: {value_name} is not given, or not a whole number": (
        "已触发，但未发放 {currency_name}：{value_name} 未给出或不是整数"
    ),
    "{value_name} is not given, or not a whole number": "{value_name} 未给出或不是整数",
    "fired without its {currency_name}: {value_name} is not given, or not a number": (
        "已触发，但未发放 {currency_name}：{value_name} 未给出或不是数字"
    ),
    "{value_name} is not given, or not a number": "{value_name} 未给出或不是数字",
    "the award would pass the {limit}": "发放会超出{limit}",
    "company's {limit}": "公司{limit}",
    "department's {limit}": "部门{limit}",
    "cooldown of {span} since campaign {campaign_name} fired last": (
        "距活动 {campaign_name} 上次触发的冷却期 {span} 未满"
    ),
    "cooldown of {span} since it fired last": "距上次触发的冷却期 {span} 未满",
    "first {count:d} of campaign {campaign_name} are taken": "活动 {campaign_name} 的前 {count} 次已用完",
    "first {count:d} are taken": "前 {count} 次已用完",
    "{period} limit of campaign {campaign_name} reached, {count:d} of {count:d}": (
        "活动 {campaign_name} 的{period}限制已达到，{count}/{count}"
    ),
    "{period} limit reached, {count:d} of {count:d}": "{period}限制已达到，{count}/{count}",
    "{period} limit of {amount:d} {currency_name} of campaign {campaign_name}": (
        "活动 {campaign_name} 的{period}限制 {amount} {currency_name}"
    ),
    "{period} limit of {amount:d} {currency_name} of campaign {campaign_name} reached": (
        "活动 {campaign_name} 的{period}限制 {amount} {currency_name} 已达到"
    ),
    "{period} limit of {amount:d} {currency_name}": "{period}限制 {amount} {currency_name}",
    "{period} limit of {amount:d} {currency_name} reached": "{period}限制 {amount} {currency_name} 已达到",
    "{days:d}-day": "{days} 天内的",
    "1 hour": "1 小时",
    "1 day": "1 天",
    "{number:d} hours": "{number} 小时",
    "{number:d} days": "{number} 天",
}
