"""The calibration card in the terminal: every forecast, every horizon, within 80 columns; and who is listed first."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from typer import BadParameter

from engage.actions.score import ScoredCompany
from engage.cli.calibration import tell
from engage.cli.signal import _day, _whom_to_call_first
from engage.core.accuracy import Accuracy, Calibration, measure, threshold
from engage.core.reports import Health

RISKS = [0.1, 0.2, 0.5, 0.7] * 30
CHURNED = [False, False, False, True, *[False] * 4] * 15
HORIZONS = ("0", "30", "60", "90", "180")


@pytest.fixture
def measured() -> Accuracy:
    found = measure(RISKS, RISKS, CHURNED)
    bands = tuple(
        threshold(name, [risk > least for risk in RISKS], CHURNED)
        for name, least in (("at_risk", 0.6), ("watch", 0.4))
    )
    return replace(found, scored=100, thresholds=bands)


def test_it_tells_ranks_bands_parts_and_lead_time_of_each_horizon(
    measured: Accuracy, capsys: pytest.CaptureFixture[str]
) -> None:
    expert = {days: replace(measured, lead_days=28) for days in HORIZONS}
    few = Accuracy(440, 2, text="insufficient: 2 churned")
    tell(Calibration(expert, {"0": measured, "90": few}))
    out = capsys.readouterr().out
    lines = [line.split() for line in out.splitlines()]
    assert max(map(len, out.splitlines())) <= 80
    rows = [" ".join(line) for line in lines]
    for days in HORIZONS:
        assert any(row.startswith(f"score {days} 120 15 100 ") and " ~0.9 too few " in row for row in rows)
        assert f"score {days} at risk 30 15 50.0 % 100.0 %" in rows
        assert f"score {days} on watch or worse 60 15 25.0 % 100.0 %" in rows
    assert "fitted 90 440 2 0 - - - - -" in rows
    assert [line[:3] for line in lines].count(["9", "70.0", "25.0"]) == 2
    assert "28 days or more" in " ".join(out.split())
    assert out.count("insufficient: 2 churned") == 1
    assert "too few: fewer than 20 terms left or stayed" in out


def test_without_a_term_that_ended_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    tell(Calibration({"0": measure([], [], [])}, {}))
    words = " ".join(capsys.readouterr().out.split())
    assert words == "No term is known that has ended: `engage import --kind terms FILE` brings them."


def test_terms_of_companies_that_were_never_scored_name_the_command_that_scores(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tell(Calibration({"0": measure([0.1, 0.2], [0.1, 0.2], [False, True])}, {}))
    assert "Run `engage score` first" in capsys.readouterr().out
    tell(Calibration({"0": replace(measure([0.1, 0.2], [0.1, 0.2], [False, True]), scored=1)}, {}))
    assert "engage score" not in capsys.readouterr().out


def test_what_a_forecast_does_not_know_is_said_of_it_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    risks = [0.1, 0.2, 0.3, 0.4] * 30
    found = measure(risks, [0.25] * 120, [True, *[False] * 4] * 24)
    tell(Calibration({"0": found, "30": found}, {}, before=1234))
    told = " ".join(capsys.readouterr().out.split())
    assert f" {found.auc:.3f} {found.auc_low:.2f}-{found.auc_high:.2f} " in told
    assert "too few" not in told
    assert "1,234 terms ended before the first week that was measured: no more" in told
    assert "score, 0, 30 days: It ranks no better than chance, as far as can be told." in told


def test_whom_to_call_comes_first_and_who_has_left_last() -> None:
    def scored(name: str, value: int | None, *, left: bool = False) -> ScoredCompany:
        health = Health("2026-06-28", value, "watch" if value else "unscored", "low", "")
        return ScoredCompany(name, name, health, "churned" if left else "adopting")

    companies = [scored("left", 10, left=True), scored("few", None), scored("fine", 80), scored("low", 30)]
    listed = [one.company for one in sorted(companies, key=_whom_to_call_first)]
    assert listed == ["low", "fine", "few", "left"]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_no_score_is_asked_for_as_of_a_day_from_which_nothing_can_be_reckoned(day: str) -> None:
    with pytest.raises(BadParameter, match="must be a day from 1970-01-01 to 9998-12-31"):
        _day(day)
