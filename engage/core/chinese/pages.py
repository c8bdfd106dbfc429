"""Words of the pages, by the text that stands in them: between two tags, or in an attribute that is read out."""

from __future__ import annotations

from typing import Final

_PORTFOLIO: Final = {
    "Whom to call": "该联系谁",
    "{count:,} company as of": "{count} 家公司，截至",
    "{count:,} companies as of": "{count} 家公司，截至",
    "· {stake:,} of {revenue:,} a year at risk": "· 每年 {revenue} 中有 {stake} 面临风险",
    "Call first": "优先联系",
    "At risk or on watch; with a renewal within 90 days also 10 points down in four weeks or in 13, or too quiet to "
    "be scored. Such renewals come first, then the most value at risk.": (
        "有风险或需关注的公司；90 天内续约的，四周或 13 周内下降 10 分、或活跃人数过少而无法评分的也算。"
        "90 天内续约的在前，其余按风险金额从高到低。"
    ),
    "Fell in four weeks, most of all": "四周内下降的主要原因",
    ", most of all:": "，主要原因：",
    "Fell slowly, in 13 weeks": "13 周内缓慢下降",
    "Confidence is high with 20 active members, 12 weeks of activity, at most a tenth of the measures missing and "
    "a score off by 2 points at most; it is low with fewer than 10 active members or 8 weeks, or where the score may "
    "be off by 10.": (
        "活跃成员满 20 人、有 12 周活动、缺失的指标不超过十分之一且评分偏差不超过 2 分时，可信度为高；"
        "活跃成员少于 10 人、活动少于 8 周或评分偏差可能达到 10 分时为低。"
    ),
    "How often such calls were right": "这类判断以往有多准",
    "Moved most in 4 weeks": "近 4 周变化最大的因素",
    "On this page": "本页内容",
    "Not shown, to protect individuals:": "为保护个人，不予显示：",
    "To protect individuals, or for want of measures, nothing is told of these:": (
        "为保护个人，或因尚未测量，以下各项未公布："
    ),
    "Each dot is a company, a larger one pays more. Shaded: a score below 60 and a renewal within 90 days.": (
        "每个点是一家公司，点越大收入越高。阴影区：评分低于 60 且 90 天内续约。"
    ),
    "in 4 weeks": "近 4 周",
    "in 13 weeks": "近 13 周",
    "a year at risk": "每年风险金额",
    "renews {when}": "{when}续约",
    "term ended {when}": "合同{when}到期",
    "today": "今天",
    "in {days:,} day": "{days} 天后",
    "in {days:,} days": "{days} 天后",
    "{days:,} day ago": "{days} 天前",
    "{days:,} days ago": "{days} 天前",
    "Nobody needs a call this week: no company is at risk or on watch.": (
        "本周无需联系任何公司：没有有风险或需关注的公司。"
    ),
    "Score and renewal": "评分与续约",
    "The map needs two scored companies with a known renewal. Contract terms come with": (
        "绘制此图需要两家已评分且续约日已知的公司。合同条款用此命令导入："
    ),
    "All bands": "所有分档",
    "Any time": "任何时间",
    "Within 30 days": "30 天内",
    "Within 60 days": "60 天内",
    "Within 90 days": "90 天内",
    "Within 180 days": "180 天内",
    "Term has ended": "合同已到期",
    "Tier": "级别",
    "All tiers": "所有级别",
    "Sort by": "排序",
    "Lowest score": "评分最低",
    "Largest fall": "跌幅最大",
    "Next renewal": "最近续约",
    "Revenue": "收入",
    "Name": "名称",
    "As in the table": "按表格所示",
    "Show": "显示",
    "Clear": "清除",
    "No company matches": "没有符合条件的公司",
    "None of the {count:,} companies fits these filters.": "{count} 家公司中没有一家符合这些条件。",
    "Show all companies": "显示所有公司",
    "Score": "评分",
    "13 weeks": "近 13 周",
    "Why": "原因",
    "Per month": "每月",
    "At risk a year": "每年风险金额",
    "{shown:,} of {count:,}": "{shown} / {count}",
    "Pages": "分页",
    "Previous": "上一页",
    "Next": "下一页",
    "Page {page:,} of {pages:,}": "第 {page} 页，共 {pages} 页",
    "No companies yet": "还没有公司",
    "A company appears here once its people have used your product: send a": (
        "公司的人员使用过您的产品后，该公司就会出现在这里：为它发送"
    ),
    "call for it, or load history with": "调用，或用此命令导入历史：",
    ". Scores follow with": "。评分随后由此命令得出：",
    ", after a full week.": "（满一周之后）。",
    "Score over {count:d} weeks: from {first:d} to {last:d}": "{count} 周评分：从 {first} 到 {last}",
    "score {score:d}, {days:,} days to renewal, {revenue_name} a month": (
        "评分 {score}，距续约 {days} 天，每月 {revenue_name}"
    ),
    "Score and days to renewal of each company": "各公司的评分与距续约天数",
    "Companies to the left renew soon, companies at the bottom have a low score, large dots pay more. The same figures "
    "are in the table of companies.": (
        "越靠左的公司越快续约，越靠下的公司评分越低，圆点越大付费越多。同样的数字见公司列表。"
    ),
}

