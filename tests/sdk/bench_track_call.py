"""What track() costs its caller. Run it by hand: a timing is a figure beside its limit, never an assertion.

Prints microseconds per call beside the limit: alone (the sender asleep), and while the sender is serialising
and sending on the other side of the interpreter's lock, in wall and in the thread's own processor time.
"""

from __future__ import annotations

import json
import statistics
import time

import httpx
from engage_sdk import Client

LIMIT_MICROSECONDS = 10.0
PROPERTIES = {"pages": 3, "format": "pdf", "title": "Quarterly report", "shared": True}


def _client(queue_size: int, flush_interval: float) -> Client:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"success": True})

    return Client(
        "http://engage.example.com",
        key="k",
        queue_size=queue_size,
        flush_interval=flush_interval,
        flush_at=100,
        make_http=lambda: httpx.Client(transport=httpx.MockTransport(answer)),
    )


def measure(rounds: int = 7, calls: int = 20_000) -> dict[str, dict[str, float]]:
    """Median and spread, in microseconds per call, of each figure."""
    figures: dict[str, list[float]] = {"alone": [], "busy_wall": [], "busy_processor": []}
    for _ in range(rounds):
        # Alone: fewer calls than a batch, so that the sender sleeps until they are over.
        client = _client(queue_size=calls, flush_interval=30)
        client.track("emp-1", "Warm-up", company="acme")
        client.flush()
        client.track("emp-1", "Warm-up", company="acme")
        started = time.perf_counter()
        for _ in range(95):
            client.track("emp-1", "Report Exported", company="acme", properties=PROPERTIES)
        figures["alone"].append((time.perf_counter() - started) / 95 * 1e6)
        client.close()

        client = _client(queue_size=calls * 2, flush_interval=0.5)
        client.track("emp-1", "Warm-up", company="acme")
        client.flush()
        started, processor = time.perf_counter(), time.thread_time()
        for _ in range(calls):
            client.track("emp-1", "Report Exported", company="acme", properties=PROPERTIES)
        figures["busy_processor"].append((time.thread_time() - processor) / calls * 1e6)
        figures["busy_wall"].append((time.perf_counter() - started) / calls * 1e6)
        client.close(60)
    return {
        name: {
            "value": round(statistics.median(values), 2),
            "spread": round(max(values) - min(values), 2),
            "limit": LIMIT_MICROSECONDS,
        }
        for name, values in figures.items()
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
