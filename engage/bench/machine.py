"""The machine and its settings, named beside every result."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from msgspec import Struct

SYNCS: Final = 200


class Machine(Struct, frozen=True):
    processor: str
    cores: int
    memory_gb: float
    system: str
    python: str
    sqlite: str
    postgres: str
    durability: str
    syncs_per_second: int
    """Appends of 4 KB, each made durable, that the disk takes."""
    engage: str
    commit: str
    measured_at: str


def describe(folder: Path) -> Machine:
    """`postgres` is told once a server was used."""
    return Machine(
        processor=_processor(),
        cores=_cores(),
        memory_gb=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        postgres="",
        durability="SQLite: WAL, synchronous=FULL; PostgreSQL: fsync=on, synchronous_commit=on",
        syncs_per_second=_syncs_per_second(folder),
        engage=_version(),
        commit=_commit(),
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return _told(["sysctl", "-n", "machdep.cpu.brand_string"]) or platform.processor() or platform.machine()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _syncs_per_second(folder: Path) -> int:
    block = os.urandom(4096)
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        started = time.perf_counter()
        for _ in range(SYNCS):
            file.write(block)
            os.fsync(file.fileno())
        return round(SYNCS / (time.perf_counter() - started))


def _version() -> str:
    try:
        return version("engage")
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    folder = str(Path(__file__).parent)
    told = _told(["git", "-C", folder, "rev-parse", "--short=12", "HEAD"])
    changed = _told(["git", "-C", folder, "status", "--porcelain", "--untracked-files=no"])
    return told + ("+changes" if told and changed else "")


def _told(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