_TIERS: Final = {
    "Tiers and their service": "级别与服务",
    "Service": "服务",
    "Companies": "公司数",
    "Service in tier {tier_name}": "级别“{tier_name}”的服务",
    "The tier has no service benefits.": "该级别没有服务权益。",
    "For {above_name} it lacks: {lacking_name}.": "要达到“{above_name}”还缺：{lacking_name}。",
}

_OUTCOMES: Final = {
    "What contracts brought": "合同成果",
    "On": "截至",
    ", and what became in a year of the revenue there was before.": "，以及此前的收入在一年中的变化。",
    "Revenue per month (MRR)": "月度经常性收入（MRR）",
    "A year ago": "一年前",
    "Per year (ARR)": "年度经常性收入（ARR）",
    "Lost with companies that left": "因公司离开而流失",
    "Per company and month (ARPA)": "每公司每月收入（ARPA）",
    "Lost with those that pay less": "因付费减少而流失",
    "Kept of it (GRR)": "收入留存率（GRR）",
    "More from those that pay more": "因付费增加而增长",
    "Kept with growth (NRR)": "净收入留存率（NRR）",
    "From new companies": "来自新公司",
    "Renewal rate": "续约率",
    "Renewed, of the terms that ended": "到期合同中已续约",
    "Share of the key fifth": "前五分之一客户的占比",
    "Key companies, of all that pay": "关键公司数，占付费公司",
    "What customers are worth": "客户价值",
    "What winning them costs is of the months {months_name}.": "获客成本取自 {months_name} 各月。",
    "Worth of a customer (LTV)": "客户终身价值（LTV）",
    "Gross margin": "毛利率",
    "not known": "未知",
    "not known, {count:,}": "未知，{count}",
    "Cost to win one (CAC)": "获客成本（CAC）",
    "Spent to win customers": "获客支出",
    "Companies won": "获得的公司数",
    "Companies lost in a year": "一年内流失的公司",
    "Traded per month (GMV)": "每月交易额（GMV）",
    "Companies that told their GMV": "提供交易总额的公司",
    "Where the revenue comes from": "收入来源",
    "New × conversion × purchase + existing × retention × repurchase is the revenue per month. New: paid nothing a "
    "year ago and known since, or paying now. Existing: paid a year ago.": (
        "新客 × 转化 × 购买 + 老客 × 留存 × 复购 = 每月收入。新客：一年前未付费且此后才登记，或现在付费的公司。"
        "老客：一年前付费的公司。"
    ),
    "Segment": "细分",
    "New": "新客",
    "Conversion": "转化",
    "Purchase": "购买",
    "Existing": "老客",
    "Retention": "留存",
    "Repurchase": "复购",
}

_CALLING: Final = (
    ("Calling every company at risk", "若联系每一家有风险的公司"),
    (
        "Calling every company on watch, at risk or too quiet to be scored",
        "若联系每一家需关注、有风险或活跃人数过少而无法评分的公司",
    ),
    ("Calling every company too small to be scored", "若联系每一家规模过小而无法评分的公司"),
)
_CALLED: Final = (
    " would have meant a call before {calls:d} of {ends:d} ends of terms and met {met:d} of the {left:d} that left",
    "，在 {ends} 次合同到期中需联系 {calls} 次，可覆盖 {left} 家离开公司中的 {met} 家",
)

