"""What the words of a report mean, and where each definition comes from."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "50 plus the contributions of eight drivers, each from 0 to 100 between stated bounds; reckoned from published "
    "figures, seats and time as a customer, and from nothing else. Version 4: bounds at the natural ends, trend "
    "against the company's own best, time as a customer by its logarithm, months of four whole weeks; scores of "
    "different versions are not compared.": (
        "50 加上八个驱动因素的贡献，每个因素在既定上下限之间取 0 到 100；只根据已公布的数字、席位数和合作时长计算，"
        "别无其他。第 4 版：上下限取自然端点，趋势与公司自身最好水平比较，合作时长按对数计入，每月为四个整周；"
        "不同版本的评分不作比较。"
    ),
    "Depth and breadth in equal parts: Gainsight on its own customers; missing inputs as Catalyst shares them out.": (
        "深度与广度各占一半：Gainsight 对其自身客户的做法；缺失的因素按 Catalyst 的方式分摊。"
    ),
    "Bands": "分档",
    "Thriving from 80, healthy from 60, watch from 40, at risk below.": (
        "80 分起为蓬勃，60 分起为健康，40 分起为需关注，以下为有风险。"
    ),
    "Gainsight's red, yellow and green, the middle split in two.": "Gainsight 的红、黄、绿三档，中间一档分为两档。",
    "At least one event, page or screen in the week, or in the newest four whole weeks that are over.": (
        "当周（或最近结束的完整四周内）至少有一次事件、页面或屏幕访问。"
    ),
    "Microsoft Viva Insights, definition of a habit.": "Microsoft Viva Insights 对习惯的定义。",
    "How many of the declared key events at least k members used in four weeks; beside it, how many an active "
    "member used. Of more than thirty declared, thirty count as all.": (
        "四周内至少 k 名成员使用过的关键事件数；旁边是活跃成员人均使用数。声明超过三十项时，三十项即算全部。"
    ),
    "Gainsight's breadth: top features in use.": "Gainsight 的广度：在用的主要功能。",
    "Active days of all members in four weeks, against the best four of the last 26 weeks.": (
        "全体成员四周内的活跃天数，与近 26 周中最好的四周相比。"
    ),
    "Tenzo: 60 % less is as bad as a trend gets; against the own best, so that a ramp-up is no growth.": (
        "Tenzo：下降 60% 即为最差；与自身最好水平比较，因此起步阶段的上升不算增长。"
    ),
    "Members active in four weeks per seat. All seats count as full use, 75 % of them in the first 180 days.": (
        "四周内活跃成员数与席位数之比。全部席位在用为满分，前 180 天内 75% 即为满分。"
    ),
    "GitLab on Gainsight, Sourcegraph on Vitally: weak below 50 %.": (
        "GitLab（Gainsight）、Sourcegraph（Vitally）：低于 50% 为偏弱。"
    ),
    "Months as a customer, up to twelve; going by the first activity where no contract is known.": (
        "作为客户的月数，最多十二个月；没有合同信息时自首次活动算起。"
    ),
    "A prior, not behaviour: the risk of leaving is highest at first and falls with time.": (
        "这是先验信息而非行为：流失风险在初期最高，随时间下降。"
    ),
    "Organic and incentivised": "自发与激励",
    "Incentivised events earned something when they happened; organic ones did not.": (
        "激励事件在发生时获得了奖励；自发事件没有。"
    ),
    "Issued": "发放量",
    "Units awarded in the week, less units taken back; adjustments by hand are not in it.": (
        "当周奖励的数量减去收回的数量；不含手工调整。"
    ),
    "Risk": "风险",
    "What the score lacks to 100, as a share; 0.5 for a company never scored, 0.9 for one gone too quiet to be.": (
        "评分距 100 的差额占比；从未评分的公司为 0.5，因过于沉寂而无法再评分的公司为 0.9。"
    ),
    "Value at risk": "风险金额",
    "Twelve times the monthly revenue of the current term, times the risk.": (
        "当前合同期月收入的十二倍乘以风险。"
    ),
    "Active members a day, in the mean of four weeks, of those active in them.": (
        "四周平均的日活跃成员，占这四周活跃成员的比例。"
    ),
    "DAU/MAU as Pendo reckons it.": "按 Pendo 的口径计算的 DAU/MAU。",
    "Active days in four weeks, against half of those in the eight weeks before.": (
        "四周的活跃天数，对比此前八周活跃天数的一半。"
    ),
    "Tenzo: four weeks to the prior eight.": "Tenzo：四周对比此前八周。",
    "By the last twelve weeks: power users have the habit and 15 events a week, habitual users have the habit, novice "
    "users one event a week in the mean, low users any.": (
        "按最近十二周：重度用户有使用习惯且每周 15 个事件，习惯性用户有使用习惯，"
        "新手用户平均每周一个事件，低频用户有任何事件。"
    ),
    "Microsoft vivainsights, usage segments.": "Microsoft vivainsights 的使用分群。",
    "The share of comparable companies that stand lower, those alike counted half. Comparable: on the same plan, else "
    "of the same class of seats, else all scored ones.": (
        "低于本公司的同类公司比例，持平者按一半计。同类：同一套餐，否则同一席位档，否则全部有评分的公司。"
    ),
    "Points that members have, times the share that expired of all that was spent or expired in the period.": (
        "成员持有的积分，乘以本期过期数占使用与过期总数的比例。"
    ),
}
