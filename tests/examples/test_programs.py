"""The example programs at work: a quarter of invented activity each, through the real import, to the point."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from engage.actions.turns import program_version
from engage.cli import run
from engage.core.state import MemberState
from engage.core.verdicts import fired
from engage.document import read_program
from engage.store.companies import company_id
from engage.store.database import Database
from engage.store.log import load_entries
from engage.store.members import every_member
from examples.programs.activity import HABITS, calls
from tests.docs_pages import page

PROGRAMS = Path(__file__).resolve().parents[2] / "examples" / "programs"
NAMES = sorted(HABITS)


def engage(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command line says; in this process, which has it loaded already."""
    assert run(arguments) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def backtest(name: str, draft: Path) -> tuple[list[str], str]:
    """The draft and the arguments of a program's backtest in the documentation, and what is shown there."""
    found = re.search(
        rf"^    (sed [^\n]*) examples/programs/{name}.yaml > draft.yaml\n    engage (backtest draft.yaml [^\n]*)\n\n"
        r"```text\n(.*?)\n```",
        page("what-if") + page("backtests"),
        re.MULTILINE | re.DOTALL,
    )
    assert found is not None, f"no backtest of {name} in the documentation"
    sed = [*shlex.split(found[1]), str(PROGRAMS / f"{name}.yaml")]
    changed = subprocess.run(sed, capture_output=True, text=True, check=True).stdout
    draft.write_text(changed, "utf-8")
    arguments = [str(draft) if word == draft.name else word for word in found[2].split()]
    return arguments, found[3]


@pytest.mark.parametrize("name", NAMES)
def test_a_quarter_of_work_earns_what_the_program_means_to_reward(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'engage.db'}"
    history = tmp_path / "history.ndjson"
    history.write_text(
        "".join(json.dumps(call) + "\n" for call in calls(name, members=16, weeks=14)), "utf-8"
    )
    document = PROGRAMS / f"{name}.yaml"
    engage(capsys, "program", "publish", str(document), "--database", url)
    engage(capsys, "import", str(history), "--database", url)
    engage(capsys, "verify", "--database", url)
    asked, shown = backtest(name, tmp_path / "draft.yaml")
    told = engage(capsys, *asked, "--database", url)
    assert re.sub(r" +$", "", told, flags=re.MULTILINE).rstrip() == shown, "the page shows another backtest"
    program = read_program(document.read_text("utf-8")).program
    assert program is not None
    members, fired = asyncio.run(_came_of_it(url, HABITS[name].company))
    assert len(members) == 16
    # Worth having and worth striving for: not all on one level, and nobody at the top after a few days.
    assert program.levels is not None
    levels = {member.level for member in members}
    assert len(levels) > 1
    # No rule is dead wood.
    triggered = {rule.id for rule in program.rules if rule.on is None}
    assert triggered - fired == set()
    joined = [one for member in members if (one := member.referral) is not None and one.via is not None]
    assert len(joined) == HABITS[name].newcomers
    assert bool(joined) == any(one.active for one in joined)
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
