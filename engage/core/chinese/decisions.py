"""Words of `engage.core.decisions`."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "recorded; no program is published": "已记录；尚未发布方案",
    "recorded; the program does not declare this event": "已记录；方案未声明此事件",
    "recorded, not rewarded; it is older than the program's bound for late events": (
        "已记录，未奖励；早于方案允许的迟到期限"
    ),
    "recorded without effect; a write key is trusted with no traits, "
    "and only with events that declare `browser: true`": (
        "已记录，无效果；写入密钥不能提供属性，且仅限声明了 `browser: true` 的事件"
    ),
}
