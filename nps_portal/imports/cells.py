"""What single cells mean: languages, time zones, names fit to be kept."""

import re
import unicodedata
import zoneinfo
from functools import lru_cache

from babel import Locale

from nps_portal.contacts.models import ConsentBasis
from nps_portal.contacts.values import YES
from nps_portal.imports.vocabulary import comparable

# Whoever exports a list names languages in their own; the names come from the CLDR.
_LANGUAGES_OF_EXPORTERS = (
    *("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "cs", "sk"),
    *("hu", "ro", "bg", "hr", "sl", "el", "tr", "uk", "ru", "ja", "zh"),
)
_LANGUAGE_TAG = re.compile(r"([a-z]{2,3})(?:[-_ ].*)?")
_BASES = (
    (
        re.compile(r"legitimate|berechtigt|legitime|legittimo|legítimo"),
        ConsentBasis.LEGITIMATE_INTEREST,
    ),
    (
        re.compile(r"contract|customer|vertrag|contrat|contrato|contratto|overeenkomst|kunde"),
        ConsentBasis.CONTRACT,
    ),
    (
        re.compile(r"consent|opt in|einwilligung|zustimmung|freely given|consentement|toestemming"),
        ConsentBasis.CONSENT,
    ),
)
_UNSHOWN = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")


def one_line(cell: str) -> str:
    """Return the text on one line, without control characters, in whatever script it is."""
    if not cell.isprintable():
        cell = _UNSHOWN.sub("", cell)
        cell = "".join(map(_shown, cell))
    return " ".join(cell.split())


@lru_cache(maxsize=1024)
def language_code(cell: str) -> str:
    """Return the primary BCP 47 code of a language's code or name; empty when it is not known."""
    codes = _codes_by_name()
    # «English (UK)» and «Deutsch, Schweiz» say the language first.
    for words in (comparable(cell), comparable(re.split(r"[(,;/–-]", cell)[0])):
        if words in codes:
            return codes[words]
    tag = _LANGUAGE_TAG.fullmatch(cell.strip().lower())
    return tag[1] if tag and tag[1] in codes.values() else ""


@lru_cache(maxsize=1024)
def zone_name(cell: str) -> str:
    """Return the name of the time zone as the tz database spells it; empty when it is not there."""
    # HubSpot writes europe_slash_berlin.
    wanted = cell.strip().lower().replace("_slash_", "/").replace(" ", "_")
    return _zones().get(wanted, "")


@lru_cache(maxsize=1024)
def says_yes(cell: str) -> bool:
    """Tell whether a cell is a yes."""
    return cell.strip().casefold() in YES


@lru_cache(maxsize=1024)
def consent_basis(cell: str) -> ConsentBasis | None:
    """Return the basis that a cell names; None when it names none."""
    words = comparable(cell)
    return next((basis for pattern, basis in _BASES if pattern.search(words)), None)


def _shown(character: str) -> str:
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") else character


@lru_cache(maxsize=1)
def _codes_by_name() -> dict[str, str]:
    codes: dict[str, str] = {}
    for exporter in _LANGUAGES_OF_EXPORTERS:
        for code, name in Locale.parse(exporter).languages.items():
            if len(code) == 2:
                codes.setdefault(comparable(str(name)), str(code))
    return codes


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    return {name.lower(): name for name in zoneinfo.available_timezones() if "/" in name} | {
        "utc": "UTC"
    }
