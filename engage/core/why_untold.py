"""Why nothing is told of a section of a report, and what would change it, in half a sentence.

Made of the rules, the number of members and what the report tells elsewhere, so that it says nothing more. Must not
know how a section is read or drawn.
"""

from __future__ import annotations

from collections.abc import Collection

from engage.core.language import say
from engage.core.privacy import Figure
from engage.core.reports import CompanyReport


def why_untold(name: str, figures: Collection[Figure], report: CompanyReport) -> str:
    """`name` is the section's, and `figures` are those of it that are about what members do."""
    k, steps = report.k, {step.name: step.figure for step in report.funnel}
    if name == "score_history":
        return say("no week has a score yet")
    if all(figure.hidden in ("", "missing") for figure in figures):
        return say("not measured in this period")
    members = steps["members"].value if "members" in steps else None
    if members is not None and members < 2 * k - 1:
        return say(
            "told from {least:d} members on at the earliest, and there are {members:d}",
            least=2 * k - 1,
            members=round(members),
        )
    if name not in ("levels", "roles") and "active" in steps and steps["active"].floor < k:
        return say("told once at least {k:d} members are known to be active in four weeks", k=k)
    return _by_its_rule(name, report)


def _by_its_rule(name: str, report: CompanyReport) -> str:
    """With members enough, and enough of them active."""
    k = report.k
    if name == "roles" and report.departments is not None and report.departments.rows:
        return say(
            "told by size alone beside departments: who knows who is in which could subtract the one from the other"
        )
    if name in ("departments", "roles"):
        return say(
            "told together or not at all, as one would follow from the others: it takes {k:d} members in each who are "
            "active and {k:d} who are not, or larger ones",
            k=k,
        )
    if name == "levels":
        return say(
            "told in bands of {width:d} members, which leave too little room here: it takes more members, or others "
            "at the levels",
            width=2 * k,
        )
    if name == "moves":
        return say(
            "told from {least:d} members on who are active in a week or stand at a level",
            least=4 * k - 1,
        )
    if name == "cohorts":
        return say(
            "told in bands of {width:d} members, from {least:d} active members on: it takes a second month of four "
            "weeks, and room beside what was told before",
            width=2 * k,
            least=4 * k - 1,
        )
    if name == "champions":
        return say("told once it can be told how many members have the habit")
    return say("behind each figure fewer than {k:d} members may stand, or all but fewer than {k:d}", k=k)
