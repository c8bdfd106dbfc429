"""The sections of the adoption report about kinds of members, and the comparison with other companies."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    # kinds of use
    "Power users": "重度用户",
    "Habitual users": "习惯性用户",
    "Novice users": "新手用户",
    "Low users": "低频用户",
    "No use in twelve weeks": "十二周未使用",
    "Class of use": "使用类型",
    "Kinds of use": "使用类型分布",
    # how much
    "Active members a day": "日均活跃成员",
    "Days active of 28": "28 天内活跃天数",
    "Stickiness": "黏性",
    "Momentum": "势头",
    "Share of the most active tenth": "最活跃十分之一的占比",
    "Active beyond rewards": "奖励之外仍活跃",
    "Organic events per week": "每周自发事件数",
    "Events per week that earned points": "每周获得积分的事件数",
    "Events per week and active member": "每位活跃成员每周事件数",
    # where they work
    "Departments": "部门",
    "Department": "部门名称",
    "The program names no department.": "方案没有指定部门字段。",
    "Of no department can it be told that at least {k:d} members are active.": (
        "没有一个部门可以公布至少有 {k} 名活跃成员。"
    ),
    "At least {k:d} members are active in the department.": "该部门至少有 {k} 名活跃成员。",
    "At least {k:d} members are active in each of {count:d} departments.": (
        "{count} 个部门各有至少 {k} 名活跃成员。"
    ),
    "Of {count:d} of {all:d} departments it can be told that at least {k:d} members are active.": (
        "{all} 个部门中，可以公布至少有 {k} 名活跃成员的有 {count} 个。"
    ),
    "Smaller departments": "较小的部门",
    "No department": "无部门",
    "Share before": "上期占比",
    "Roles": "角色",
    "Role": "角色名称",
    "Decision makers": "决策者",
    "Managers": "管理者",
    "Executors": "执行者",
    "No role": "无角色",
    "The program names no role.": "方案没有指定角色字段。",
    "Earns points": "是否获得积分",
    "By a rule": "按规则获得",
    "Organic only": "仅自发",
    # since when
    "First active in the four weeks up to": "首次活跃的四周截至",
    "Month {age:d}": "第 {age} 个月",
    "Who stays, by the four weeks in which they came first": "留存：按首次活跃的四周",
    "Members active in the four weeks in which they came first, as month 0, and in those after. The first row is of "
    "all who had come by that day.": (
        "在首次活跃的四周（第 0 个月）以及其后各四周内活跃的成员。首行为截至该日曾经活跃的全部成员。"
    ),
    # how far
    "Funnel: {funnel_name}": "漏斗：{funnel_name}",
    "Step": "步骤",
    "Of those who began": "占开始者",
    "Of the step before": "占上一步",
    "Members who began in four weeks, up to {weeks:d} weeks before the end of the period, and came this far within "
    "{weeks:d} weeks after the one in which they began.": (
        "在期末之前 {weeks} 周为止的四周内开始、并在开始当周之后的 {weeks} 周内走到此步的成员。"
    ),
    # what they have to lose
    "What": "项目",
    "Levels and streaks won and lost": "等级与连续记录的得失",
    "Rose to a higher level, per week": "每周升级人数",
    "Fell to a lower level, per week": "每周降级人数",
    "Lost a streak, per week": "每周中断连续记录人数",
    "Level falls in four weeks unless more is earned": "若不再获得积分，四周内将降级",
    # peers
    "Measure": "指标",
    "This company": "本公司",
    "Percentile": "百分位",
    "Lower quartile": "下四分位",
    "Median": "中位数",
    "Upper quartile": "上四分位",
    "Among comparable companies": "与同类公司比较",
    "A company without a score is not compared.": "没有评分的公司不参与比较。",
    "Companies are compared as of the newest week only.": "只在最新一周进行公司间比较。",
    "There are fewer than {k:d} other scored companies.": "其他有评分的公司不足 {k} 家。",
    "Compared with {count:,} other companies on the plan {plan_name}.": (
        "与使用 {plan_name} 套餐的其他 {count} 家公司比较。"
    ),
    "Compared with {count:,} other companies of fewer than 20 seats.": "与席位少于 20 个的其他 {count} 家公司比较。",
    "Compared with {count:,} other companies of 20 to 99 seats.": "与席位为 20 至 99 个的其他 {count} 家公司比较。",
    "Compared with {count:,} other companies of 100 to 499 seats.": "与席位为 100 至 499 个的其他 {count} 家公司比较。",
    "Compared with {count:,} other companies of 500 seats or more.": "与席位不少于 500 个的其他 {count} 家公司比较。",
    "Compared with all {count:,} other scored companies.": "与其他全部 {count} 家有评分的公司比较。",
    # the page
    "Members by kind of use per week": "每周各使用类型的成员",
    "Active a day and stickiness per week": "每周日均活跃与黏性",
    "Stickiness per week, in percent": "每周黏性（百分比）",
    "Members who came first in each four weeks and are active so many months later. The same figures are in the "
    "table.": "在各四周首次活跃、若干月后仍活跃的成员。表格中有同样的数字。",
    "Activated members by their last twelve weeks.": "按最近十二周对已激活成员分类。",
    "At the end of the period: the figures": "期末数字",
    "Active members a day, of those active in four weeks, in percent.": "日均活跃成员占四周活跃成员的百分比。",
    "By months of four weeks since; the darker, the nearer to the most of the row.": (
        "按此后的四周月数；与最多时相比活跃者越多，颜色越深。"
    ),
    "Members active in four weeks, of those of each.": "四周内活跃的成员占各自人数的比例。",
    "The bar: where the middle half of them stand, with their median. The dot: this company, and how many of 100 stand "
    "lower.": "横条：中间一半公司所处的区间及其中位数。圆点：本公司，以及每 100 家中有多少家低于它。",
    "{value:g}, above {share:.0f} %": "{value}，高于 {share}%",
    "The figures": "数字",
}
