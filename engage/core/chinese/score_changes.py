"""Profiles of the score, and what changed one."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    # profiles
    "Standard": "标准",
    "For companies of every stage and age.": "适用于任何阶段、任何合作时长的公司。",
    "A customer for {days:d} days.": "成为客户 {days} 天。",
    "In the stage {stage}.": "处于“{stage}”阶段。",
    "By the stage {stage}; another counts once it has held for four weeks.": (
        "按“{stage}”阶段；其他阶段持续四周后才计入。"
    ),
    "By the stage {stage}, a customer for {days:d} days.": "按“{stage}”阶段，成为客户 {days} 天。",
    "No profile fits the stage {stage}; another counts once it has held for four weeks.": (
        "没有适用于“{stage}”阶段的自定义方案；其他阶段持续四周后才计入。"
    ),
    "None of the profiles fits.": "不符合任何自定义评分方案的条件。",
    "{driver} {share:.0f} %": "{driver} {share}%",
    "{driver} {low:g} to {high:g}": "{driver} {low} 至 {high}",
    "Weights: {weight_list}.": "权重：{weight_list}。",
    "Weights: {weight_list}. From nothing to full points: {bound_list}.": (
        "权重：{weight_list}。从零分到满分：{bound_list}。"
    ),
    "The host's definition {version_name}.": "自定义评分定义 {version_name}。",
    "Profile of the score": "评分方案",
    "Scored as": "评分方案",
    # changes
    "Profile": "评分方案",
    "No longer known": "不再可知",
    "{driver_list}: known four weeks before, and not now": "{driver_list}：四周前可知，现在未知",
    "scored {how}, four weeks before {other}": "现在{how}评分，四周前{other}评分",
    "by the standard weights": "按标准权重",
    "as {profile_name}": "按“{profile_name}”方案",
    "{weeks:d} weeks before, the company was scored {how}: of the change since, {points:+.1f} points are due to the "
    "profile alone.": "{weeks} 周前该公司{how}评分：此后的变化中有 {points} 分仅由方案变化引起。",
    "From {day} on scored by version {version:d}.": "自 {day} 起按第 {version} 版评分。",
    "From {day} on scored by the built-in definition.": "自 {day} 起按内置定义评分。",
    "From {day} on scored by another definition, {how}.": "自 {day} 起按另一套定义、{how}评分。",
    "From {day} on scored {how}, before {other}.": "自 {day} 起{how}评分，此前{other}评分。",
    "Changes are not shown since scores of version {before:d}, which were reckoned in another way; version {now:d} "
    "can score past weeks anew (engage score --again).": (
        "健康分第 {before} 版的算法不同，因此不显示与其相比的变化；"
        "可用第 {now} 版重新计算过去各周（engage score --again）。"
    ),
    "Changes are not shown since scores by another definition of the host's; engage score --again scores past weeks "
    "anew.": "评分定义已更换，因此不显示与此前评分相比的变化；可重新计算过去各周（engage score --again）。",
    # peers
    "A company whose contract has ended is not compared.": "合同已结束的公司不参与比较。",
    "There are fewer than {k:d} other companies scored by the same profile.": "按同一方案评分的其他公司少于 {k} 家。",
    "Only companies scored by the same profile count. {text}": "只计按同一方案评分的公司。{text}",
}
