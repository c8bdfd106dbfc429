"""Security headers on every answer, as plain ASGI so that streams and errors pass through untouched.

Owns the content security policy of the pages: nothing inline, nothing from elsewhere, no framing. A page that
must differ (the widget's frame, say) sets its own header; what the application set is never overwritten.
"""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

SECURITY_HEADERS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    # Not "no-referrer": with it a browser sends "Origin: null" even to ourselves, and a form's origin could
    # no longer be checked. Other sites get no referrer either way.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    # Balances and reports are nobody else's; what may be kept (the style sheet) says so itself.
    (b"cache-control", b"no-store"),
)

TRANSPORT_SECURITY: Final = (b"strict-transport-security", b"max-age=31536000")
"""Only on https: on plain http browsers ignore it, and a local machine must stay reachable."""


class SecurityHeaders:
    """Wraps an application and adds to each response the headers it did not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted = SECURITY_HEADERS
        if scope.get("scheme") == "https":
            wanted = (*wanted, TRANSPORT_SECURITY)

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                present = {name.lower() for name, _ in headers}
                headers += [(name, value) for name, value in wanted if name not in present]
                message = {**message, "headers": headers}
            await send(message)

        await self.app(scope, receive, send_secured)
