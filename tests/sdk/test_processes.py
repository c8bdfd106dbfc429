"""Forks and exits, in real processes: each delivers exactly its own, and nobody hangs."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections import Counter
from typing import Any

import pytest

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def run(script: str, service: Any) -> tuple[subprocess.CompletedProcess[str], float]:
    """Runs a script with the service's address as URL; how it ended and how long it took."""
    started = time.monotonic()
    source = f"URL = {service.url!r}\n{textwrap.dedent(script)}"
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", source],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done, time.monotonic() - started


def events(service: Any) -> Counter[str]:
    return Counter(message["event"] for message in service.messages)


def ids(service: Any) -> set[str]:
    return {message["messageId"] for message in service.messages}


@needs_fork
def test_after_a_fork_parent_and_child_each_deliver_exactly_their_own(service: Any) -> None:
    done, _ = run(
        """
        import os
        from engage_sdk import Client

        client = Client(URL, key="k", flush_interval=30)
        client.track("e", "Warm-up", company="c")
        assert client.flush()  # a thread runs and a connection is open
        for n in range(50):
            client.track("e", "Parent before", company="c")
        child = os.fork()
        if child == 0:
            assert client.pending == 0
            for n in range(70):
                client.track("e", "Child", company="c")
            os._exit(0 if client.flush(10) else 1)
        for n in range(60):
            client.track("e", "Parent after", company="c")
        assert client.flush(10)
        assert os.waitpid(child, 0)[1] == 0
        """,
        service,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert events(service) == {"Warm-up": 1, "Parent before": 50, "Parent after": 60, "Child": 70}
    assert len(ids(service)) == 181


@needs_fork
def test_a_fork_while_the_sender_is_in_the_middle_of_an_exchange_hangs_nobody(service: Any) -> None:
    done, _ = run(
        """
        import os, threading, time
        from engage_sdk import Client

        client = Client(URL, key="k", flush_at=1)
        stop = threading.Event()

        def busy():
            while not stop.is_set():
                client.track("e", "Parent", company="c")
                time.sleep(0.002)

        threads = [threading.Thread(target=busy) for _ in range(3)]
        for thread in threads: thread.start()
        children = []
        for n in range(8):
            time.sleep(0.01)
            child = os.fork()
            if child == 0:
                client.track("e", "Child", company="c")
                os._exit(0 if client.flush(50) and client.pending == 0 else 1)
            children.append(child)
        stop.set()
        for thread in threads: thread.join()
        assert [os.waitpid(child, 0)[1] for child in children] == [0] * 8
        assert client.flush(50)
        """,
        service,
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = events(service)
    assert found["Child"] == 8
    assert len(ids(service)) == found["Child"] + found["Parent"]


@needs_fork
def test_a_fork_waits_until_a_client_that_is_being_made_is_there(service: Any) -> None:
    """Else the child would inherit locks of OpenSSL that nobody gives back."""
    done, _ = run(
        """
        import os, threading, time
        import httpx
        from engage_sdk import Client

        begun, made = threading.Event(), []

        def make():
            begun.set()
            time.sleep(0.3)
            made.append(True)
            return httpx.Client()

        client = Client(URL, key="k", flush_at=1, make_http=make)
        client.track("e", "Parent", company="c")
        begun.wait()
        child = os.fork()
        if child == 0:
            client.track("e", "Child", company="c")
            os._exit(0 if made and client.flush(50) else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert client.flush(50)
        """,
        service,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert events(service) == {"Parent": 1, "Child": 1}


def test_the_senders_thread_imports_nothing_so_that_no_fork_inherits_an_import_lock(service: Any) -> None:
    done, _ = run(
        """
        import sys
        from engage_sdk import Client

        client = Client(URL.replace("127.0.0.1", "localhost"), key="k", compress=True)
        before = set(sys.modules)
        client.track("e", "Opened", company="c", properties={"odd": object()})
        assert client.flush()
        print(sorted(set(sys.modules) - before))
        """,
        service,
    )
    assert (done.returncode, done.stdout) == (0, "[]\n")


@needs_fork
def test_a_child_that_ends_normally_drains_at_exit(service: Any) -> None:
    done, _ = run(
        """
        import os, sys
        from engage_sdk import Client

        client = Client(URL, key="k", flush_interval=30)
        client.track("e", "Parent", company="c")
        child = os.fork()
        if child == 0:
            client.track("e", "Child", company="c")
            sys.exit(0)
        os.waitpid(child, 0)
        """,
        service,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert events(service) == {"Parent": 1, "Child": 1}


@needs_fork
def test_an_async_client_survives_a_fork(service: Any) -> None:
    done, _ = run(
        """
        import asyncio, os
        from engage_sdk import AsyncClient

        client = AsyncClient(URL, key="k", flush_interval=30)
        client.track("e", "Parent", company="c")
        child = os.fork()

        async def main(event):
            client.track("e", event, company="c")
            assert await client.flush(10)

        asyncio.run(main("Parent" if child else "Child"))
        if child == 0:
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        """,
        service,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert events(service) == {"Parent": 2, "Child": 1}


SYNC = """
    from engage_sdk import Client
    client = Client(URL, key="k", flush_interval=30)
    for n in range(250):
        client.track("e", "Opened", company="c")
"""

ASYNC_WITHOUT_A_LOOP = """
    from engage_sdk import AsyncClient
    client = AsyncClient(URL, key="k", flush_interval=30)
    for n in range(250):
        client.track("e", "Opened", company="c")
"""

ASYNC_AFTER_ITS_LOOP = """
    import asyncio
    from engage_sdk import AsyncClient
    client = AsyncClient(URL, key="k", flush_interval=30)

    async def main():
        for n in range(250):
            client.track("e", "Opened", company="c")
        await asyncio.sleep(0)

    asyncio.run(main())
"""

ASYNC_FORGOTTEN = """
    from engage_sdk import AsyncClient

    def work():
        client = AsyncClient(URL, key="k")
        for n in range(250):
            client.track("e", "Opened", company="c")

    work()
"""


@pytest.mark.parametrize(
    "script", [SYNC, ASYNC_WITHOUT_A_LOOP, ASYNC_AFTER_ITS_LOOP, ASYNC_FORGOTTEN], ids=range(4)
)
def test_an_exit_without_a_flush_delivers_everything(script: str, service: Any) -> None:
    done, _ = run(script, service)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert events(service) == {"Opened": 250}
    assert len(ids(service)) == 250


def test_an_exit_by_an_exception_delivers_everything_too(service: Any) -> None:
    done, _ = run(SYNC + "\n    raise SystemExit(3)\n", service)
    assert done.returncode == 3
    assert events(service) == {"Opened": 250}


@pytest.mark.parametrize("script", [SYNC, ASYNC_AFTER_ITS_LOOP], ids=["sync", "async"])
def test_an_exit_waits_for_a_silent_service_no_longer_than_its_bound(script: str, service: Any) -> None:
    service.gate.clear()
    bounded = script.replace('key="k"', 'key="k", exit_timeout=0.5')
    done, seconds = run(bounded, service)
    assert done.returncode == 0
    assert "250 messages were not delivered" in done.stderr
    assert seconds < 8


def test_an_exit_while_the_service_refuses_connections_ends_in_time_and_says_so(service: Any) -> None:
    done, seconds = run(SYNC.replace("URL,", '"http://127.0.0.1:1",'), service)
    assert done.returncode == 0
    assert "were not delivered" in done.stderr
    assert seconds < 10
