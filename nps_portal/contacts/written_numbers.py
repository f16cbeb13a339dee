"""Numbers and money as people and programs write them; pure.

A point or a comma may set thousands apart or begin the decimals. Where one number alone does not
tell, it is refused rather than read a thousand times too large or too small.
"""

import re
from decimal import Decimal

from nps_portal.foundation.errors import PortalError

# What the database can hold, with four decimals.
LARGEST_NUMBER = Decimal(900_000_000_000_000)
_STEP = Decimal("0.0001")

# A sign that several currencies share stands for the first one, where nothing else is known.
_SIGNS: dict[str, tuple[str, ...]] = {
    "us$": ("USD",),
    "ca$": ("CAD",),
    "au$": ("AUD",),
    "a$": ("AUD",),
    "nz$": ("NZD",),
    "r$": ("BRL",),
    "€": ("EUR",),
    "£": ("GBP",),
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"),
    "¥": ("JPY", "CNY"),
    "kr.": ("DKK", "SEK", "NOK", "ISK"),
    "kr": ("SEK", "NOK", "DKK", "ISK"),
    "fr.": ("CHF",),
    "sfr.": ("CHF",),
    "zł": ("PLN",),
    "kč": ("CZK",),
    "lei": ("RON",),
    "лв": ("BGN",),
    "₹": ("INR",),
    "₺": ("TRY",),
    "₴": ("UAH",),
    "₽": ("RUB",),
}
CURRENCIES = tuple(sorted({code for codes in _SIGNS.values() for code in codes}))
_CODES = {code.lower(): (code,) for code in CURRENCIES} | _SIGNS
_CODE = "|".join(re.escape(sign) for sign in sorted(_CODES, key=len, reverse=True))
_WHOLE = re.compile(
    rf"(?P<open>\()?\s*(?P<before>{_CODE})?\s*(?P<sign>[-+])?\s*(?P<inner>{_CODE})?\s*"
    rf"(?P<digits>[0-9](?:[0-9., ']*[0-9])?|[.,][0-9]+)(?P<power>e[-+]?[0-9]{{1,2}})?"
    rf"(?:[.,][-–—]{{1,2}})?\s*(?P<minus>-)?\s*(?P<after>{_CODE}|%)?\s*(?P<close>\))?",
    re.IGNORECASE,
)
_IN_A_NAME = re.compile(rf"(?:^|[\s(\[_/-])([€£$₹₺₴]|{'|'.join(CURRENCIES)})(?=$|[\s)\]_/-])")
_GROUPS = re.compile(r"\d{1,3}(?:([., '])\d{3})(?:\1\d{3})*")
_MINUSES = str.maketrans(
    {"−": "-", "‒": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "’": "'", "＄": "$"}
)


class NotANumber(PortalError):
    """What is written is no number, or could be two."""


def read_number(written: str, decimal_mark: str = "") -> Decimal:
    """Return the number that is written, with at most four decimals.

    `decimal_mark` is the point or comma that begins decimals where this comes from, if known.

    :raises NotANumber: it is none, is too large, or could be two.
    """
    found = _matched(written)
    if found is None:
        raise NotANumber(f"«{_short(written)}» is not a number.")
    is_formatted = bool(found["before"] or found["inner"] or found["after"])
    digits = found["digits"].strip()
    plain = _plain(digits, decimal_mark, is_formatted=is_formatted)
    if plain is None:
        raise NotANumber(f"«{_short(written)}» is not a number.")
    number = Decimal(plain + (found["power"] or ""))
    if abs(number) > LARGEST_NUMBER:
        raise NotANumber(f"«{_short(written)}» is too large a number.")
    negative = found["sign"] == "-" or found["minus"] or (found["open"] and found["close"])
    return (-number if negative else number).quantize(_STEP)


def plain_number(number: Decimal) -> str:
    """Return a number in digits with a point, so that `read_number` reads it the same.

    Three decimals get a fourth, since they would look like thousands.
    """
    return _written(number, shortest=0)


def plain_money(number: Decimal) -> str:
    """Return an amount in digits with a point: whole, or with at least two decimals."""
    return _written(number, shortest=2)


def currencies_in(written: str) -> tuple[str, ...]:
    """Return the currencies that an amount may be in by its sign, likeliest first; or none."""
    found = _matched(written)
    sign = (found["before"] or found["inner"] or found["after"] or "") if found else ""
    return _CODES.get(sign.lower(), ())


def currency_in_name(name: str) -> str:
    """Return the currency that a column's name tells, as in `Revenue (EUR)`; or nothing."""
    found = _IN_A_NAME.search(name)
    return _CODES[found[1].lower()][0] if found else ""


def decimal_mark_of(written: str) -> str:
    """Return the mark that must begin the decimals in a number, or nothing if it does not tell."""
    found = _matched(written)
    digits = found["digits"].strip() if found else ""
    marks = [character for character in digits if character in ".,"]
    if not marks:
        return ""
    if len(set(marks)) == 2:
        return marks[-1]
    other = "," if marks[0] == "." else "."
    if len(marks) > 1:
        return other
    return "" if _GROUPS.fullmatch(digits) and not digits.startswith("0") else marks[0]


def _matched(written: str) -> re.Match[str] | None:
    return _WHOLE.fullmatch(" ".join(written.translate(_MINUSES).split()))


def _plain(digits: str, decimal_mark: str, *, is_formatted: bool) -> str | None:
    """Return the digits with a point before the decimals and no other mark."""
    groups = _GROUPS.fullmatch(digits)
    mark = decimal_mark_of(digits)
    if not mark and groups and groups[1] in (".", ","):
        # One mark and three digits: thousands, or three decimals. Whoever writes a currency, or
        # a comma, nearly always means thousands; a lone point is a program's decimals as often.
        if not decimal_mark and groups[1] == "." and not is_formatted:
            raise NotANumber(
                f"«{digits}» can mean {digits.replace('.', '')} or {digits}0. Write one of these."
            )
        mark = decimal_mark or ("," if groups[1] == "." else ".")
    whole, _, decimals = digits.partition(mark) if mark else (digits, "", "")
    if not whole.isdigit() and whole and not _GROUPS.fullmatch(whole):
        return None
    if decimals and not decimals.isdigit():
        return None
    return f"{re.sub(r'[^0-9]', '', whole) or '0'}.{decimals or '0'}"


def _written(number: Decimal, *, shortest: int) -> str:
    fixed = number.quantize(_STEP)
    whole, _, decimals = f"{fixed:f}".partition(".")
    kept = decimals.rstrip("0")
    if not kept:
        return "0" if whole == "-0" else whole
    length = max(len(kept), shortest)
    return f"{whole}.{kept.ljust(4 if length == 3 else length, '0')}"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
