"""Sections of slides, sheets and documents."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "Active members": "活跃成员",
    "Points issued": "发放的积分",
    "Driver": "驱动因素",
    "What was seen": "观察到的情况",
    "Points": "分值",
    "4 weeks": "近 4 周",
    "What moves the score": "影响评分的因素",
    "{best} lifts the score most": "“{best}”对评分的提升最大",
    "{worst} costs the score most": "“{worst}”对评分的拖累最大",
    "{best} lifts the score most, {worst} costs it most": "“{best}”提升最大，“{worst}”拖累最大",
    "Score over time": "评分走势",
    "The score rose by {points:d} in 13 weeks": "评分在 13 周内上升了 {points} 分",
    "The score fell by {points:d} in 13 weeks": "评分在 13 周内下降了 {points} 分",
    "The score is where it was 13 weeks ago": "评分与 13 周前持平",
    "Figure": "指标",
    "Period": "本期",
    "Before": "上期",
    "Change": "变化",
    "This period and the one before": "本期与上期",
    "From seats to habit": "从席位到习惯",
    "Meaning": "含义",
    "Share": "占比",
    "{share} of seats or members have the habit": "{share}的席位或成员已养成使用习惯",
    "{share} of the seats have become a habit": "{share}的席位已养成使用习惯",
    "Week": "周",
    "{label}: {told}, as many as in the period before": "{label}：{told}，与上期持平",
    "{label}: {told}, {share} more than in the period before": "{label}：{told}，比上期多 {share}",
    "{label}: {told}, {share} less than in the period before": "{label}：{told}，比上期少 {share}",
    "Daily use": "每日使用",
    "Kinds of use per week": "每周使用类型",
    # the digest
    "What to do": "该做什么",
    "What moved the score": "评分变动的原因",
    "{seats:,} seats were not used in four weeks": "有 {seats} 个席位四周内无人使用",
    "Money": "收入",
    "Amount": "金额",
    "Revenue per year": "年收入",
    "Digest: {company_name}": "摘要：{company_name}",
    "Find out in which routine the product could help on more days, and show it there.": (
        "找出产品还能在哪些日常工作中发挥作用，并在那里展示。"
    ),
    "Help members make it a habit: a weekly occasion to come back works better than a reminder.": (
        "帮助成员养成习惯：每周有一个回来的理由，比提醒更有效。"
    ),
    "Introduce one key feature that hardly anybody uses, to the department it was made for.": (
        "选一项几乎无人使用的关键功能，介绍给最需要它的部门。"
    ),
    "Show active members the feature next to the ones they use.": "向活跃成员展示与其常用功能相邻的功能。",
    "Active in four weeks is counted of four whole weeks, and stays until the next four are over.": (
        "四周内活跃按完整的四周统计，下一个四周结束之前保持不变。"
    ),
    "Ask what changed: activity is falling from the best weeks of the last half year.": (
        "询问发生了什么变化：活动量正在从近半年的最好水平回落。"
    ),
    "Invite those who have a seat and never came, before the contract is talked about.": (
        "在谈合同之前，邀请那些有席位却从未使用的人。"
    ),
    "Make the second level worth reaching, and say what is missing to get there.": (
        "让第二级值得达到，并说明还差什么。"
    ),
    "Stay close: the first year decides, and most customers who leave do so at its end.": (
        "保持密切联系：第一年最为关键，多数离开的客户都在年末离开。"
    ),
    "The contract has ended: ask why they left, and write it down.": "合同已结束：询问离开的原因，并记录下来。",
    "The term ended on {day}, and no other is known: ask whether they go on, and record it.": (
        "合同已于 {day} 到期，且没有下一份合同的记录：询问对方是否续约，并记录下来。"
    ),
    "Talk to them now: the term ends on {day}.": "现在就联系他们：合同将于 {day} 到期。",
    "Talk to them now: the term ends in {days:d} days.": "现在就联系他们：合同将在 {days} 天后到期。",
    "Ask them how it goes: of so few people no figure may be told.": (
        "询问他们使用得如何：人数过少，任何数字都不能公布。"
    ),
    "Go by what they tell you: no week of use is measured up to this day.": (
        "请以对方所述为准：截至该日没有测量过任何一周的使用。"
    ),
    "Find out whether the product is still wanted: hardly anybody, or nobody, is using it.": (
        "了解他们是否还需要该产品：几乎无人或完全无人使用。"
    ),
    "Talk about more seats: {share} of them are in use.": "商谈增加席位：席位使用率为 {share}。",
    "Nothing needs doing: tell them how well it goes, and ask who else could use it.": (
        "无需采取措施：告诉他们使用情况良好，并询问还有谁可以使用。"
    ),
    "Of {members:d} members, a part or the rest is soon fewer than {k:d} people: to protect individuals, most figures "
    "below are a range or not shown. That is no sign of trouble. Go by the score, what moves it and what to do.": (
        "成员只有 {members} 人，其中一部分或其余部分很容易少于 {k} 人：为保护个人，下面的多数数字只给出范围或不显示。"
        "这并不说明有问题。请参考评分、影响评分的因素和建议措施。"
    ),
    # a department
    "Of no week of the period is it told how many were active.": "本期没有任何一周公布活跃人数。",
    "Figures are for groups of at least {k:d} members; where other departments' figures would follow from one of "
    "these, it is not shown.": "数字只针对至少 {k} 名成员的群体；若可由此推算出其他部门的数字，则不予显示。",
    # files
    "Adoption report: {company_name}": "采用报告：{company_name}",
    "high": "高",
    "medium": "中",
    "low": "低",
    "Confidence": "可信度",
    "Change in 4 weeks": "近 4 周变化",
    "Change in 13 weeks": "近 13 周变化",
    "Renewal": "续约日",
    "Term ended": "合同到期日",
    "Revenue per month": "月收入",
    "Revenue per month until then": "到期前月收入",
    "Plan": "套餐",
    "Customer since": "成为客户",
    "Summary": "概要",
    "Company": "公司",
    "Band": "分档",
    "Verdict": "结论",
    "What is hidden": "隐藏内容说明",
    "Drawn: {label}": "绘图用：{label}",
    "What is hidden, and why": "隐藏了什么，为什么",
    "About these figures": "关于这些数字",
    "Left out, as too little of it may be told, or was measured: {titles_name}.": (
        "以下内容可公开或已测量的太少，未列出：{titles_name}。"
    ),
    "{titles_name}: {why}.": "{titles_name}：{why}。",
    "no week has a score yet": "尚无任何一周有评分",
    "not measured in this period": "本期未测量",
    "told from {least:d} members on at the earliest, and there are {members:d}": (
        "成员至少满 {least} 人才可能公布，目前有 {members} 人"
    ),
    "told once at least {k:d} members are known to be active in four weeks": (
        "可公布四周内至少有 {k} 名成员活跃时才公布"
    ),
    "told by size alone beside departments: who knows who is in which could subtract the one from the other": (
        "在公布部门时只公布各角色的人数：知道谁属于哪个部门和角色的人可由其一推算出其二"
    ),
    "told together or not at all, as one would follow from the others: it takes {k:d} members in each who are active "
    "and {k:d} who are not, or larger ones": (
        "各组只能一同公布，因为其一可由其余推算出来：每组需有 {k} 名活跃成员和 {k} 名不活跃成员，或人数更多"
    ),
    "told in bands of {width:d} members, which leave too little room here: it takes more members, or others at the "
    "levels": "按每段 {width} 名成员分段公布，目前余地不足：需要更多成员，或各等级的人数有所变化",
    "told from {least:d} members on who are active in a week or stand at a level": (
        "每周活跃或已有等级的成员满 {least} 人才公布"
    ),
    "told in bands of {width:d} members, from {least:d} active members on: it takes a second month of four weeks, and "
    "room beside what was told before": (
        "活跃成员满 {least} 人起，按每段 {width} 名成员分段公布：需有第二个四周的月份，并与以往公布的内容之间留有余地"
    ),
    "told once it can be told how many members have the habit": "可公布有多少成员形成习惯时才公布",
    "behind each figure fewer than {k:d} members may stand, or all but fewer than {k:d}": (
        "每个数字背后的成员都可能不足 {k} 人，或除不足 {k} 人外的全部成员"
    ),
    "To protect individuals some rows are left out.": "为保护个人，部分行未列出。",
    "To protect individuals some figures are left out of the chart, or drawn at the least they may be.": (
        "为保护个人，部分数字未绘入图中，或按可能的最小值绘制。"
    ),
    "What the words mean": "术语说明",
    "Page": "页",
    "Portfolio": "客户组合",
    "Id": "编号",
    "Days to renewal": "距续约天数",
    "Value at risk a year": "每年风险金额",
}
