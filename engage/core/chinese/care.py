"""Goals, interventions and what lowers a score."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    # care
    "Lowered by hand": "人工下调",
    "lowered to at most {most:d}: poor sentiment": "因客户情绪不佳，下调至最高 {most} 分",
    "lowered to at most {most:d}: {reason_name}": "下调至最高 {most} 分：{reason_name}",
    "Without what lowered it the score would be {score:d}.": "若不下调，评分为 {score}。",
    "is no longer lowered by hand": "不再人工下调",
    # what was adjusted of a goal
    "name from {was_name} to {now_name}": "名称由“{was_name}”改为“{now_name}”",
    "target from {was:,} to {now:,}": "目标由 {was} 改为 {now}",
    "by {was_name}, now by {now_name}": "期限由 {was_name} 改为 {now_name}",
    "owner was {was_name}, now {now_name}": "负责人由 {was_name} 改为 {now_name}",
    "taken up again": "重新启动",
    "stages from {was_list} to {now_list}": "阶段由 {was_list} 改为 {now_list}",
    "{target:,} by {day_name}": "{day_name} 前达到 {target}",
    "none": "无",
    # sections
    "Sentiment until {day_name}, says {actor_name}: {feeling}": (
        "客户情绪（有效至 {day_name}，记录者 {actor_name}）：{feeling}"
    ),
    "Sentiment": "客户情绪",
    "on track": "进展正常",
    "behind": "落后",
    "reached": "已达成",
    "missed": "未达成",
    "dropped": "已放弃",
    "withdrawn": "已撤回",
    "logged again": "重新登记",
    "logged on the company's page": "在企业页面上登记",
    "what was {was_name}, now {now_name}": "内容由“{was_name}”改为“{now_name}”",
    "day was {was_name}, now {now_name}": "日期由 {was_name} 改为 {now_name}",
    "now other companies, as many as before": "改为同样数量的其他公司",
    "companies were {was:d} and {was_out:d} held out, now {now:d} and {now_out:d}": (
        "公司由 {was} 家、对照 {was_out} 家改为 {now} 家、对照 {now_out} 家"
    ),
    "cannot be told: the target lies within the range": "无法判断：目标落在可公布的区间之内",
    "Goals": "目标",
    "Goals behind or missed": "落后或未达成的目标",
    "Goal": "目标名称",
    "Now": "当前",
    "Target": "目标值",
    "Of the way": "完成度",
    "By": "期限",
    "Standing": "状态",
    "Owner": "负责人",
    "The goal is behind": "目标落后",
    "The goal was missed": "目标未达成",
    "{late:d} of {count:d} goals are behind or missed": "{count} 个目标中有 {late} 个落后或未达成",
    "Stage": "阶段",
    "Stages of goals": "目标的阶段",
    "Accepted": "已验收",
    "Accepted by": "验收人",
    "Due": "已到期",
    "To come": "未到期",
    "Note": "备注",
    "Day": "日期",
    "What was adjusted": "调整内容",
    "By whom": "由谁",
    "What was adjusted of goals": "目标的调整",
    "What was done": "已采取的措施",
    "Score before": "之前评分",
    "4 weeks after": "4 周后",
    "13 weeks after": "13 周后",
    "Promised": "承诺内容",
    "For the tier {tier_name} it lacks {what}.": "要达到级别“{tier_name}”还缺：{what}。",
    # plans
    "These weeks are not over yet.": "这段时间尚未结束。",
    "Too few companies were scored on both days to compare.": "两个时点都有评分的公司太少，无法比较。",
    "The range holds zero: no effect can be told from chance.": "区间包含零：无法与偶然波动区分。",
    "More than chance; and who got it was drawn by chance: it is an effect.": (
        "超出偶然波动；且受助公司为随机抽取：这是真实效果。"
    ),
    "More than chance; but who gets help was chosen, so the others may differ in other ways too.": (
        "超出偶然波动；但受助公司并非随机选取，其他公司可能在别的方面也不同。"
    ),
}
