"""The command line as a person and a script meet it: exit codes, one line for a mistake, clean JSON."""

from __future__ import annotations

import os
import pty
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.commands import Ended, run_command
from tests.places import Place, PostgresPlace

REPOSITORY = Path(__file__).resolve().parent.parent
QUICKSTART = REPOSITORY / "examples" / "programs" / "quickstart.yaml"
SECONDS = 60

COMMANDS = (
    *(
        "serve",
        "migrate",
        "key create",
        "key list",
        "key revoke",
        "company create",
        "program check",
        "program diff",
        "program publish",
        "template publish",
        "template proposal",
        "campaign list",
        "campaign show",
    ),
    *("import", "score", "calibrate", "report", "verify", "rejects", "doctor", "backup", "archive"),
    *("dry-run", "backtest", "outcomes", "export", "book set"),
)


Engage = Callable[..., Ended]


@pytest.fixture
def engage(tmp_path: Path) -> Engage:
    def run(*arguments: str | Path, **environment: str) -> Ended:
        done = run_command([*map(str, arguments)], tmp_path, os.environ | environment, SECONDS)
        assert "Traceback" not in done.error, done.error
        return done

    return run


def complaint(ended: Ended) -> str:
    """The one line of an error."""
    [line] = ended.error.splitlines()
    assert line.startswith("engage: error: ")
    return line.removeprefix("engage: error: ")


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "history.csv"
    rows = [f"m{n},Report Exported,acme,e{n % 6},2026-06-{n % 28 + 1:02}T09:00:00Z" for n in range(60)]
    path.write_text("messageId,event,groupId,userId,timestamp\n" + "\n".join(rows) + "\n")
    return path


# --- help and usage -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(engage: Engage, command: str) -> None:
    ended = engage(*command.split(), "--help")
    assert (ended.code, ended.error) == (0, "")
    assert ended.out.startswith(f"Usage: engage {command}")
    prints_data = command != "serve"
    assert ("--json" in ended.out) == prints_data
    assert ("--database" in ended.out) == (command != "program check")


