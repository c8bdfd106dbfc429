"""Interventions on the command line: logged, corrected, withdrawn."""

from __future__ import annotations

from tests.test_cli import Engage, complaint
from tests.test_cli import engage as engage  # the fixture


def test_a_mistake_is_corrected_with_a_reason_and_withdrawn(engage: Engage) -> None:
    for company in ("acme", "globex"):
        assert engage("company", "create", company).code == 0
    said = ("intervention", "log", "w", "--what", "A workshop", "--company", "acme", "--day")
    assert engage(*said, "2026-05-04").out == "w is logged for 1 companies\n"
    assert "say why" in complaint(engage(*said, "2026-05-05"))
    assert engage(*said, "2026-05-05", "--reason", "it was a day later").code == 0
    shown = engage("intervention", "show", "w")
    assert "day was 2026-05-04, now 2026-05-05" in shown.out
    assert "it was a day later" in shown.out
    gone = engage("intervention", "withdraw", "w", "--reason", "nobody came")
    assert gone.out == "w is withdrawn\n"
    assert "withdrawn" in engage("intervention", "list").out
    [kept] = engage("intervention", "list", "--json").json["data"]
    assert [change["reason"] for change in kept["changes"]] == ["it was a day later", "nobody came"]
