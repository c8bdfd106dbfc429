"""Figures, and the words shown in their place."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "not shown": "不予显示",
    "not measured": "未测量",
    "fewer than {k:,}": "少于 {k}",
    "{low} or more": "{low} 或以上",
    "{low} or more members": "{low} 人或以上",
    "{high} or less": "{high} 或以下",
    "{low} to {high}": "{low} 至 {high}",
    "about {figure}": "约 {figure}",
    "{points:+,.1f} points": "{points} 个百分点",
    "no change": "无变化",
    "{share:.0f} %": "{share}%",
    "{share:.1f} %": "{share}%",
    "{share:+,.0f} %": "{share}%",
}
