"""Disks that fill up and files that may not be written, under a process that runs.

As root on Linux a small disk is really one, in memory, and a file that may not be written is immutable. Elsewhere the
system's limit on the size of a process's files stands in: beyond it a write fails in the middle of whatever runs.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

SMALL_DISK_BYTES = 24 * 1024**2


def _runs(*command: object) -> bool:
    try:
        return subprocess.run([str(one) for one in command], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """`folder` as a small disk of its own while the block runs. False: it could not be made one."""
    options = f"size={SMALL_DISK_BYTES}"
    mounted = os.geteuid() == 0 and _runs("mount", "-t", "tmpfs", "-o", options, "engage-faults", folder)
    try:
        yield mounted
    finally:
        if mounted:
            assert _runs("umount", "-l", folder), "the small disk is still there"


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """No byte is left on the disk while the block runs."""
    filler = folder / "filler"
    try:
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            for size in (64 * 1024, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"x" * size)
        yield
    finally:
        filler.unlink()


@contextmanager
def limited(pids: Sequence[int], most: int) -> Iterator[None]:
    """The processes can write no file beyond `most` bytes while the block runs; 0: nothing at all."""
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    for pid, (_, hard) in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        for pid, limits in before.items():
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


@contextmanager
def immutable(*paths: Path) -> Iterator[bool]:
    """The files and folders may not be written, by nobody and through no open file. False: they cannot be made so."""
    made = [path for path in paths if os.geteuid() == 0 and _runs("chattr", "+i", path)]
    try:
        yield len(made) == len(paths)
    finally:
        for path in made:
            assert _runs("chattr", "-i", path), f"{path} is still immutable"


@contextmanager
def read_only(folder: Path, pids: Sequence[int]) -> Iterator[None]:
    """A database's files and their folder, for the processes that have them open.

    Not its `-shm`: that is mapped into memory, and the system ends a process that writes to a page of a file which may
    not be written. What that leaves is what a SIGKILL leaves.
    """
    files = [path for path in folder.glob("engage.db*") if not path.name.endswith("-shm")]
    with immutable(*files, folder) as made:
        if made:
            yield
            return
    with limited(pids, 0):
        yield
