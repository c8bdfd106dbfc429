"""`python -m examples.demo`: a seeded host with its companies, the service, and a small product to click in.

The first start fills `.demo/` (about half a minute); later ones find it complete and only serve.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from examples.demo.companies import COMPANIES
from examples.demo.processes import DemoError, Service, Stopped, answers, free_port, run, stop_signals
from examples.demo.seeding import FORMAT, ROOT, DataFolder, Seeding, yesterday_ends

READY_SECONDS_MAX = 60.0
SIGN_IN_SECONDS_MAX = 3.0

LOOK_AT = (
    ("Portfolio", "who to call this week: Redgum is silent, Halvorsen goes quiet before its renewal"),
    ("Nordhafen", "thrives; Northgate is three times as big and uses a tenth of the product"),
    ("Alpenblick", "looks dead in midsummer and is only seasonal; Merlion hangs on one person"),
    ("Studio Okafor", "has three people, so no report ever shows an aggregate of them"),
    ("Thornbury", "is large enough to tell what its campaign moved, by a fifth of its people held out"),
    ("São Lucas", "has a goal that is on its way; Corvus and Halvorsen are behind theirs"),
    (
        "Fieldnote",
        "sign in as Lena Brandt, export a report and reach a new level; the sixth export earns nothing",
    ),
)


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    console = Console(highlight=False)
    seeding: Seeding | None = None
    try:
        with stop_signals():
            folder = DataFolder(options.data)
            with folder.locked():
                if options.reset:
                    folder.reset()
                state = folder.state(yesterday_ends(), options.seed)
                seeding = Seeding(folder, state, console.is_terminal)
                _seed(console, seeding)
                if not options.no_serve:
                    _serve(console, folder, options)
    except Stopped:
        if seeding is not None and not seeding.complete:
            console.print("Stopped. The next start goes on from here.")
            return 130
        console.print("Stopped.")
        return 0
    except DemoError as error:
        console.print(f"[red]{_safe(str(error))}[/red]", soft_wrap=True)
        if error.details:
            console.print(_safe(error.details), style="dim", soft_wrap=True)
        return 1
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m examples.demo",
        description="Seeds a made-up host with companies and half a year of activity, and serves it.",
    )
    parser.add_argument("--port", type=_port, default=8000, help="port of the service (default 8000)")
    parser.add_argument(
        "--host-port", type=_port, default=8100, help="port of the host product (default 8100)"
    )
    parser.add_argument("--reset", action="store_true", help="forget what is there and start from nothing")
    parser.add_argument("--no-serve", action="store_true", help="fill the data folder and end")
    parser.add_argument("--seed", type=int, default=7, help="another number, another history (default 7)")
    parser.add_argument("--data", type=Path, default=ROOT / ".demo", help="the data folder (default .demo)")
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    port = int(text) if text.isdigit() else 0
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return port


def _seed(console: Console, seeding: Seeding) -> None:
    folder, state = seeding.folder, seeding.state
    if seeding.complete:
        last = state.until - timedelta(days=1)
        console.print(f"Using the data in {_short(folder.path)}, whose history ends on {last:%d %B %Y}.")
        if state.format != FORMAT or state.until < yesterday_ends():
            console.print("A fresh one: [bold]python -m examples.demo --reset[/bold]")
        return
    if state.done:
        if state.format != FORMAT:
            raise DemoError(
                f"another version of the demo began to fill {_short(folder.path)}; "
                "start from nothing: python -m examples.demo --reset"
            )
        console.print("An earlier start was broken off; going on from there.")
    console.print(f"Filling {_short(folder.path)} with {len(COMPANIES)} companies. This happens once.")
    began = time.monotonic()
    step_began = began

    def started(label: str) -> None:
        nonlocal step_began
        step_began = time.monotonic()
        if console.is_terminal:
            console.print(f"  {label} …", style="dim")

    def finished(text: str) -> None:
        console.print(f"  [green]✓[/green] {_safe(text)} [dim]{time.monotonic() - step_began:.1f} s[/dim]")

    seeding.run(started, finished)
    console.print(f"Ready after {time.monotonic() - began:.0f} s.")


def _serve(console: Console, folder: DataFolder, options: argparse.Namespace) -> None:
    environment = folder.environment()
    run(
        [sys.executable, "-m", "engage.cli", "migrate"], environment, ROOT
    )  # the code may be newer than the data
    port = _choose(console, options.port, ())
    host_port = _choose(console, options.host_port, (port,))
    printed: list[str] = []
    services: list[Service] = []
    try:
        command = [sys.executable, "-m", "engage.cli", "serve", "--host", "127.0.0.1", "--port", str(port)]
        service = Service(
            "engage serve", command, environment, ROOT, folder.path / "engage.log", printed.append
        )
        services.append(service)
        service.wait_until(lambda: any("listening on" in line for line in printed), READY_SECONDS_MAX)
        command = [sys.executable, "-m", "examples.host"]
        command += ["--engage", f"http://127.0.0.1:{port}", "--port", str(host_port)]
        keyed = {**environment, "ENGAGE_KEY": folder.server_key}
        host = Service("Fieldnote", command, keyed, ROOT, folder.path / "fieldnote.log")
        services.append(host)
        host.wait_until(lambda: answers(host_port, "/healthz"), READY_SECONDS_MAX)
        _summary(console, folder, port, host_port, _sign_in_link(printed))
        while True:
            time.sleep(0.5)
            for child in services:
                if not child.running:
                    raise child.failed()
    finally:
        for child in reversed(services):
            child.stop()


def _choose(console: Console, wanted: int, avoid: tuple[int, ...]) -> int:
    port = free_port(wanted, avoid)
    if port != wanted:
        console.print(f"Port {wanted} is taken; using {port}.")
    return port


def _sign_in_link(printed: list[str]) -> str | None:
    """The one-time link `serve` prints: the first address with a path that is not the plain one it listens on."""
    deadline = time.monotonic() + SIGN_IN_SECONDS_MAX
    while time.monotonic() < deadline:
        for line in list(printed):
            for link in re.findall(r"https?://[^\s\"'<>]+", line):
                if re.search(r"https?://[^/]+/.+", link):
                    return str(link)
        time.sleep(0.1)
    return None


def _summary(console: Console, folder: DataFolder, port: int, host_port: int, sign_in: str | None) -> None:
    service = f"http://127.0.0.1:{port}"
    rows = [
        (
            "Reports and console (the link signs you in)" if sign_in else "Reports and console",
            sign_in or service,
        ),
        ("Fieldnote, the host product", f"http://127.0.0.1:{host_port}"),
        ("HTTP interface", f"{service}/openapi.json, with the key in {_short(folder.path / 'server.key')}"),
    ]
    console.print()
    console.rule("[bold]Engage demo[/bold]", align="left")
    for label, value in rows:
        console.print(f"[bold]{label}[/bold]", soft_wrap=True)
        console.print(f"  {_safe(value)}", style="cyan", soft_wrap=True)
    console.print("\n[bold]What to look at[/bold]")
    for name, text in LOOK_AT:
        console.print(f"  [bold]{name}[/bold]: {text}", soft_wrap=True)
    console.print("\nStop with Ctrl-C. Start from nothing with [bold]python -m examples.demo --reset[/bold].")


def _short(path: Path) -> str:
    """A path as somebody standing in the repository would type it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _safe(text: str) -> str:
    # What other programs printed is text, not rich's markup.
    return text.replace("[", r"\[")


if __name__ == "__main__":
    sys.exit(main())
