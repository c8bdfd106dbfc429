"""The programs that decide the traffic."""

from __future__ import annotations

from typing import Final

QUICKSTART: Final = """\
name: Quickstart
currencies:
  points: {}
events:
  Report Exported: {}
rules:
  - id: report-exported
    trigger: Report Exported
    effects:
      - award: 10
"""
"""The smallest useful program, as in examples/programs/quickstart.yaml."""
