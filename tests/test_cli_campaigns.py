"""Campaigns on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.test_cli import Engage, complaint
from tests.test_cli import engage as engage  # the fixture


def test_campaigns_are_listed_and_one_is_shown(engage: Engage, tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    (tmp_path / "program.yaml").write_text(f"""\
name: Pushes
currencies: {{points: {{}}}}
events: {{Report Exported: {{}}}}
campaigns:
  autumn: {{from: 2999-09-01, until: 2999-09-30}}
  spring:
    name: Spring push
    from: {today - timedelta(days=90)}
    until: {today + timedelta(days=90)}
    budgets: [{{amount: 500}}]
    rules: [{{id: bonus, trigger: Report Exported, effects: [award: 10]}}]
quests: [{{id: ten, campaign: spring, goal: {{event: Report Exported, reach: 10}}, effects: [award: 9]}}]
""")
    checked = engage("program", "check", "program.yaml").out
    assert checked == "program.yaml is valid: 1 event, 1 rule, 1 quest, 2 campaigns\n"
    assert engage("program", "publish", "program.yaml").code == 0
    assert engage("company", "create", "acme").code == 0
    assert engage("campaign", "pause", "acme", "spring", "--reason", "too dear").code == 0

    listed = engage("campaign", "list", "acme", "--json").json
    assert [(one["id"], one["state"]) for one in listed] == [("spring", "paused"), ("autumn", "planned")]
    shown = engage("campaign", "show", "acme", "spring")
    assert "500 points, 500 left" in shown.out
    assert "too dear" in shown.out
    assert "ten" in shown.out
    assert engage("campaign", "show", "acme", "spring", "--json").json == listed[0]
    tried = engage("dry-run", "--company", "acme", "--member", "ann", "--event", "Report Exportd")
    assert "did you mean 'Report Exported'?" in tried.out
    assert "verdict" not in tried.out
    words = "there is no campaign 'winter' in the program of 'acme'"
    assert complaint(engage("campaign", "show", "acme", "winter")) == words
    assert complaint(engage("campaign", "list", "nobody")) == "there is no company 'nobody'"
