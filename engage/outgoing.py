"""Sending what goes out over HTTP: no redirect followed, no private address reached, no answer read.

An endpoint's URL is somebody's input: a name is resolved here, every address it has must be a public one, and the
connection goes to the address that was looked at, so that a name cannot mean another one a moment later.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Final

import httpx

from engage.actions.deliver import Answer

TIMEOUT_SECONDS: Final = 20
NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
GLOBAL_UNICAST: Final = ipaddress.ip_network("2000::/3")
"""All that is given to anybody of IPv6. What lies besides may stand for an IPv4 address of one's own network."""
PROTOCOLS: Final = ipaddress.ip_network("192.0.0.0/24")
"""Nobody's (RFC 6890); Python before 3.11.10 knows some of it as public."""
RESOLVED_AT_ONCE: Final = 8
ADDRESSES_MAX: Final = 4
"""Of one name: more are not tried."""
USER_AGENT: Final = "Engage-Webhooks/1"


class Forbidden(httpx.ConnectError):
    """The address is not one that may be reached."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, also when it is wrapped in another."""
    found = ipaddress.ip_address(address.split("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo and found.teredo[1])
        if found in NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
        if inner:
            return is_public(str(inner))
        return found.is_global and found in GLOBAL_UNICAST
    return found.is_global and not found.is_multicast and found not in PROTOCOLS


class PublicOnly(httpx.AsyncHTTPTransport):
    """Connects to an address it has looked at: the first at which somebody answers."""

    def __init__(self) -> None:
        super().__init__()
        # Of its own: a name server that does not answer would keep those waiting who make pages and scores.
        self._resolving = ThreadPoolExecutor(RESOLVED_AT_ONCE, "resolving")

    async def aclose(self) -> None:
        self._resolving.shutdown(wait=False, cancel_futures=True)
        await super().aclose()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        addresses = await self._addresses(host)
        if not addresses or not all(map(is_public, addresses)):
            raise Forbidden(f"{host} is not an address of the public internet")
        request.extensions = request.extensions | {"sni_hostname": host}
        *others, last = addresses[:ADDRESSES_MAX]
        for address in others:
            with suppress(httpx.ConnectError):
                return await self._send(request, address)
        return await self._send(request, last)

    async def _send(self, request: httpx.Request, address: str) -> httpx.Response:
        request.url = request.url.copy_with(host=address)
        return await super().handle_async_request(request)

    async def _addresses(self, host: str) -> list[str]:
        ask = partial(socket.getaddrinfo, host, None, type=socket.SOCK_STREAM)
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._resolving, ask)
        except OSError as error:
            raise httpx.ConnectError(f"{host} cannot be resolved: {error.strerror or error}") from error
        return [str(one[4][0]) for one in found]


class Outgoing:
    """Posts. `private`: any address may be reached, for trying things out on one's own machine."""

    def __init__(self, *, private: bool = False) -> None:
        self._client = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport() if private else PublicOnly(),
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
            trust_env=False,
            headers={"user-agent": USER_AGENT},
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        """What came of it; never raises for what the other side does."""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                async with self._client.stream("POST", url, headers=headers, content=body) as response:
                    return Answer(response.status_code, _seconds(response.headers.get("retry-after")))
        except TimeoutError:
            return Answer(0, error=f"no answer within {TIMEOUT_SECONDS} s")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return Answer(0, error=str(error) or type(error).__name__)


def _seconds(retry_after: str | None) -> int | None:
    """A date is passed over: the schedule will do."""
    return int(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() else None
