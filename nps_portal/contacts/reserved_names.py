"""Names that no property can have: in a file they mean what every Contact has."""

import re
import unicodedata

# The words of our own files first, then those that people use for the same.
_RESERVED = """
    id, email, name, first name, last name, company, language, time zone, tags, owner,
    decides, pays, uses, consent basis, consent on, source, created at, changed at, removed at,
    paused until, erased at, last score, last answered at, answers, trend, last asked at,
    merged into, suppressed because, suppressed at, score, comment,
    contact, contact id, customer id, e mail, mail, email address, e mail address, mail address,
    email key, full name, contact name, customer name, display name, given name, forename,
    family name, surname, company name, organisation, organization, organisation name,
    organization name, business name, employer, locale, language code, preferred language,
    timezone, zone, tag, segment, unsubscribed, opted out, opt out, do not email, do not contact,
    suppressed, paused, removed, erased, property
"""
RESERVED = frozenset(" ".join(name.split()) for name in _RESERVED.split(","))


def is_reserved(name: str) -> bool:
    """Tell whether a name means a field, however it is spaced, spelled and capitalised."""
    bare = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", name.casefold())
        if not unicodedata.combining(letter)
    )
    return re.sub(r"[\W_]+", " ", bare).strip() in RESERVED