_CALIBRATION: Final = {
    "How sure are we?": "我们有多大把握？",
    "How well the score foretold the contract terms that have ended, each looked at before its end with what was known "
    "by then. Measured on": "评分对已到期合同的预测有多准：每份合同都以到期前已知的信息来看。测量日期：",
    "No term has ended yet that could be looked at.": "还没有可供考察的已到期合同。",
    **{
        f"{who}{_CALLED[0]}{end}": f"{chinese}{_CALLED[1]}{chinese_end}"
        for who, chinese in _CALLING
        for end, chinese_end in (
            (".", "。"),
            (" ({share:d} %).", "（{share}%）。"),
            (": {precision:g} of 100 calls would have met one.", "：每 100 次联系命中 {precision} 次。"),
            (
                " ({share:d} %): {precision:g} of 100 calls would have met one.",
                "（{share}%）：每 100 次联系命中 {precision} 次。",
            ),
        )
    },
    "Half of those called had been so for {days:d} days or more.": (
        "其中一半在到期前处于上述状态已达 {days} 天或更久。"
    ),
    "Days before the end": "距到期天数",
    "Forecast": "预测",
    "Fitted": "拟合模型",
    "Terms": "合同数",
    "Left": "离开",
    "Ranks right": "排序正确率",
    "Error": "误差",
    "Without forecast": "无预测时",
    "Off by": "偏差",
    "too few": "太少",
    "Goal behind": "目标落后",
    "Goal missed": "目标未达成",
    ", by": "，期限",
    "Insufficient:": "数据不足：",
    "fewer than {least:d} left, so how well a forecast ranks cannot be told.": (
        "离开的不足 {least} 家，无法判断预测的排序是否可靠。"
    ),
    "Terms that ended before the first week that was measured, known by their contracts alone: {count:,}.": (
        "在首个测量周之前已到期、仅知合同内容的合同：{count} 份。"
    ),
    "Ranks right: how often, of a company that left and one that stayed, the one that left had the higher risk (AUC; "
    "0.5 is a coin), and between what that lies 95 times in 100. Error: Brier score, beside that of always saying the "
    "base rate; less is better. Off by: how far the foretold share of leavers was from the share that left. With few "
    "that left, none of this is exact.": (
        "排序正确率：任取一家离开和一家留下的公司，离开者风险更高的比例（AUC；0.5 相当于掷硬币），及其 95% 区间。"
        "误差：Brier 分数，旁边是始终取基准率时的分数；越小越好。"
        "偏差：预测的离开比例与实际离开比例之差。离开的公司很少时，以上都不精确。"
    ),
    "What was foretold, and what came": "预测与实际",
    "Foretold to leave": "预测离开",
}

_COMPANY: Final = {
    "Adoption report": "采用报告",
    "Digest": "摘要",
    "of 100": "满分 100",
    "Confidence: {level}": "可信度：{level}",
    "Measured up to": "测量截至",
    "As of": "截至",
    "Points above or below a neutral 50. Together they make the score.": "高于或低于中性值 50 的分数，合起来即为评分。",
    "There is no score, so nothing moves it yet.": "尚无评分，因此还没有影响因素。",
    "No week has a score yet.": "还没有任何一周有评分。",
    "Score per week": "每周评分",
    "Health score per week": "每周健康评分",
    "Events and points per week": "每周事件与积分",
    "Organic and incentivised events per week": "每周自发与激励事件",
    "Points around 50: {told_name}.": "围绕 50 的分值：{told_name}。",
    "{label_name}: from {first_name} to {last_name}.": "{label_name}：从 {first_name} 到 {last_name}。",
    "No figures to show.": "没有可显示的数字。",
    "{caption}: the figures": "{caption}：数据",
    "What each step means": "各阶段的含义",
    "Some events earned points; organic ones happened without.": "一些事件获得了积分；自发事件没有。",
    "No levels were measured.": "没有测量到等级。",
    "Nothing can be drawn here: no week was measured, or too few people stand behind the figures.": (
        "此处无法绘图：没有已测量的周，或数字背后的人数太少。"
    ),
    "What is hidden is written in words with a dotted line, and never as zero.": (
        "被隐藏的内容以带点线的文字表示，绝不写成零。"
    ),
    "Fewer than {k:d} people stand behind this figure, so it is not shown": "该数字背后的人数少于 {k} 人，因此不予显示",
    "All but fewer than {k:d}: the exact figure would tell about those few": (
        "除不足 {k} 人外全部如此：确切数字会透露这少数人的情况"
    ),
    "Not shown, because another hidden figure could be worked out from it": (
        "不予显示，否则可由此推算出另一个被隐藏的数字"
    ),
    "Some weeks of the period are not in it": "其中不含本期的某些周",
    "Not measured": "未测量",
    "({words})": "（{words}）",
}

