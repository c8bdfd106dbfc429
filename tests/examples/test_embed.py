"""The ten-line example does what it says, and the examples' README names everything there is."""

from __future__ import annotations

import runpy
from pathlib import Path

import engage_sdk
import pytest
from engage_sdk.testing import FakeEngage

from examples.demo.companies import COMPANIES

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_the_embedding_example_prints_the_points(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeEngage() as fake:
        fake.award("Report Exported", "points", 10)
        monkeypatch.setattr(engage_sdk, "Client", lambda address, key: fake.client(key=key))
        monkeypatch.setenv("ENGAGE_KEY", "sk_test")
        runpy.run_path(str(EXAMPLES / "embed.py"))
    assert capsys.readouterr().out == "10 points\n"


def test_the_embedding_example_stays_ten_lines() -> None:
    source = (EXAMPLES / "embed.py").read_text().split('"""')[2]
    assert len([line for line in source.splitlines() if line.strip()]) <= 10


def test_the_readme_names_every_example_and_every_company() -> None:
    readme = (EXAMPLES / "README.md").read_text()
    shown = [path.name for path in EXAMPLES.glob("*/*.yaml")]
    shown += [path.name for path in EXAMPLES.glob("*.py") if path.name != "__init__.py"]
    shown += [company.name for company in COMPANIES]
    assert [name for name in shown if name not in readme] == []


def test_fieldnote_uses_only_what_a_host_has() -> None:
    allowed = ("engage_sdk", "httpx", "starlette", "uvicorn", "examples.host")
    for path in (EXAMPLES / "host").glob("*.py"):
        for line in path.read_text().splitlines():
            words = line.split()
            if words[:1] == ["from"] or words[:1] == ["import"]:
                module = words[1]
                assert not module.startswith(("engage.", "examples.demo")), (path.name, line)
                assert module != "engage", (path.name, line)
                assert "." not in module or module.startswith((*allowed, "collections", "html", "urllib")), (
                    line
                )
