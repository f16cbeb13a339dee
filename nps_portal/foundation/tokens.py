"""Tokens: a public id with a seal, one salt a purpose.

A token is `<public id>.<seal>`. The id says nothing about a person; the seal is an HMAC-SHA-256
cut to 128 bits, so a link stays short enough for one header line and cannot be guessed.
"""

import base64
import enum
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from functools import lru_cache

from flask import current_app

from nps_portal.foundation.clock import current_clock

PUBLIC_ID_BYTES = 9


class Purpose(enum.Enum):
    """What a token is good for; a token of one purpose is worth nothing for another."""

    SURVEY = "survey"
    UNSUBSCRIBE = "unsubscribe"
    SURVEY_PAGE = "survey-page"
    BOUNCE = "bounce"
    HOOK = "hook"
    ANSWER = "answer"
    MY_DATA = "my-data"
    UNREAD_KEY = "unread-key"


def new_public_id() -> str:
    """Return 12 random URL-safe characters (72 bits) to name a row outside the house."""
    return secrets.token_urlsafe(PUBLIC_ID_BYTES)


def make_token(purpose: Purpose, public_id: str) -> str:
    """Return the token that names this public id for this purpose."""
    return f"{public_id}.{_seal(purpose, public_id)}"


def read_token(purpose: Purpose, token: str) -> str | None:
    """Return the public id that a token names, or None when the token is not ours."""
    if len(token) > 200 or not token.isascii():
        return None
    # Compared as a whole: of the spellings that mean the same bytes, only one is ours.
    public_id = token.rpartition(".")[0]
    return public_id if hmac.compare_digest(make_token(purpose, public_id), token) else None


@dataclass(frozen=True, kw_only=True)
class PageNonce:
    """A page as it was served: its own id, how long ago, and the score chosen on it by the link."""

    key: str
    seconds_on_page: float
    preselected: int | None


def make_nonce(public_id: str, preselected: int | None = None) -> str:
    """Return a page's proof that it was served for this public id, and when, and with which score.

    No cookie is needed, and another site cannot make one.
    """
    milliseconds = int(current_clock().now().timestamp() * 1000)
    chosen = "" if preselected is None else preselected
    page = f"{secrets.token_urlsafe(6)}.{milliseconds}.{chosen}"
    return f"{page}.{_seal(Purpose.SURVEY_PAGE, f'{public_id} {page}')}"


def read_nonce(nonce: str, public_id: str, max_age_seconds: int) -> PageNonce | None:
    """Return the page that a nonce was made for, None unless here, for this id, and lately."""
    page, _, seal = nonce.rpartition(".")
    if len(nonce) > 200 or not nonce.isascii():
        return None
    if not hmac.compare_digest(_seal(Purpose.SURVEY_PAGE, f"{public_id} {page}"), seal):
        return None
    key, milliseconds, chosen = page.split(".")
    age = current_clock().now().timestamp() - int(milliseconds) / 1000
    if not -1 <= age <= max_age_seconds:
        return None
    return PageNonce(
        key=key, seconds_on_page=max(age, 0.0), preselected=int(chosen) if chosen else None
    )


def unread_key(key: str) -> str:
    """Return what stands for a key that somebody else has chosen, and that nobody is to read."""
    return _seal(Purpose.UNREAD_KEY, key)


def _seal(purpose: Purpose, text: str) -> str:
    """Return HMAC-SHA-256, cut to 128 bits (RFC 2104, section 5, allows half of the output)."""
    whole = hmac.digest(_key(current_app.secret_key or "", purpose), text.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(whole[:16]).rstrip(b"=").decode()


@lru_cache(maxsize=64)
def _key(secret: str | bytes, purpose: Purpose) -> bytes:
    """Return the key of one purpose, so that a seal of one is worth nothing for another."""
    salt = f"nps-portal.{purpose.value}".encode()
    return hmac.digest(secret.encode() if isinstance(secret, str) else secret, salt, hashlib.sha256)
