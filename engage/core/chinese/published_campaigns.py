"""The words of `engage.core.published_campaigns`."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "{low:+.0f} to {high:+.0f} points": "{low} 至 {high} 个百分点",
    "More were active than without it.": "活跃的人比没有活动时多。",
    "Fewer were active than without it.": "活跃的人比没有活动时少。",
    "It may be chance: the interval has zero in it.": "可能是偶然：区间包含零。",
    "Not shown, like the number of active members.": "不显示，因为活跃成员数也不显示。",
    "Too few to tell: {least:d} are needed in each of the two groups.": "人数太少，无法判断：两组各需 {least} 人。",
}
