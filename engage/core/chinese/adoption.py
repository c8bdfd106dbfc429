"""The adoption report, and the periods it covers."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "Health score": "健康评分",
    # the funnel
    "Seats": "席位",
    "Agreed in the contract.": "合同约定的数量。",
    "Members": "成员",
    "Named by the host so far.": "厂商迄今登记的成员。",
    "Activated": "已激活",
    "Active at least once.": "至少活跃过一次。",
    "Active": "活跃",
    "Active in four weeks.": "四周内活跃。",
    "Habitual": "习惯用户",
    "Active in at least 9 of the last 12 weeks.": "最近 12 周里至少有 9 周活跃。",
    "Stages of members": "成员所处阶段",
    "Invited": "已邀请",
    "Newly active": "新活跃",
    "Slipping": "正在流失",
    "Dormant": "沉睡",
    "Has left": "已离开",
    "Level 2 and up": "第二级及以上",
    "At the second level or above.": "达到第二级或以上。",
    # weeks and the period before
    "Active in the week": "当周活跃",
    "Active in four weeks": "四周内活跃",
    "Organic": "自发事件",
    "Earned points": "获得积分的事件",
    "{currency_name} issued": "发放的{currency_name}",
    "{currency_name} issued per week": "每周发放的{currency_name}",
    "Active members, four weeks": "活跃成员（四周）",
    "Active members per week": "每周活跃成员",
    "Events per week": "每周事件数",
    "Key features per active member": "活跃成员人均关键功能数",
    # features and levels
    "Key features in use": "在用的关键功能",
    "Feature": "功能",
    "Members, four weeks": "使用人数（四周）",
    "Of active members": "占活跃成员",
    "Members before": "上期人数",
    "Events in the period": "本期事件数",
    "No measures for this period.": "本期没有测量数据。",
    "Level": "等级",
    "Of members": "占成员",
    "No level": "无等级",
    "The program has no levels.": "方案没有设置等级。",
    # notes
    "Figures are for groups of at least {k:d} members; smaller groups, what remains of a group when fewer than {k:d} "
    "are left, and figures that would give these away are not shown.": (
        "数字只针对至少 {k} 名成员的群体；人数更少的群体、剩余不足 {k} 人的部分，"
        "以及会使其被推算出来的数字，均不予显示。"
    ),
    "All figures are for whole weeks, Monday to Sunday in the company's time zone, frozen when the week is over.": (
        "所有数字都以整周为单位（按公司所在时区，周一至周日），一周结束后即固定不变。"
    ),
    "Members, features and days active are counted in the four weeks up to {day}; the next count is of those up to "
    "{next_day}.": "成员、功能和活跃天数按截至 {day} 的四周统计；下一次统计截至 {next_day} 的四周。",
    "Data until {day}, the end of the last week measured.": "数据截至 {day}，即最后一个已测量周的周日。",
    "{count:d} of the {weeks:d} weeks have no measures.": "{weeks} 周中有 {count} 周没有测量数据。",
    "1 of the {weeks:d} weeks has no measures.": "{weeks} 周中有 1 周没有测量数据。",
    "No week is measured yet. The first can be the one that ends on {day}; those of an imported history are measured "
    "with the next scoring.": (
        "还没有测量任何一周。最早可测量的是截至 {day} 的一周；导入的历史数据会在下一次评分时测量。"
    ),
    "No week of the period has measures.": "本期没有任何一周的测量数据。",
    "No program is published: every event counts as a feature.": "尚未发布方案：每种事件都算作一项功能。",
    # periods
    "last week": "最近 1 周",
    "last week before": "之前 1 周",
    "last {count:d} weeks": "最近 {count} 周",
    "last {count:d} weeks before": "之前 {count} 周",
    "As many weeks, before.": "之前相同周数的时段。",
    "The {count:d} complete ISO weeks up to {day}.": "截至 {day} 的 {count} 个完整的 ISO 周。",
    "The whole ISO weeks whose Thursday lies in it.": "周四落在其中的完整 ISO 周。",
    "The whole ISO weeks whose Thursday lies in it. It is not over: only complete weeks are shown.": (
        "周四落在其中的完整 ISO 周。该时段尚未结束：只显示已完整的周。"
    ),
    "The whole weeks of the period before.": "上一时段的完整周。",
    "quarter {quarter:d} of {year:d}": "{year} 年第 {quarter} 季度",
    "January {year:d}": "{year} 年 1 月",
    "February {year:d}": "{year} 年 2 月",
    "March {year:d}": "{year} 年 3 月",
    "April {year:d}": "{year} 年 4 月",
    "May {year:d}": "{year} 年 5 月",
    "June {year:d}": "{year} 年 6 月",
    "July {year:d}": "{year} 年 7 月",
    "August {year:d}": "{year} 年 8 月",
    "September {year:d}": "{year} 年 9 月",
    "October {year:d}": "{year} 年 10 月",
    "November {year:d}": "{year} 年 11 月",
    "December {year:d}": "{year} 年 12 月",
}
