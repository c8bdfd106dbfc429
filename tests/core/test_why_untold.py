"""Of which sections nothing is told, and the reason that is given, which is to be true of the report beside it."""

from __future__ import annotations

import pytest

from engage.core.language import LANGUAGES
from engage.core.outline import outline
from engage.core.privacy import NOT_SHOWN
from engage.core.telling import in_language
from tests.web.console_samples import measured


@pytest.mark.parametrize("members, share", [(3, 1.0), (8, 1.0), (15, 0.8), (60, 0.8), (60, 0.05), (120, 0.5)])
def test_a_reason_is_given_where_nothing_is_told_of_members_and_nowhere_else(
    members: int, share: float
) -> None:
    for section in outline(measured(members, share)):
        if section.table is None:
            continue
        texts = [
            cell.text
            for row in section.table.rows
            for column, cell in zip(section.table.columns, row, strict=True)
            if not isinstance(cell, str)
            and cell.value != 0
            and not (section.name in ("departments", "roles") and column.name == "members")
        ]
        told = [text for text in texts if text not in (NOT_SHOWN, "not measured")]
        assert bool(section.untold) == (not told), section.name
        for language in LANGUAGES[1:]:
            said = in_language(section, language).untold
            assert bool(said) == bool(section.untold)
            assert said != section.untold or not said


def test_the_reason_is_the_number_of_members_then_who_is_active_then_the_rule_of_the_section() -> None:
    def why(members: int, share: float) -> set[str]:
        return {one.untold for one in outline(measured(members, share)) if one.untold}

    assert "told from 9 members on at the earliest, and there are 8" in why(8, 1.0)
    assert "told once at least 5 members are known to be active in four weeks" in why(60, 0.05)
    assert not any("known to be active" in one or "at the earliest" in one for one in why(120, 0.5))
