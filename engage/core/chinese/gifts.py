"""Words of `engage.core.gifts`."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "{left:d} of {most:d} {currency_name} left to give": "可赠送额度 {most} {currency_name}，还剩 {left}",
    "{left:d} of {most:d} {currency_name} left to give to this colleague": (
        "可赠送给此同事的额度 {most} {currency_name}，还剩 {left}"
    ),
}
