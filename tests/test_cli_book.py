"""What the commands of the book say of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.cli.value import check

TIER = "tiers: [{id: a, name: A, at_least: {seats: 1}}]\n"
PROFILE = "score: {profiles: [{id: all, name: All, weights: {activity: 0.5, tenure: 0.5}}]}\n"


@pytest.mark.parametrize(
    "book, told",
    [("{}", "0 tiers"), (TIER, "1 tier"), (TIER + PROFILE, "1 tier, 1 profile of the score, definition ")],
)
def test_a_book_is_told_by_what_is_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], book: str, told: str
) -> None:
    file = tmp_path / "book.yaml"
    file.write_text(book)
    check(str(file))
    assert capsys.readouterr().out.startswith(f"{file} is valid: {told}")
