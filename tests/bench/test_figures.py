"""The sums over rounds, and the shape of what is told."""

from __future__ import annotations

import pytest

from engage.bench.figures import FIGURES, Figure, Sample, choose, summarise
from engage.errors import InvalidRequest

RATIO = Figure("a", "events/s", "", "raw", "ratio", 0.5, 0.75)
BYTES = Figure("b", "bytes", "", "", "value", 450, 250, less_is_better=True)


def test_the_ratio_is_of_each_round_so_a_machine_that_drifts_does_not_move_it() -> None:
    result = summarise(RATIO, [Sample(60, 100), Sample(6, 10), Sample(600, 900)])
    assert (result.value, result.limit, result.ratio) == (60, 100, 0.6)
    assert result.spread.value == (6, 600)
    assert result.spread.ratio == (0.6, 0.6667)
    assert result.rounds == 3


@pytest.mark.parametrize(
    "figure, sample, met",
    [
        (RATIO, Sample(75, 100), "aim"),
        (RATIO, Sample(74, 100), "at least"),
        (RATIO, Sample(49, 100), "missed"),
        (BYTES, Sample(250), "aim"),
        (BYTES, Sample(251), "at least"),
        (BYTES, Sample(451), "missed"),
        (Figure("c", "", "", ""), Sample(1, 2), ""),
    ],
)
def test_a_figure_is_held_to_what_was_asked_of_it(figure: Figure, sample: Sample, met: str) -> None:
    assert summarise(figure, [sample]).met == met


def test_names_are_chosen_by_pattern_and_one_that_matches_nothing_is_refused() -> None:
    assert choose([]) == [figure.name for figure in FIGURES]
    assert choose(["sqlite_batch_500"]) == ["sqlite_batch_500"]
    assert set(choose(["sqlite_*"])) >= {"sqlite_batch_500", "sqlite_batch_500_one"}
    with pytest.raises(InvalidRequest, match="no figure is called 'sqlit'"):
        choose(["sqlit"])


def test_figures_are_named_once() -> None:
    names = [figure.name for figure in FIGURES]
    assert len(set(names)) == len(names)
