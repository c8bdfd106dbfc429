"""Runs Fieldnote: `ENGAGE_KEY=sk_... python -m examples.host --engage http://127.0.0.1:8000 --port 8001`.

The key comes from the environment, never from an argument that a list of processes would show.
"""

from __future__ import annotations

import argparse
import os
import sys

import uvicorn
from engage_sdk import AsyncClient, RetryPolicy

from examples.host.app import create_app

#: The page promises that points will follow, so events are kept and sent again for as long as this process lives.
KEEP_TRYING = RetryPolicy(tries_max=100_000, backoff_seconds_max=2.0)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m examples.host", description="A small product that embeds Engage."
    )
    parser.add_argument("--engage", default="http://127.0.0.1:8000", help="where Engage listens")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8001, help="port to listen on")
    options = parser.parse_args()
    key = os.environ.get("ENGAGE_KEY", "")
    if not key:
        print(
            "ENGAGE_KEY is not set: it holds the key printed by `engage key create --kind server`",
            file=sys.stderr,
        )
        return 2
    app = create_app(lambda: AsyncClient(options.engage, key=key, timeout=3.0, retry=KEEP_TRYING))
    uvicorn.run(app, host=options.host, port=options.port, log_level="warning", timeout_graceful_shutdown=3)
    return 0


if __name__ == "__main__":
    sys.exit(main())
