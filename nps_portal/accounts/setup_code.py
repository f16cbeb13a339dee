"""The code that proves, at the first visit, that somebody runs the portal's machine.

A fresh portal on a public address has no owner yet; without the code the first stranger to come by
could make himself one. It is derived from the secret key, so every process knows it and nothing
is stored.
"""

import hashlib
import hmac

from nps_portal.accounts.portal_settings import process_settings

# Without 0, O, 1 and I, which people mix up; 32 letters, so that five bits choose one.
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_LENGTH = 8


def setup_code() -> str:
    """Return this installation's code as people read it, `ABCD-EFGH`."""
    code = _code()
    return f"{code[:4]}-{code[4:]}"


def setup_code_fits(typed: str) -> bool:
    """Tell whether a person typed the code; case, blanks and dashes do not matter."""
    letters = "".join(character for character in typed.upper() if character.isalnum())
    return hmac.compare_digest(letters.encode(), _code().encode())


def setup_code_is_needed() -> bool:
    """Tell whether others than this machine's users can reach the first visit's page."""
    settings = process_settings()
    # A server that listens on the network answers strangers, whatever its links begin with.
    return not (settings.public_url_is_loopback and settings.bind_is_loopback)


def _code() -> str:
    key = process_settings().secret_key.encode()
    digest = hmac.digest(key, b"nps-portal.set-up-code", hashlib.sha256)
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:_LENGTH])
