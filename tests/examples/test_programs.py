"""The example programs at work: a quarter of invented activity each, through the real import, to the point."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engage.actions.turns import program_version
from engage.core.state import MemberState
from engage.core.verdicts import fired
from engage.document import read_program
from engage.store.companies import company_id
from engage.store.database import Database
from engage.store.log import load_entries
from engage.store.members import every_member
from examples.programs.activity import HABITS, calls

PROGRAMS = Path(__file__).resolve().parents[2] / "examples" / "programs"
NAMES = sorted(HABITS)


def run(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "engage.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", NAMES)
async def test_a_quarter_of_work_earns_what_the_program_means_to_reward(name: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'engage.db'}"
    history = tmp_path / "history.ndjson"
    history.write_text(
        "".join(json.dumps(call) + "\n" for call in calls(name, members=16, weeks=14)), "utf-8"
    )
    document = PROGRAMS / f"{name}.yaml"
    run("program", "publish", str(document), "--database", url)
    run("import", str(history), "--database", url)
    run("verify", "--database", url)
    program = read_program(document.read_text("utf-8")).program
    assert program is not None
    members, fired = await _came_of_it(url, HABITS[name].company)
    assert len(members) == 16
    # Worth having and worth striving for: not all on one level, and nobody at the top after a few days.
    assert program.levels is not None
    levels = {member.level for member in members}
    assert len(levels) > 1
    # No rule is dead wood.
    triggered = {rule.id for rule in program.rules if rule.on is None}
    assert triggered - fired == set()
    done = {quest for member in members for quest, one in member.quests.items() if one.times}
    assert done, "nobody completed a quest"
    assert all(wallet.active <= wallet.earned for member in members for wallet in member.wallets.values())


async def _came_of_it(url: str, company: str) -> tuple[list[MemberState], set[str]]:
    """The members, and the rules that awarded, granted or multiplied something."""
    database = await Database.open(url)
    try:
        async with database.read() as s:
            id = await company_id(company)
            assert id is not None
            members = [state async for _, _, state in every_member(s, id)]
            fired_rules = {
                rule.id
                for stored in await load_entries(s, id, 0, 2**40)
                if stored.record.verdicts and (program := await program_version(stored.entry.program))
                for rule, code in zip(
                    program.rules_considered(stored.entry.name, stored.record.occasions),
                    stored.record.verdicts,
                    strict=True,
                )
                if fired(code)
            }
    finally:
        await database.close()
    return members, fired_rules
