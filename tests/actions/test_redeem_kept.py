"""Redemptions and gifts over time: through a checkpoint and the archive, and with what is stored damaged."""

from __future__ import annotations

import pytest

from engage.core.ledger import HELD, account
from engage.errors import Archived
from engage.store.parquet import Folder
from tests.actions.archives import archived, files
from tests.actions.host import DAY, Host
from tests.actions.test_give import gift
from tests.actions.test_redeem import REWARDS, Shop
from tests.places import ON_SQLITE

BOTH = f"{REWARDS}\ngiving: [{{currency: points, window: week, allowance: 50}}]\n"


@pytest.fixture
async def shop(host: Host) -> Shop:
    await host.publish(BOTH)
    await host.send(host.track("ann"), host.track("bob"))
    return Shop(host)


async def test_what_is_archived_can_still_be_finished(shop: Shop, folder: Folder, small_steps: None) -> None:
    host = shop.host
    await shop.upload("course", "CODE-1")
    waiting = [await shop.request(reward, key=reward) for reward in ("seat", "mug", "course")]
    await shop.step("fulfil", waiting[1].redemption.id)
    await gift(host, 20, "thanks", message="for your help")
    host.now += 70 * DAY
    await host.send(host.track("ann"))
    [done] = await archived(host, folder, host.now - DAY)
    assert done.dropped > 5
    assert await shop.agrees()
    with pytest.raises(Archived):
        await shop.request("seat", key="seat")
    seat, mug, course = (one.redemption.id for one in waiting)
    assert (await shop.step("approve", seat)).redemption.status == "approved"
    assert (await shop.step("fulfil", seat)).redemption.status == "fulfilled"
    assert (await shop.step("cancel", mug)).redemption.status == "cancelled"
    given = (await shop.step("approve", course)).redemption
    assert (given.status, given.code) == ("fulfilled", "CODE-1")
    assert await shop.purse() == (150, 0, 50)
    assert await shop.agrees()
    assert (await host.verify(archive=folder)).difference is None
    assert not [name for name, content in files(folder).items() if b"CODE-1" in content]


async def test_a_redemption_goes_on_after_a_checkpoint(shop: Shop) -> None:
    asked = (await shop.request("jacket")).redemption
    await shop.host.checkpoint()
    await shop.step("approve", asked.id)
    await shop.host.checkpoint()
    await shop.step("cancel", asked.id)
    assert await shop.purse() == (100, 0, 0)
    assert await shop.agrees()


DAMAGES = {
    "held points gone": f"UPDATE engage_transfer SET amount = 1 WHERE target = {account(1, HELD)}",
    "a redemption gone": "DELETE FROM engage_redemption",
    "another price": "UPDATE engage_redemption SET amount = amount - 1",
    "another status": "UPDATE engage_redemption SET status = 1",
    "another member": "UPDATE engage_redemption SET member_id = 2",
    "half a gift": "DELETE FROM engage_transfer WHERE seq = (SELECT MAX(seq) FROM engage_entry)",
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damage_is_found(shop: Shop, damage: str) -> None:
    await shop.request("jacket")
    await gift(shop.host, 20, "thanks")
    assert await shop.agrees()
    shop.host.tamper(DAMAGES[damage])
    assert not await shop.agrees()


@ON_SQLITE
async def test_codes_are_not_in_what_is_logged(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    await shop.upload("voucher", "CODE-2")
    assert (await shop.request("voucher")).redemption.code == "CODE-2"
    assert "CODE-2" not in caplog.text
