"""When two records look like one person: the forms in which addresses and names are alike; pure."""

import re
import unicodedata
from collections.abc import Mapping

# Dots before the @ mean nothing there, and the two names are one provider.
_DOTLESS = frozenset({"gmail.com", "googlemail.com"})
_GMAIL = "gmail.com"
_WORDS = re.compile(r"\w+")
# Letters with a stroke or two in one, which Unicode does not take apart.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"})


def address_likeness(email_key: str, companies: Mapping[str, int]) -> str:
    """Return the form of an address in which two of one mailbox are alike.

    What follows a plus is left out, at Gmail the dots too. `companies` tells by domain the
    companies that have several: the same name at two domains of one is alike.
    """
    local, _, domain = email_key.rpartition("@")
    # Some begin with a plus; nothing would be left of them.
    local = local.partition("+")[0] or local
    if domain in _DOTLESS:
        local, domain = local.replace(".", "") or local, _GMAIL
    if domain in companies:
        return f"{local}@company:{companies[domain]}"
    return f"{local}@{domain}"


def name_likeness(name: str) -> str:
    """Return the form of a name that knows no capitals, accents or order of words."""
    plain = name.casefold()
    # Most names need no more, and a page compares tens of thousands.
    if not plain.isascii():
        apart = unicodedata.normalize("NFKD", plain.translate(_PLAIN))
        plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return " ".join(sorted(_WORDS.findall(plain)))
