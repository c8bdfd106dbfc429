"""Words of `engage.core.rewards`."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "available from {day_name}": "自 {day_name} 起可兑换",
    "was available until {day_name}": "已于 {day_name} 截止兑换",
    "not for this member: {clause}": "不适用于此成员：{clause}",
    "{missing:d} {currency_name} short": "还差 {missing} {currency_name}",
    "out of stock": "已无库存",
    "no codes left": "兑换码已用完",
    "{limit}; again from {day_name}": "{limit}；自 {day_name} 起可再次使用",
    "level {level_name} needed": "需要等级 {level_name}",
    "level {level_name} needed: {missing:d} earned {currency_name} to go": (
        "需要等级 {level_name}：还需获得 {missing} {currency_name}"
    ),
}
