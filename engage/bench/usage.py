"""What a process and everything it started use, as the operating system tells: processor time and memory.

Linux tells through /proc; elsewhere (macOS) `ps` does, which knows the memory of the moment but no peak.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

from msgspec import Struct

_PROC: Final = Path("/proc")


class Spent(Struct, frozen=True):
    """What some work took."""

    seconds: float
    cpu_seconds: float


class Usage(Struct, frozen=True):
    pid: int
    parent: int
    cpu_seconds: float
    peak_bytes: int


def family(pid: int) -> list[Usage]:
    """The process and all below it that still run."""
    everyone = _from_proc() if (_PROC / "self" / "stat").exists() else _from_ps()
    by_pid = {one.pid: one for one in everyone}
    found = [by_pid[pid]] if pid in by_pid else []
    for one in found:
        found += [child for child in everyone if child.parent == one.pid]
    return found


def _from_proc() -> list[Usage]:
    found = []
    ticks = os.sysconf("SC_CLK_TCK")
    for folder in _PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            # The name of the program stands in parentheses and may hold anything.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            status = (folder / "status").read_text()
        except OSError:
            continue  # it has just ended
        peak = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0")
        seconds = (int(fields[11]) + int(fields[12])) / ticks
        found.append(Usage(int(folder.name), int(fields[1]), seconds, int(peak.split()[1]) * 1024))
    return found


def _from_ps() -> list[Usage]:
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,rss=,cputime="],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [Usage(int(row[0]), int(row[1]), _seconds(row[3]), int(row[2]) * 1024) for row in rows]


def _seconds(clock: str) -> float:
    """Of [[days-]hours:]minutes:seconds."""
    days, _, rest = clock.rpartition("-")
    seconds = 0.0
    for part in rest.split(":"):
        seconds = seconds * 60 + float(part)
    return seconds + 86400 * int(days or 0)
