"""python -m examples.programs NAME: invented activity for one of the programs, as NDJSON Segment calls on stdout."""

from __future__ import annotations

import argparse
import json
import sys

from examples.programs.activity import HABITS, calls


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m examples.programs", description=__doc__)
    parser.add_argument("program", choices=sorted(HABITS), help="whose members act")
    parser.add_argument("--members", type=int, default=30)
    parser.add_argument("--weeks", type=int, default=14)
    asked = parser.parse_args()
    for call in calls(asked.program, members=asked.members, weeks=asked.weeks):
        sys.stdout.write(json.dumps(call, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