_CARE: Final = {
    "Goals and what was done": "目标与措施",
    "No goal was agreed on, and nothing was done yet.": "尚未约定目标，也未采取措施。",
    "Log what was done": "记录已采取的措施",
    "A call, a visit, a training. The score before and after will stand beside it.": (
        "一次电话、拜访或培训。旁边会显示前后的评分。"
    ),
    "Log it": "记录",
    "Set a goal": "设定目标",
    "The score is from 0 to 100, days active are of 28, revenue is in your currency; all others in percent. How it "
    "stands will be said each week, and on the portfolio once it is behind.": (
        "评分为 0 到 100，活跃天数以 28 天计，收入以贵方货币计，其余均为百分比。"
        "每周显示进展，落后时也会显示在客户组合中。"
    ),
    "Set it": "设定",
    "Adjust or drop": "调整或放弃",
    "Accept": "验收",
    "Accept it": "验收",
    "Take up again": "重新启动",
    "Take it up again": "重新启动",
    "Adjust it": "调整",
    "Drop it": "放弃",
    "One page, for whoever decides": "一页摘要，供决策者阅读",
    "Sentiment:": "客户情绪：",
    "good": "良好",
    "neutral": "一般",
    "poor": "不佳",
    ", says": "，记录者",
    "on": "于",
    "; until": "；有效至",
    "; target {figure} by": "；目标 {figure}，期限",
    "{share} of the way.": "已完成 {share}。",
    "About {share} of the way.": "已完成约 {share}。",
    "Told only roughly, to protect individuals": "为保护个人，只公布大致的数字",
    "Not shown: what may be told of it is too uncertain": "不予显示：可公布的范围过宽，没有意义",
    "Told as a range, to protect individuals": "为保护个人，只公布区间",
    "What was done, and what followed": "已采取的措施及其后续变化",
    "Change of the score from the week before to 4 and 13 weeks after, beside companies that went without. In "
    "brackets: where the difference lies, 95 times of 100.": (
        "评分从前一周到 4 周和 13 周之后的变化，与未采取该措施的公司对照。括号内：差异有 95% 的把握落在此区间。"
    ),
    "Held out": "对照公司",
    "Weeks": "周数",
    "Of the others": "其他公司",
    "Difference": "差异",
    "What it means": "含义解读",
    "Owner:": "负责人：",
    "A page for the manager of": "部门经理专页：",
    ".": "。",
    ";": "；",
    ":": "：",
    "What moves it": "影响因素",
}

_FRAME: Final = {
    "{title} · Engage": "{title} · Engage",
    "Skip to content": "跳到正文",
    "Language": "语言",
    "customer success": "客户成功",
    "Sign out": "退出登录",
    "This address asks for something that does not exist": "该地址请求的内容不存在",
    "This was not logged": "未能记录",
    "Please sign in": "请登录",
    "This is not yours to see": "您无权查看此页",
    "There is no such page": "没有这个页面",
    "The database cannot be reached": "无法连接数据库",
    "Something went wrong on our side": "我们这边出了问题",
    "This sign-in link was used before or has run out. A link works once, for a limited time.": (
        "该登录链接已被使用或已过期。链接只能使用一次，且有时间限制。"
    ),
    "Open a fresh sign-in link:": "请打开新的登录链接：",
    "prints one. If you do not run Engage yourself, ask the person who does to send you one.": (
        "会打印一个。如果 Engage 不由您运行，请向运行者索取。"
    ),
    "It has been written to the log. Trying again may help; nothing you did was lost.": (
        "已记入日志。可以再试一次；您所做的一切都没有丢失。"
    ),
    "Nothing is lost. Please try again in a moment.": "没有任何数据丢失。请稍后再试。",
    "there is no company {company_name}": "没有公司 {company_name}",
    "there is no page for the department {department_name}, nor for any other": (
        "部门 {department_name} 没有专页，其他部门也没有"
    ),
    "{period_name} is not a period: {expected}": "{period_name} 不是有效的时段：{expected}",
    "a period is last-12-weeks (any number to 52), a quarter as 2026-Q1 or a month as 2026-03": (
        "时段可写为 last-12-weeks（周数最多 52）、季度如 2026-Q1 或月份如 2026-03"
    ),
    "format must be one of {names_name}": "format 必须是以下之一：{names_name}",
    "Perhaps the address was cut short, or the company has another id.": "地址可能不完整，或者该公司使用其他编号。",
    "This form was sent from another site.": "此表单由其他网站发送。",
    "These pages show all companies; they are for customer-success staff.": (
        "这些页面显示所有公司，仅供客户成功人员使用。"
    ),
    "there is no page for the department {department_name}; departments told of: {told_name}": (
        "部门 {department_name} 没有专页；有专页的部门：{told_name}"
    ),
    "Back to the portfolio": "返回客户组合",
    "Signed out": "已退出登录",
    "You are signed out": "您已退出登录",
    "To come back, open a fresh sign-in link:": "如需返回，请打开新的登录链接：",
    "prints one.": "会打印一个。",
}

WORDS: Final = {**_PORTFOLIO, **_TIERS, **_OUTCOMES, **_CALIBRATION, **_COMPANY, **_CARE, **_FRAME}
