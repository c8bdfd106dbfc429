"""Words of `engage.core.referral`."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "the program has no referral": "方案没有邀请规则",
    "nobody can invite themselves": "不能邀请自己",
    "who has not used the product yet cannot invite others to it": "尚未使用产品的人不能邀请他人",
    "this colleague is who invited the member": "此同事正是邀请该成员的人",
    "{period} limit of invitations reached, {count:d} of {count:d}": "{period}邀请次数限制已达到，{count}/{count}",
    "joined by another invitation already": "已通过另一邀请加入",
    "used the product before this invitation": "在此邀请之前已使用产品",
    "the invitation counted until {day_name}": "邀请的有效期至 {day_name}",
    "has {count:d} invitations already": "已有 {count} 个邀请",
}