def test_the_top_lists_every_command(engage: Engage) -> None:
    listed = engage("--help").out
    for command in COMMANDS:
        assert f"\n  {command.split()[0]} " in listed
    assert engage().code == 2


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["import"], "Missing argument"),
        (["import", "a.csv", "--map", "user"], "'user' is not COLUMN=FIELD"),
        (["import", "a.csv", "--kind", "people"], "--kind"),
        (["key", "create"], "--kind"),
        (["key", "create", "--kind", "admin"], "for '--kind': 'admin' is not one of"),
        (["score", "--date", "yesterday"], "'yesterday' is not a day"),
        (["serve", "--port", "http"], "for '--port': must be a whole number;"),
        (["report", "acme", "--format", "docx"], "docx"),
        (["verify", "--frobnicate"], "--frobnicate"),
        (["archive"], "--to"),
        (["archive", "--to", "old"], "give one of the two"),
        (["archive", "--to", "old", "--months", "1", "--before", "2026-01-01"], "give one of the two"),
        (["archive", "--to", "old", "--months", "-1"], "--months"),
        (["archive", "--to", "old", "--before", "yesterday"], "'yesterday' is not a day"),
    ],
)
def test_a_wrong_call_is_one_line_and_exit_code_2(engage: Engage, arguments: list[str], words: str) -> None:
    ended = engage(*arguments)
    assert ended.code == 2
    assert words in complaint(ended)
    assert ended.out == ""


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["program", "check", "nope.yaml"], "nope.yaml: No such file"),
        (["program", "check", "folder"], "folder: Is a directory"),
        (["program", "check", "binary.yaml"], "binary.yaml:2: not UTF-8"),
        (["program", "diff", str(QUICKSTART)], "there is no database engage.db"),
        (["import", "nope.csv"], "nope.csv: no such file"),
        (["import", "folder"], "folder is a directory"),
        (["import", "pipe.csv"], "pipe.csv is not a regular file"),
        (["import", "bad.parquet"], "bad.parquet cannot be read"),
        (["import", "binary.yaml"], "what kind of file is it"),
        (["verify"], "there is no database"),
        (["backup", "copy.db"], "there is no database"),
        (["archive", "--to", "old", "--months", "3"], "there is no database"),
        (["backup", "folder", "--database", "sqlite:///binary.yaml"], "is a folder"),
        (["backup", "copy.db", "--database", "sqlite:///binary.yaml"], "cannot copy binary.yaml"),
        (["backup", "no/such/copy.db", "--database", "sqlite:///binary.yaml"], "No such file or directory"),
        (["report", "acme"], "there is no database"),
        (["score", "--database", "mysql://x"], "not a database URL"),
        (["migrate", "--database", "sqlite:///no/such/folder/engage.db"], "No such file or directory"),
        (["migrate", "--database", "sqlite:///folder"], "cannot"),
        (["migrate", "--database", "sqlite:///binary.yaml"], "cannot"),
        (["company", "create", "acme", "--timezone", "Mars"], "'Mars' is not an IANA time zone"),
        (["company", "create", "acme", "--timezone", "Europe/Berln"], "did you mean 'Europe/Berlin'?"),
        (["company", "create", "acme", "--timezone", "new york"], "did you mean 'America/New_York'?"),
        (["company", "create", "acme", "--seats", "-4"], "seats"),
        (["serve", "--host", "203.0.113.1"], "cannot listen on 203.0.113.1"),
        (["serve", "--workers", "3"], "PostgreSQL"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_1(
    engage: Engage, tmp_path: Path, arguments: list[str], words: str
) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 but no more")
    (tmp_path / "binary.yaml").write_bytes(b"name: x\n\xff\xfe: 1\n" * 100)
    ended = engage(*arguments)
    assert ended.code == 1
    assert words in complaint(ended)
    assert ended.out == ""


def test_a_setting_that_is_none_is_one_line(engage: Engage) -> None:
    assert "ENGAGE_PORT must be a whole number" in complaint(engage("serve", ENGAGE_PORT="http"))
    assert engage("serve", ENGAGE_SECRET="short").code == 1


# --- programs -----------------------------------------------------------------------------------------------


def test_check_needs_no_database_and_lists_every_mistake_where_it_is(engage: Engage, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(
        "name: Broken\ncurrencies: {points: {}}\nevents: {Report Exported: {}}\nrules:\n"
        "  - id: a\n    trigger: Report Exportd\n    effects: [{award: -5}]\n"
    )
    ended = engage("program", "check", "broken.yaml")
    assert ended.code == 1
    assert complaint(ended) == "broken.yaml has 2 problems"
    lines = ended.out.splitlines()
    assert lines[0].startswith("broken.yaml:6:14: rules[0].trigger: ")
    assert "did you mean 'Report Exported'?" in lines[0]
    assert lines[1].startswith("broken.yaml:7:")
    found = engage("program", "check", "broken.yaml", "--json").json
    assert [problem["line"] for problem in found["problems"]] == [6, 7]
    assert list(tmp_path.iterdir()) == [broken]


def test_a_program_is_published_once_and_compared_with_what_is_in_force(
    engage: Engage, tmp_path: Path
) -> None:
    assert "1 event" in engage("program", "check", QUICKSTART).out
    first = engage("program", "publish", QUICKSTART, "--json").json
    assert (first["version"], first["unchanged"]) == (1, False)
    assert engage("program", "publish", QUICKSTART, "--json").json["unchanged"]
    assert "no change" in engage("program", "diff", QUICKSTART).out
    changed = tmp_path / "changed.yaml"
    changed.write_text(QUICKSTART.read_text().replace("award: 10", "award: 20"))
    ended = engage("program", "diff", changed)
    assert ended.code == 0
    assert "award 10 points" in ended.out
    assert "award 20 points" in ended.out
    own = engage("program", "publish", changed, "--company", "acme", "--json").json
    assert (own["company"], own["version"]) == ("acme", 1)
    assert "acme's own" in engage("program", "diff", changed, "--company", "acme").out


# --- history and what comes of it ---------------------------------------------------------------------------


def test_a_company_starts_from_a_template_and_answers_its_next_version(
    engage: Engage, tmp_path: Path
) -> None:
    file, choices = tmp_path / "template.yaml", tmp_path / "choices.yaml"
    file.write_text(
        "id: sales\nname: Sales\nopen: [/name]\nprogram:\n  name: S\n  currencies: {points: {}}\n"
        "  events: {Sale: {}}\n  rules: [{id: sale, trigger: Sale, effects: [award: 5]}]\n"
    )
    assert engage("template", "publish", file).out == "published version 1 of template sales\n"
    assert [one["id"] for one in engage("template", "list", "--json").json] == ["sales"]
    assert engage("template", "show", "sales").out == file.read_text()
    engage("company", "create", "acme")
    choices.write_text("/currencies: {}\n")
    refused = engage("template", "start", "sales", "acme", "--overrides", choices)
    assert (refused.code, refused.out) == (
        1,
        "/overrides/~1currencies: template 'sales' does not leave /currencies open\n",
    )
    choices.write_text("/name: Acme\n")
    draft = tmp_path / "draft.yaml"
    draft.write_text(engage("template", "start", "sales", "acme", "--overrides", choices).out)
    assert engage("program", "publish", draft, "--company", "acme").code == 0
    draft.write_text(draft.read_text().replace("award: 5", "award: 50"))
    assert "does not leave open" in engage("program", "publish", draft, "--company", "acme").out
    file.write_text(file.read_text().replace("award: 5", "award: 6"))
    engage("template", "publish", file)
    assert engage("template", "proposal", "acme").out == (
        "version 2 of template sales; acme has version 1\n"
        "~ rule sale: effects changed from award 5 points to award 6 points\n"
    )
    assert engage("template", "accept", "acme", "--version", "2").code == 0
    file.write_text(file.read_text().replace("award: 6", "award: 7"))
    engage("template", "publish", file)
    assert engage("template", "decline", "acme", "--version", "3").out == "acme declined version 3\n"
    assert engage("template", "leave", "acme").code == 0
    assert complaint(engage("template", "proposal", "acme")) == "company 'acme' follows no template"


def test_from_an_export_to_a_report(engage: Engage, history: Path) -> None:
    engage("program", "publish", QUICKSTART)
    ended = engage("import", history)
    assert ended.code == 0
    assert "60 events of 1 company" in ended.out
    again = engage("import", history, "--json").json
    assert (again["accepted"], again["duplicates"]) == (0, 60)
    assert "everything agrees" in engage("verify").out
    assert engage("verify", "--json").json["difference"] is None
    scored = engage("score", "--date", "2026-06-29", "--json").json
    assert [one["company"] for one in scored["companies"]] == ["acme"]
    assert "acme" in engage("score").out
    assert set(engage("calibrate", "--json").json) == {"expert", "fitted", "before"}
    assert engage("calibrate", "--json").json["expert"]["0"]["n"] == 0
    report = engage("report", "acme").out
    assert "acme" in report
    assert "not shown" in report
    assert "company: " in report
    assert engage("report", "acme", "--period", "2026-06", "--json").json["company"] == "acme"
    assert engage("report", "acme", "--format", "csv").out.count("\n") > 10
    page = engage("report", "acme", "--format", "html").out
    assert page.startswith("<!doctype html>")
    assert '<link rel="stylesheet"' not in page
    assert "no company 'nobody'" in complaint(engage("report", "nobody"))
    assert engage("report", "acme", "--period", "next year").code == 1


def test_rows_that_cannot_be_taken_are_listed_and_kept(engage: Engage, history: Path) -> None:
    with history.open("a") as file:
        file.write("m90,,acme,e1,2026-06-01\nm91,Report Exported,acme,e1,2999-01-01\n")
    ended = engage("import", history)
    assert ended.code == 0
    assert ended.error.splitlines()[0].startswith(f"{history}:62: a track call needs")
    kept = engage("rejects", "--json").json
    assert sorted(one["code"] for one in kept) == ["future_timestamp", "missing_event"]
    assert "future_timestamp" in engage("rejects").out


def test_an_import_of_nothing_but_bad_rows_fails(engage: Engage, tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text("nonsense\n{}\n")
    ended = engage("import", "a.ndjson", "--json")
    assert ended.code == 1
    assert complaint(ended) == "none of the 2 rows could be imported"
    assert ended.json["rejected"] == 2


def test_companies_and_terms_are_imported(engage: Engage, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("groupId,name,timezone,seats\nacme,Acme,Europe/Berlin,12\n")
    (tmp_path / "t.csv").write_text(
        "customer,term_start,term_end,monthly_revenue\nacme,2026-01-01,2027-01-01,100\n"
    )
    assert engage("import", "--kind", "companies", "c.csv", "--json").json["accepted"] == 1
    mapped = ("--map", "customer=groupId")
    assert engage("import", "--kind", "terms", "t.csv", *mapped, "--json").json["accepted"] == 1
    assert "no column 'groupId'" in complaint(engage("import", "--kind", "terms", "t.csv"))
    (tmp_path / "t.csv").write_text(
        "groupId,term_start,term_end,Status,MRR\nacme,2025-01-01,2026-01-01,churned,5\n"
    )
    ended = engage("import", "--kind", "terms", "t.csv", "--map", "MRR=monthly_revenue")
    assert ended.error == "not read: Status; say what a column is with --map COLUMN=FIELD\n"


def test_companies_that_terms_alone_name_are_told_as_new(engage: Engage, tmp_path: Path) -> None:
    row = "2026-01-01,2027-01-01\n"
    (tmp_path / "c.csv").write_text("groupId\nacme-corp\nbeta\n")
    (tmp_path / "t.csv").write_text(f"groupId,term_start,term_end\nacme-crop,{row}beta,{row}zeta,{row}")
    engage("import", "--kind", "companies", "c.csv")
    told = engage("import", "--kind", "terms", "t.csv")
    names = "acme-crop (did you mean acme-corp?), zeta"
    assert told.error == f"2 companies are new, named by terms alone: {names}\n"
    again = engage("import", "--kind", "terms", "t.csv", "--json").json
    assert (again["companies"], again["created"], again["new"]) == (3, 0, [])


def test_verify_tells_a_tampered_balance(engage: Engage, history: Path, tmp_path: Path) -> None:
    engage("program", "publish", QUICKSTART)
    engage("import", history)
    with sqlite3.connect(tmp_path / "engage.db") as tampered:
        tampered.execute("UPDATE engage_transfer SET amount = amount + 1 WHERE seq = 5")
    tampered.close()
    ended = engage("verify")
    assert ended.code == 1
    assert complaint(ended)
    assert engage("verify", "--json").json["difference"]


def test_a_backup_is_a_database_that_verifies(engage: Engage, history: Path) -> None:
    engage("program", "publish", QUICKSTART)
    engage("import", history)
    assert {
        "name": "backup",
        "verdict": "warning",
        "text": "none yet; engage backup FILE makes one",
    } in engage("doctor", "--json").json["findings"]
    told = engage("backup", "copy.db", "--verify", "--json").json
    assert told["file"] == "copy.db"
    assert told["verified"] is True
    assert engage("verify", "--database", "sqlite:///copy.db", "--json").json["entries"] == 61
    again = engage("backup", "copy.db")
    assert (again.code, complaint(again)) == (1, "copy.db exists; --force replaces it")
    assert engage("backup", "copy.db", "--force").out.startswith("copy.db: ")


def test_archived_history_is_gone_counts_all_the_same_and_can_be_verified(
    engage: Engage, history: Path, tmp_path: Path
) -> None:
    engage("program", "publish", QUICKSTART)
    header, *lines = history.read_text().splitlines()
    for name, first in (("old.csv", True), ("new.csv", False)):
        some = [line for line in lines if (",2026-06-0" in line) == first]
        (tmp_path / name).write_text("\n".join([header, *some]))
        engage("import", name)  # what is committed together is archived together
    told = engage("archive", "--to", "old", "--before", "2026-06-10", "--json").json
    [acme] = told["companies"]
    assert (told["before"], acme["company"], acme["entries"], acme["files"]) == (
        *("2026-06-10T00:00:00Z", "acme"),
        *(acme["dropped"], 1),
    )
    assert acme["entries"] == 23  # the program, and the events of the first nine days
    assert [path.parent.name for path in (tmp_path / "old").rglob("*.parquet")] == ["2026-06"]
    assert "nothing to archive" in engage("archive", "--to", "old", "--before", "2026-06-10").out
    again = engage("import", history, "--json").json
    assert (again["accepted"], again["duplicates"]) == (0, 60)
    verified = engage("verify")
    assert f"{acme['entries']:,} entries are archived" in verified.out
    assert "everything agrees" in verified.out
    whole = engage("verify", "--archive", "old", "--json").json
    assert (whole["difference"], whole["entries"], whole["archived"]) == (None, 62, 0)
    refused = engage("verify", "--from-start")
    assert (refused.code, "--archive" in complaint(refused)) == (1, True)
    [row] = [row for row in engage("doctor", "--json").json["findings"] if row["name"] == "archive"]
    assert row["text"].startswith(f"{acme['entries']} entries in 1 files")
    later = engage("archive", "--to", "old", "--months", "0")
    assert (later.code, later.error) == (0, "")


def test_a_company_that_does_not_agree_is_not_archived(engage: Engage, history: Path, tmp_path: Path) -> None:
    engage("program", "publish", QUICKSTART)
    engage("import", history)
    with closing(sqlite3.connect(tmp_path / "engage.db", isolation_level=None)) as file:
        file.execute("UPDATE engage_transfer SET amount = amount + 1 WHERE seq = 2")
    ended = engage("archive", "--to", "old", "--before", "2026-07-01")
    assert (ended.code, ended.out) == (1, "nothing to archive\n")
    assert complaint(ended).startswith("acme: entry 2 ")


# --- keys, companies, doctor --------------------------------------------------------------------------------


def test_a_key_alone_is_on_stdout(engage: Engage) -> None:
    ended = engage("key", "create", "--kind", "server", "--name", "back end")
    assert ended.out.startswith("sk_")
    assert len(ended.out.split()) == 1
    assert engage("key", "create", "--kind", "write", "--json").json["key"].startswith("wk_")


def test_a_company_is_created_once(engage: Engage) -> None:
    assert "created" in engage("company", "create", "acme", "--seats", "5").out
    assert engage("company", "create", "acme", "--name", "Acme", "--json").json == {
        "id": "acme",
        "created": False,
    }


def test_doctor_gives_a_verdict_on_everything(engage: Engage, tmp_path: Path) -> None:
    before = engage("doctor", "--json").json
    assert before["healthy"]
    assert not (tmp_path / "engage.db").exists()
    engage("program", "publish", QUICKSTART)
    engage("key", "create", "--kind", "server")
    assert engage("backup", "copy.db").code == 0
    found = {one["name"]: one["verdict"] for one in engage("doctor", "--json").json["findings"]}
    assert set(found.values()) == {"ok"}
    assert {
        "python",
        "packages",
        "time zones",
        "disk",
        "database",
        "secret",
        "keys",
        "program",
        "backup",
        "rejects",
    } <= set(found)
    sick = engage("doctor", "--database", "sqlite:///no/such/folder/engage.db")
    assert sick.code == 1
    assert "1 of" in complaint(sick)


def test_the_database_is_named_by_flag_then_environment_then_default(engage: Engage, tmp_path: Path) -> None:
    engage("migrate", "--database", "sqlite:///flag.db", ENGAGE_DATABASE_URL="sqlite:///environment.db")
    assert (
        engage(
            "migrate",
            ENGAGE_DATABASE_URL="sqlite:///environment.db",
        ).code
        == 0
    )
    assert engage("migrate", "--json").json["database"] == "sqlite:///engage.db"
    found = {path.name for path in tmp_path.glob("*.db")}
    assert found == {"flag.db", "environment.db", "engage.db"}


def test_a_database_that_cannot_be_written_is_one_line(engage: Engage, tmp_path: Path) -> None:
    engage("migrate")
    (tmp_path / "engage.db").write_bytes(b"no longer a database" * 100)
    assert engage("company", "create", "acme").code == 1
    assert complaint(engage("verify"))


# --- signals and pipes --------------------------------------------------------------------------------------


@contextmanager
def started(*arguments: str, cwd: Path, **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "engage.cli", *arguments],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"},
        stdout=more.pop("stdout", subprocess.PIPE),
        stderr=more.pop("stderr", subprocess.PIPE),
        **more,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_ctrl_c_ends_an_import_with_130_and_one_line(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("event,userId,groupId,timestamp\n" + "A,e1,acme,2026-06-01\n" * 300_000)
    with started("import", "long.csv", cwd=tmp_path) as process:
        while not (tmp_path / "engage.db").exists():
            time.sleep(0.01)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=SECONDS)
    assert process.returncode == 130, error
    assert error.decode().splitlines() == ["engage: error: interrupted"]


def test_a_reader_that_has_seen_enough_is_no_error(engage: Engage, tmp_path: Path) -> None:
    command = f"{sys.executable} -m engage.cli program diff {QUICKSTART} | true"
    engage("migrate")
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.stderr == b""


def test_serve_says_where_it_listens_and_ends_well(tmp_path: Path) -> None:
    with started("serve", "--port", "0", cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"listening on http://127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SECONDS)
    assert process.returncode == 0


def test_a_terminal_gets_a_progress_bar_and_a_table(tmp_path: Path, history: Path) -> None:
    theirs, ours = pty.openpty()
    with started("import", str(history), cwd=tmp_path, stdout=ours, stderr=ours) as process:
        os.close(ours)
        shown = b""
        try:
            while piece := os.read(theirs, 4096):
                shown += piece
        except OSError:  # the terminal is gone when the last process that has it open ends
            pass
        process.wait(timeout=SECONDS)
    os.close(theirs)
    assert process.returncode == 0
    assert b"importing" in shown
    assert "─".encode() in shown


# --- PostgreSQL ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("new_place", ["postgres"], indirect=True)
def test_every_command_works_on_postgres(
    engage: Engage, new_place: Place, history: Path, tmp_path: Path
) -> None:
    (tmp_path / "c.csv").write_text("groupId,name,timezone,seats\nacme,Acme,Europe/Berlin,12\n")
    (tmp_path / "t.csv").write_text(
        "groupId,term_start,term_end,monthly_revenue\nacme,2026-01-01,2027-01-01,100\n"
    )

    def run(*arguments: str | Path) -> Any:
        ended = engage(*arguments, "--json", ENGAGE_DATABASE_URL=new_place.url)
        assert (ended.code, ended.error) == (0, "")
        return ended.json

    assert run("migrate") == {"database": new_place.url, "migrated": True}
    run("key", "create", "--kind", "server")
    [key] = run("key", "list")
    assert run("sign-in", "--name", "kim")["name"] == "kim"
    run("key", "revoke", key["number"])
    assert run("company", "create", "beta", "--seats", "3")
    assert run("program", "diff", QUICKSTART)
    assert run("program", "publish", QUICKSTART)["version"] == 1
    assert run("import", "--kind", "companies", "c.csv")["accepted"] == 1
    assert run("import", "--kind", "terms", "t.csv")["accepted"] == 1
    assert run("import", history)["accepted"] == 60
    assert run("import", history)["duplicates"] == 60
    assert [one["company"] for one in run("score", "--date", "2026-07-01")["companies"]] == ["beta", "acme"]
    assert run("report", "acme")["company"] == "acme"
    assert run("verify")["difference"] is None
    assert run("rejects") == []
    assert run("doctor")["healthy"]
    [acme] = run("archive", "--to", "old", "--before", "2026-07-01")["companies"]
    assert (acme["company"], acme["entries"], acme["files"]) == (
        "acme",
        62,
        2,
    )  # a setting of today, and June
    assert run("verify", "--archive", "old")["entries"] == 64
    assert isinstance(new_place, PostgresPlace)
    path = f"{new_place.server.programs}:{os.environ['PATH']}"  # a pg_dump as old as the server
    dumped = engage("backup", "copy.dump", ENGAGE_DATABASE_URL=new_place.url, PATH=path)
    assert (dumped.code, dumped.out.split(":")[0]) == (0, "copy.dump")
    new_place.change("UPDATE engage_transfer SET amount = amount + 1 WHERE seq = 5")
    assert engage("verify", ENGAGE_DATABASE_URL=new_place.url).code == 1


def test_a_dry_run_says_what_an_event_would_do_and_what_follows(engage: Engage) -> None:
    engage("program", "publish", REPOSITORY / "examples" / "programs" / "online-training.yaml")
    tried = engage(
        *("dry-run", "--member", "ann", "--event", "Colleague Invited", "--property", "colleague=bob")
    )
    assert (tried.code, tried.error) == (0, "nothing was written\n")
    told = tried.out.partition("bob would be invited")[2]
    assert "bob joins, by Lesson Finished" in told
    assert "+30 points (referral:invited)" in told
    assert "progress: learn-and-share" in told
    assert told.rstrip().endswith("+60 points (referral:inviter)\nlevel: novice")

    herself = engage(
        *("dry-run", "--member", "ann", "--event", "Colleague Invited", "--property", "colleague=ann")
    )
    assert "nobody can invite themselves" in herself.out
