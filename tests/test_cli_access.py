"""Keys and sign-in links on the command line."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.test_cli import Engage, complaint
from tests.test_cli import engage as engage  # the fixture


def test_a_revoked_key_is_listed_as_such_and_cannot_be_revoked_twice(engage: Engage) -> None:
    secret = engage("key", "create", "--kind", "report", "--name", "board").out.strip()
    assert engage("key", "revoke", "1").code == 0
    listed = engage("key", "list", "--json")
    assert secret not in listed.out
    assert [(key["kind"], key["name"], bool(key["revoked"])) for key in listed.json] == [
        ("report", "board", True)
    ]
    again = engage("key", "revoke", "1")
    assert (again.code, complaint(again)) == (1, "there is no key 1 in force")


def test_a_sign_in_link_is_made_for_somebody_while_the_service_runs(engage: Engage, tmp_path: Path) -> None:
    assert engage("sign-in").code == 1, "there is no database yet"
    engage("migrate")
    made = engage("sign-in", "--name", "Kim Doe", "--url", "https://engage.example.com/", "--json").json
    assert made["name"] == "Kim Doe"
    assert made["url"].startswith("https://engage.example.com/console/sign-in?token=")
    plain = engage("sign-in", ENGAGE_PORT="8123")
    assert plain.out.startswith("http://127.0.0.1:8123/console/sign-in?token=")
    assert engage("sign-in", "--url", "engage.example.com").code == 2
    with closing(sqlite3.connect(tmp_path / "engage.db")) as database:
        links = database.execute("SELECT name, kind FROM engage_session ORDER BY name").fetchall()
    assert links == [("Kim Doe", "link"), ("customer success", "link")]
