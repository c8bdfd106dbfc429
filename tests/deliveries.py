"""A signed delivery, and what a forger or an eavesdropper would make of it, for every library that verifies."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from engage.actions.deliver import signed_headers
from engage.actions.webhooks import new_secret
from engage.core.calendar import SECOND

KEPT_SECONDS = 360
"""Verifiers take what is up to five minutes off, and a slow test may lose some of the sixth."""


@dataclass(frozen=True)
class Delivery:
    """One request as it arrived; `headers` in lower case."""

    headers: dict[str, str]
    body: bytes

    def saying(self, name: str, value: str) -> Delivery:
        return replace(self, headers=self.headers | {f"webhook-{name}": value})

    def signed_again(self, secret: str, seconds: int) -> Delivery:
        """With a right signature, of a moment before or after its own."""
        now = (int(self.headers["webhook-timestamp"]) + seconds) * SECOND
        headers = signed_headers(self.headers["webhook-id"], self.body, [secret], now)
        return replace(self, headers=self.headers | headers)


def forgeries(delivery: Delivery, secret: str) -> dict[str, Delivery]:
    """What nobody may take for a delivery that was signed with this secret just now."""
    stamp, signature = delivery.headers["webhook-timestamp"], delivery.headers["webhook-signature"]
    said = json.loads(delivery.body)
    return {
        "a byte more": replace(delivery, body=delivery.body + b" "),
        "another member": replace(delivery, body=delivery.body.replace(b'"member":"', b'"member":"not-')),
        "the same in other words": replace(delivery, body=json.dumps(said, indent=1).encode()),
        "another id": delivery.saying("id", delivery.headers["webhook-id"] + "0"),
        "another time": delivery.saying("timestamp", str(int(stamp) + 1)),
        "no signature": delivery.saying("signature", ""),
        "a signature of no known version": delivery.saying("signature", signature.replace("v1,", "v9,")),
        "another's signature": delivery.signed_again(new_secret(), 0),
        "sent again after minutes": delivery.signed_again(secret, -KEPT_SECONDS),
        "of a time to come": delivery.signed_again(secret, KEPT_SECONDS),
    }
