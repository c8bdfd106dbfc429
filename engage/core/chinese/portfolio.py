"""The portfolio: what contracts brought, and how well the score foretold."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "The revenue of 1 company is not known; it comes last.": "有 1 家公司的收入未知，排在最后。",
    "The revenue of {count:,} companies is not known; they come last.": "有 {count} 家公司的收入未知，排在最后。",
    "Contract ended on {day}.": "合同已于 {day} 结束。",
    # outcomes
    "Nobody paid a year ago: what of the revenue was kept cannot be said.": "一年前没有付费客户：无法计算收入留存。",
    "No term has ended in the year: there is no renewal rate.": "这一年没有合同到期：没有续约率。",
    "{count:,} running terms have no known revenue; they count as none.": (
        "有 {count} 份执行中的合同收入未知，按零计算。"
    ),
    # calibration
    "No term has ended that could be looked at so early.": "没有可在如此早的时点考察的已到期合同。",
    "All ended alike: there is nothing to tell apart.": "结果全都相同：无从区分。",
    "It ranks no better than chance, as far as can be told.": "就目前所知，其排序并不优于随机。",
    "It ranks worse than chance: those that left had the lower risk.": "其排序比随机更差：离开者的风险反而更低。",
    "Its probabilities are no better than always saying the share that leaves.": "其概率并不优于始终取离开的比例。",
    "insufficient: {lost:d} churned and {kept:d} renewed terms, of {left:d} company that left; fitting needs "
    "{lost_least:d} and {kept_least:d}, and {left_least:d} companies": (
        "数据不足：{lost} 份流失、{kept} 份续约，来自 {left} 家已离开的公司；拟合需要 {lost_least} 份、"
        "{kept_least} 份和 {left_least} 家公司"
    ),
    "insufficient: {lost:d} churned and {kept:d} renewed terms, of {left:d} companies that left; fitting needs "
    "{lost_least:d} and {kept_least:d}, and {left_least:d} companies": (
        "数据不足：{lost} 份流失、{kept} 份续约，来自 {left} 家已离开的公司；拟合需要 {lost_least} 份、"
        "{kept_least} 份和 {left_least} 家公司"
    ),
}
