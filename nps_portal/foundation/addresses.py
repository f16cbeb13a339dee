"""Email addresses as people type them, judged once and brought into one form."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn
from urllib.parse import unquote

import idna
from email_validator import (
    SPECIAL_USE_DOMAIN_NAMES,
    EmailNotValidError,
    EmailSyntaxError,
    validate_email,
)

from nps_portal.foundation.errors import PortalError

LONGEST_ADDRESS = 254
LONGEST_LOCAL_PART = 64
LONGEST_QUOTE = 60
LONGEST_SEARCH = 1_000

# Marks that show nothing. Spreadsheets and web pages leave them in copied addresses, where they
# would make a second person of the first.
_INVISIBLE = dict.fromkeys(
    [0x00AD, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
# The two joiners mean something inside a Persian or Indic domain, so they go from the ends only.
_EDGES = " \t\r\n\v\f\u00a0\u1680\u2007\u202f\u205f\u3000\u200c\u200d" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_PLAIN_LOCAL_PART = re.compile(r"[A-Za-z0-9_+'-]+(?:\.[A-Za-z0-9_+'-]+)*", re.ASCII)
_PLAIN_DOMAIN = re.compile(
    r"(?:(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.ASCII
)
# Names that only a local network knows are taken: an office's own mail server may deliver there.
# Changing this list is the validator's documented way to say so.
for _name in ("local", "test"):
    if _name in SPECIAL_USE_DOMAIN_NAMES:
        SPECIAL_USE_DOMAIN_NAMES.remove(_name)
_RESERVED_ENDINGS = tuple(f".{name}" for name in SPECIAL_USE_DOMAIN_NAMES)
_LOCAL_PART_CHARACTER = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]", re.ASCII)
_DOMAIN_CHARACTER = re.compile(r"[A-Za-z0-9.-]", re.ASCII)
_WITH_NAME = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")
# Every ending that there is has two letters at least, and no hyphen but in its Unicode form.
_ENDING = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]+", re.ASCII)
# What programs write beside an address that says nothing of it, and a name in parentheses.
_BESIDE = re.compile(
    r"(?:mail ?to|smtp|e-?mail|mail|[\s,;:<>()\[\]\"'|./。、，；])*", re.IGNORECASE
)
_NAME_BEHIND = re.compile(r"\s+\([^()@]*\)$")
_LOOKS_LIKE_AN_ADDRESS = re.compile(r"[^\s,;:<>()\[\]\"|/@]{1,64}@[^\s,;:<>()\[\]\"|/@]+")


class BadEmail(PortalError):
    """The text is not an address that can be written to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EmailAddress:
    """An address as it is shown (`email`) and as it is compared (`key`).

    `email` has the local part as typed and the domain in lower-case Unicode. `key` has the local
    part casefolded in NFC and the domain as A-labels; two addresses with one key are one address.
    """

    email: str
    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Domain:
    unicode: str
    ascii: str


def parse_email(text: str) -> EmailAddress:
    """Return the one address in the text, also from `mailto:a@b` and `Name <a@b>`.

    Nothing is asked of the network: whether the domain exists is not judged. Of what RFC 5321
    allows, quoted local parts, comments and numbers in the place of a domain are refused: people
    do not have such addresses, and servers turn them away.

    :raises BadEmail: there is none, it is malformed, or there are several.
    """
    address = _bare_address(text)
    try:
        return _parsed(address)
    except BadEmail:
        alone = _alone(text)
        if alone is None or alone == address:
            raise
        return _parsed(alone)


def _parsed(address: str) -> EmailAddress:
    local_part, at_sign, domain_text = address.rpartition("@")
    if not (local_part and at_sign and domain_text) or len(address) > LONGEST_ADDRESS:
        _refuse(address)
    try:
        domain = _domain(domain_text)
        # The validator takes 25 µs, and a list of customers has a hundred thousand addresses. Those
        # in plain letters are judged by patterns that admit nothing the validator refuses.
        if not (
            len(local_part) <= LONGEST_LOCAL_PART
            and len(local_part) + len(domain.ascii) < LONGEST_ADDRESS
            and _PLAIN_LOCAL_PART.fullmatch(local_part)
        ):
            validate_email(address, check_deliverability=False, strict=True)
            local_part = unicodedata.normalize("NFC", local_part)
    except EmailNotValidError:
        _refuse(address)
    folded = unicodedata.normalize("NFC", local_part.casefold())
    return EmailAddress(email=f"{local_part}@{domain.unicode}", key=f"{folded}@{domain.ascii}")


