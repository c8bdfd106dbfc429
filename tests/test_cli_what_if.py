"""What a program would do, on the command line: warnings, a dry run, a backtest."""

from __future__ import annotations

from pathlib import Path

from tests.test_cli import QUICKSTART, Engage
from tests.test_cli import engage as engage  # the fixtures
from tests.test_cli import history as history


def test_a_backtest_is_written_as_a_page_and_a_price_of_nothing_is_told(
    engage: Engage, history: Path, tmp_path: Path
) -> None:
    assert engage("program", "publish", QUICKSTART).code == 0
    assert engage("import", history).code == 0
    period = ("--company", "acme", "--from", "2026-06-01", "--to", "2026-06-30")
    asked = ("--price", "point=0.01", "--page", "tried.html", "--lang", "zh-Hans")
    done = engage("backtest", QUICKSTART, *period, *asked)
    assert done.code == 0
    assert "nothing was awarded in 'point': its price is of no use" in done.error
    page = (tmp_path / "tried.html").read_text("utf-8")
    assert '<html lang="zh-Hans">' in page
    assert "发放的 points" in page


DEALS = """
name: Deals
currencies: {points: {}}
events: {Deal Won: {properties: {value: {type: number}}}}
rules: [{id: deal, trigger: Deal Won, effects: [award: {rate: 0.1, of: event.properties.value}]}]
"""


def test_what_is_probably_misspelt_is_told(engage: Engage, tmp_path: Path) -> None:
    (tmp_path / "deals.yaml").write_text(DEALS)
    first, again = (engage("program", "publish", "deals.yaml", "--company", "acme") for _ in range(2))
    assert "there was no company 'acme': it is created" in first.error
    assert "company" not in again.error
    tried = engage(
        *("dry-run", "--company", "acme", "--member", "ann", "--event", "Deal Won"), "--property", "value=ten"
    )
    assert "! property 'value' is not of its declared type; taken as missing" in tried.out
    tried = engage("dry-run", "--company", "acme", "--member", "ann", "--event", "Deal won")
    assert "! event 'Deal won' is not declared; did you mean 'Deal Won'?" in tried.out


def test_a_backtest_of_a_period_without_events_says_so(engage: Engage, history: Path) -> None:
    assert engage("program", "publish", QUICKSTART).code == 0
    assert engage("import", history).code == 0
    done = engage("backtest", QUICKSTART, "--company", "acme", "--from", "2020-06-01", "--to", "2020-06-30")
    assert (done.code, done.out.splitlines()[1:]) == (0, ["nothing was recorded then"])


def test_check_and_publish_warn_of_a_rule_that_never_fires(engage: Engage, tmp_path: Path) -> None:
    idle = tmp_path / "idle.yaml"
    idle.write_text(
        "name: Idle\ncurrencies: {points: {}}\nevents: {Report Exported: {}}\nrules:\n"
        "  - id: a\n    trigger: Report Exported\n    effects: [{award: 10}]\n"
        "    limits:\n      - {per: member, window: day, amount: 5, over: refuse}\n"
    )
    warning = "idle.yaml:9:9: rules[0].limits[0]: rule 'a' never fires: it awards 10 at once"
    ended = engage("program", "check", "idle.yaml")
    assert ended.code == 0
    told, summary = ended.out.splitlines()
    assert told.startswith(warning)
    assert summary == "idle.yaml is valid but for 1 warning: 1 event, 1 rule"
    found = engage("program", "check", "idle.yaml", "--json").json
    assert (found["valid"], found["problems"], found["warnings"][0]["line"]) == (True, [], 9)
    assert engage("program", "publish", "idle.yaml").error.startswith(warning)
