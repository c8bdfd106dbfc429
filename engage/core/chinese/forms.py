"""Words of `engage.web.console.forms`."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "Say what was done, in {most:d} characters at most.": "请说明采取了什么措施，最多 {most} 个字符。",
    "Say who did it, in {most:d} characters at most.": "请说明由谁采取，最多 {most} 个字符。",
    "Say what the goal is, in {most:d} characters at most.": "请说明目标是什么，最多 {most} 个字符。",
    "Say whose goal it is, in {most:d} characters at most.": "请说明由谁负责，最多 {most} 个字符。",
    "Say why the goal is adjusted, in {most:d} characters at most.": "请说明调整目标的原因，最多 {most} 个字符。",
    "reason: say why the goal is adjusted": "请说明调整目标的原因。",
    "{field_name}: must not be below 0": "{field_name}：不能小于 0。",
    "{field_name}: {measure} goes from 0 to {most:g}, so {target:,} cannot be reached": (
        "{field_name}：{measure}的范围是 0 到 {most}，{target} 无法达到。"
    ),
    "by: must be after {day_name}, when the goal starts": "期限须晚于目标的开始日期 {day_name}。",
    "stages: each must be later than the one before, and none after the goal's own day": (
        "各阶段的日期须依次推后，且不得晚于目标的期限。"
    ),
    "{actor_name} accepted the stage on {day_name}": "{actor_name} 已于 {day_name} 验收该阶段",
    "There is no such goal.": "没有此目标。",
    "The goal was adjusted since you opened the page. Please look at it again.": (
        "打开页面后该目标已有调整，请重新查看。"
    ),
    "Choose what the goal is measured by.": "请选择衡量目标的指标。",
    "Say the target as a number.": "请用数字说明目标值。",
    "Say a day to come by which the target is to be reached.": "请说明达成目标的日期，须晚于今天。",
    "Say a day that has come: on {day_name} nothing is done yet.": "请填写已经到来的日期：{day_name} 尚未到来。",
    "{field_name}: must be a day such as {example}": "{field_name}：请填写日期，例如 {example}",
    "The form is too long.": "表单内容过长。",
    "The form cannot be read.": "无法读取表单。",
}
