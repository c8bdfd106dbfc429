"""How a cell and an editable chart print a number: as its words have it, with sign, unit and "about".

Number formats are those of ECMA-376, 18.8.31. The number behind stays whole, to be reckoned with.
"""

from __future__ import annotations

import re
from typing import Final

from engage.core.language import Language, speak
from engage.core.privacy import Figure

MINUS: Final = "\N{MINUS SIGN}"
SIGNED_TENTHS: Final = f'+0.0;"{MINUS}"0.0;0'
WHOLE: Final = "#,##0"
_WORDS: Final = re.compile(rf"([^\d+\-{MINUS}]*)([+\-{MINUS}]?)(\d[\d,]*(?:\.\d+)?)(\D*)")


def number_format(words: str, value: float) -> str:
    """Of a number that reads like these words; tenths where it has any. Words without a number are printed instead."""
    match = _WORDS.fullmatch(words)
    if match is None:
        return _literal(words)
    before, sign, _, after = match.groups()
    looks = f"{WHOLE if float(value).is_integer() else WHOLE + '.0'}{_literal(after)}"
    if not sign:
        return f"{_literal(before)}{looks}"
    signs = ("+", _literal(MINUS), "")
    return ";".join(f"{_literal(before)}{one}{looks}" for one in signs)


def percent_format(language: Language) -> str:
    """Of a share: whole percents, tenths below one, as words have them."""
    unit = _literal(speak(language, "{share:.0f} %", share=0)[1:])
    return f"[=0]0{unit};[<1]0.0{unit};{WHOLE}{unit}"


def as_worded(figure: Figure, value: float | None) -> float | None:
    """The number as the figure's words round it: a chart whose label rounds otherwise would contradict them."""
    return round(value) if value is not None and figure.unit == "percent" and value >= 1 else value


def read_number(words: str) -> int | None:
    """Of words that are a whole number and nothing else: 4,900 or −12."""
    match = _WORDS.fullmatch(words)
    if match is None or match.group(1) or match.group(4) or "." in words:
        return None
    number = int(match.group(3).replace(",", ""))
    if f"{number:,}" != match.group(3):
        return None
    return -number if match.group(2) in ("-", MINUS) else number


def _literal(words: str) -> str:
    return f'"{words}"' if words and '"' not in words else ""