def _alone(text: str) -> str | None:
    """Return the address beside which nothing else is said: «SMTP:a@b», «'a@b'», «a@b; a@b»."""
    text = _NAME_BEHIND.sub("", text[:LONGEST_SEARCH].replace("＠", "@").strip(_EDGES))
    found = {_unquoted(one) for one in _addresses_in(text)}
    if len({one.casefold() for one in found}) != 1:
        return None
    pieces = _LOOKS_LIKE_AN_ADDRESS.split(text)
    return found.pop() if all(map(_BESIDE.fullmatch, pieces)) else None


def _unquoted(address: str) -> str:
    address = address.rstrip(".。")
    return address[:-1].removeprefix("'") if address.endswith("'") else address


def ascii_domain(domain: str) -> str:
    """Return the domain as it stands in the DNS: lower case, A-labels (UTS 46, IDNA 2008).

    :raises BadEmail: it is not a valid domain name.
    """
    try:
        return _ascii_domain(domain.removesuffix("."))
    except idna.IDNAError as error:
        raise BadEmail(f"«{_shortened(domain)}» is not a valid domain name.") from error


@lru_cache(maxsize=8192)
def _ascii_domain(domain: str) -> str:
    return idna.encode(domain, uts46=True).decode("ascii")


def _bare_address(text: str) -> str:
    """Take the wrapping off: blanks, invisible marks, a name, `mailto:`."""
    if not text.isascii():
        text = text.translate(_INVISIBLE)
    text = text.strip(_EDGES).rstrip(";,")
    if text.endswith(">") and (wrapped := _WITH_NAME.fullmatch(text)):
        address = wrapped["address"].strip(_EDGES)
        others = _addresses_in(wrapped["name"])
        if others and any(other.casefold() != address.casefold() for other in others):
            _refuse_several([*others, address])
        text = address
    if text[:7].lower() == "mailto:":
        text = unquote(text[7:].partition("?")[0]).strip(_EDGES)
    return text


@lru_cache(maxsize=8192)
def _domain(domain: str) -> _Domain:
    plain = domain.lower()
    if _PLAIN_DOMAIN.fullmatch(plain) and not f".{plain}".endswith(_RESERVED_ENDINGS):
        return _Domain(unicode=plain, ascii=plain)
    judged = validate_email(f"x@{domain}", check_deliverability=False)
    if not _ENDING.fullmatch(judged.ascii_domain.rpartition(".")[2]):
        raise EmailSyntaxError("There is no such ending.")
    return _Domain(unicode=judged.domain, ascii=judged.ascii_domain)


def _refuse(address: str) -> NoReturn:
    """Raise the reason in words; the validator's own are written for programmers."""
    if not address:
        raise BadEmail("There is no email address.")
    several = _addresses_in(address)
    if len({found.casefold() for found in several}) > 1:
        _refuse_several(several)
    raise BadEmail(f"«{_shortened(address)}» {_fault(address)}.")


def _refuse_several(addresses: list[str]) -> NoReturn:
    distinct = list(dict.fromkeys(addresses))
    named = ", ".join(_shortened(found) for found in distinct[:-1])
    raise BadEmail(f"There is more than one email address: {named} and {_shortened(distinct[-1])}.")


def _fault(address: str) -> str:
    local_part, at_sign, domain = address.rpartition("@")
    faults = {
        "has no @": not at_sign,
        "has nothing before the @": not local_part,
        "has nothing after the @": not domain,
        "has a blank inside": any(character.isspace() for character in address),
        "has more than one @": "@" in local_part,
        "has two dots in a row": ".." in address,
        "has a dot right before the @": local_part.endswith("."),
        "begins with a dot": local_part.startswith("."),
        "has a dot right after the @": domain.startswith("."),
        "ends with a dot": domain.endswith("."),
        "is too long for an email address": len(address) > LONGEST_ADDRESS
        or len(local_part) > LONGEST_LOCAL_PART,
    }
    for fault, found in faults.items():
        if found:
            return fault
    if strange := _strange_character(local_part, domain):
        return f"has a character that cannot stand there: {strange}"
    if "." not in domain:
        return "has no ending like .com after the @"
    return f"cannot get email: «{_shortened(domain)}» is not a domain people can write to"


def _strange_character(local_part: str, domain: str) -> str:
    for allowed, part in ((_LOCAL_PART_CHARACTER, local_part), (_DOMAIN_CHARACTER, domain)):
        for character in part:
            if allowed.match(character):
                continue
            if character.isascii() or not character.isalnum():
                return f"«{character}»" if character.isprintable() else f"U+{ord(character):04X}"
    return ""


def _addresses_in(text: str) -> list[str]:
    return _LOOKS_LIKE_AN_ADDRESS.findall(text[:LONGEST_SEARCH])


def _shortened(text: str) -> str:
    short = text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 1]}…"
    return "".join(character if character.isprintable() else "·" for character in short)
