"""Erasing people from the archive: its files are written anew, and are in force with the transaction or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from engage.actions import archive as archiving
from engage.actions import checkpoint as taking
from engage.actions import erase as erasing
from engage.actions.erase import Erased, erase
from engage.actions.erase_files import Rewriting, erase_from_files
from engage.errors import Conflict, NotFound, Unavailable
from engage.store.parquet import Folder
from tests.actions.archives import archived, columns, files, six_months, start_of
from tests.actions.host import DAY, Host
from tests.actions.test_give import GIVING, gift
from tests.places import ON_SQLITE

pytestmark = [pytest.mark.usefixtures("small_steps"), ON_SQLITE]
MONTH = "2026-09"
READ = (
    "member",
    "member_number",
    "message_id",
    "event",
    "properties",
    "body",
    "kind",
    "previous",
    "decision",
)


async def erased(host: Host, folder: Folder | None, *members: str, **changes: Any) -> Erased:
    asked: dict[str, Any] = {"company": "acme", "members": members, "actor": "dpo", "now": host.now}
    return await erase(host.database, archive=folder, **(asked | changes))


def listed(host: Host) -> set[str]:
    return {name for (name,) in host.place.rows("SELECT name FROM engage_archive")}


async def sound(host: Host) -> None:
    assert (await host.verify()).difference is None


async def test_a_file_loses_what_was_theirs_and_keeps_everything_else(host: Host, folder: Folder) -> None:
    await six_months(host)
    await archived(host, folder, start_of(MONTH))
    before, names = columns(folder, *READ), listed(host)
    done = await erased(host, folder, "ann")
    after = columns(folder, *READ)
    own = [row for row in after if row[0] == "acme" and row[3] == 1]
    assert len(own) > 30
    assert {(row[2], row[4], row[6]) for row in own if row[8] == "track"} == {(" erased:1", None, "{}")}
    assert [row for row in after if row not in own] == [
        row for row in before if row[3] != 1 or row[0] != "acme"
    ]
    assert [(*row[:2], *row[8:]) for row in after] == [(*row[:2], *row[8:]) for row in before]
    assert (done.files, done.archived) == (len(names - listed(host)), ())
    assert {*files(folder)} == listed(host)
    await sound(host)
    [acme] = await archived(host, folder, start_of("2026-11"), company="acme")
    assert acme.dropped
    assert (await erased(host, folder, "bob")).files > done.files
    assert {row[2] for row in columns(folder, "member") if row[0] == "acme"} == {
        None,
        " erased:1",
        " erased:2",
    }
    assert {*files(folder)} == listed(host)
    await sound(host)


async def test_words_of_gifts_go_from_both_sides(host: Host, folder: Folder) -> None:
    await host.publish(GIVING)
    await host.send(*(host.track(who) for who in ("ann", "bob", "cid")))
    await gift(host, 20, "k")
    await gift(host, 20, "l", member="bob", to="cid", message="See you", actor="bob")
    host.now += 99 * DAY
    await archived(host, folder, host.now)
    assert sum("weekend" in row[2] for row in columns(folder, "properties")) == 2
    await erased(host, folder, "ann")
    said = [row[2] for row in columns(folder, "properties")]
    assert not any("weekend" in one or "ann" in one for one in said)
    assert sum("See you" in one for one in said) == 2
    await sound(host)


async def test_what_is_not_done_leaves_the_files_as_they_were(
    host: Host, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    await six_months(host)
    await archived(host, folder, start_of(MONTH))
    before, rows = files(folder), host.stored_rows()
    assert (await erased(host, folder, "ann", rehearse=True)).archived
    with pytest.raises(NotFound):
        await erased(host, folder, "ann", "nobody")
    with monkeypatch.context() as patched:
        patched.setattr(erasing, "load_files", nothing)  # as read for the files to write
        with pytest.raises(Conflict, match="archived or changed meanwhile"):
            await erased(host, folder, "ann")
    assert (files(folder), host.stored_rows()) == (before, rows)
    damaged = folder.path / next(name for name in sorted(before) if name.startswith("acme"))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    with pytest.raises(Conflict, match="is not as it was written; it was left as it is"):
        await erased(host, folder, "ann")
    assert host.stored_rows() == rows


async def nothing(*_: object) -> list[Any]:
    return []


@pytest.mark.parametrize("committed", [True, False])
async def test_one_that_is_cut_short_is_tidied_by_the_next(
    host: Host, folder: Folder, monkeypatch: pytest.MonkeyPatch, *, committed: bool
) -> None:
    """Neither after the commit nor before it is anything removed that may be in force."""
    await six_months(host)
    await archived(host, folder, start_of(MONTH))

    async def lost(*_: object) -> None:
        raise Unavailable("nobody knows")

    with monkeypatch.context() as patched:
        if committed:
            patched.setattr(Rewriting, "settle", lambda self, done: None)
            await erased(host, folder, "ann")
        else:
            patched.setattr(erasing, "seal", lost)
            with pytest.raises(Unavailable):
                await erased(host, folder, "ann")
    assert listed(host) < {*files(folder)}
    await sound(host)
    if committed:
        await archived(host, folder, start_of(MONTH))
    else:
        await erased(host, folder, "ann")
    assert {*files(folder)} == listed(host)
    assert not any(row[2] == "ann" for row in columns(folder, "member"))
    await sound(host)


async def test_who_was_erased_without_the_folder_is_erased_from_it_later(host: Host, folder: Folder) -> None:
    """By the numbers: what they were called is in the files themselves."""
    await host.publish(GIVING)
    await host.send(*(host.track(who) for who in ("ann", "bob", "cid")))
    await gift(host, 20, "k")
    host.now += 99 * DAY
    await archived(host, folder, host.now)
    host.now += DAY
    await host.send(host.track("ann"), host.track("dan"))
    await erased(host, None, "ann", "dan")
    assert await erase_from_files(host.database, folder, "acme", now=host.now) == 1
    said = [str(row) for row in columns(folder, "member", "message_id", "properties", "body")]
    assert not any("weekend" in one or "ann" in one for one in said)
    assert {*files(folder)} == listed(host)
    rows = host.stored_rows()
    assert await erase_from_files(host.database, folder, "acme", now=host.now) == 0
    assert host.stored_rows() == rows
    await sound(host)


# --- without the folder -------------------------------------------------------------------------------------


async def test_files_of_the_archive_keep_what_they_hold_and_are_named(host: Host, folder: Folder) -> None:
    await six_months(host)
    await archived(host, folder, start_of("2026-09"))
    await host.send(host.track("cid"))
    names = [name for (name,) in host.place.rows("SELECT name FROM engage_archive ORDER BY first_seq")]
    done = await erased(host, None, "ann")
    assert done.archived == tuple(name for name in names if name.startswith("acme/")) != ()
    assert (await erased(host, None, "cid")).archived == ()
    await sound(host)
    await archived(host, folder, host.now + DAY)
    await sound(host)
    with pytest.raises(Conflict, match="were erased"):
        await host.verify(archive=folder)


async def test_a_file_begun_before_is_named_and_not_taken_for_what_is_there_now(
    host: Host, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    await six_months(host)

    async def erased_meanwhile(*asked: Any, **more: Any) -> int | None:
        await erased(host, None, "ann")
        return await taking.take_checkpoint(*asked, **more)

    with monkeypatch.context() as patched:
        patched.setattr(archiving, "take_checkpoint", erased_meanwhile)
        with pytest.raises(Conflict, match="another process"):
            await archived(host, folder, start_of("2026-09"), company="acme")
    with pytest.raises(Conflict, match="holds other entries") as refused:
        await archived(host, folder, start_of("2026-09"), company="acme")
    assert str(refused.value).split(" holds ")[0] in {str(folder.path / name) for name in files(folder)}
    for name in files(folder):
        (folder.path / name).unlink()
    [acme] = await archived(host, folder, start_of("2026-09"), company="acme")
    assert acme.dropped > 30
    assert not any("ann" in str(row) for row in columns(folder, "member", "properties", "message_id"))
    await sound(host)
