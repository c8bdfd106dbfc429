"""Companies set by the host: only ids that calls can name, and no entry for what is as it was."""

from __future__ import annotations

import pytest

from engage.actions.companies import set_company
from engage.errors import InvalidRequest
from tests.actions.host import PROGRAM, Host

IMPOSSIBLE = ["", " ", "acme ", "\tacme", "ac\0me", "\ud800", "x" * 256]


@pytest.mark.parametrize("id", IMPOSSIBLE)
async def test_an_id_that_no_call_could_name_creates_no_company(host: Host, id: str) -> None:
    with pytest.raises(InvalidRequest, match="id has 1 to 255"):
        await set_company(host.database, id, now=host.now)
    with pytest.raises(InvalidRequest, match="id has 1 to 255"):
        await host.publish(PROGRAM, id)
    assert (host.count("company"), host.count("program")) == (0, 0)


async def test_what_is_as_it_was_leaves_no_entry(host: Host) -> None:
    changes = {"name": "Acme", "timezone": "Asia/Tokyo", "seats": 5}
    assert await set_company(host.database, "acme", **changes, now=host.now)  # type: ignore[arg-type]
    assert not await set_company(host.database, "acme", **changes, now=host.now)  # type: ignore[arg-type]
    assert host.count("entry") == 1
    await set_company(host.database, "acme", seats=6, now=host.now)
    assert host.count("entry") == 2
    company = await host.company()
    assert (company.name, company.timezone, company.seats) == ("Acme", "Asia/Tokyo", 6)
    assert (await host.verify()).difference is None


@pytest.mark.parametrize(
    "changes",
    [{"timezone": "Mars/Olympus"}, {"timezone": ""}, {"timezone": "../UTC"}, {"seats": -1}, {"seats": 10**9}],
)
async def test_an_impossible_setting_creates_nothing(host: Host, changes: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        await set_company(host.database, "acme", **changes, now=host.now)  # type: ignore[arg-type]
    assert host.count("company") == 0
