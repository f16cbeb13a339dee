"""Tokens: a public id with a seal, one salt a purpose.

A token is `<public id>.<seal>`. The id says nothing about a person; the seal is an HMAC-SHA-256
cut to 128 bits, so a link stays short enough for one header line and cannot be guessed.
"""

import enum
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from flask import current_app
from itsdangerous import BadData, Signer, TimestampSigner, URLSafeTimedSerializer
from itsdangerous.signer import SigningAlgorithm

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


class ShortHmac(SigningAlgorithm):
    """HMAC-SHA-256, cut to 128 bits (RFC 2104, section 5, allows half of the output)."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        """Return the first 16 bytes of the HMAC."""
        return hmac.digest(key, value, hashlib.sha256)[:16]


class ClockSigner(TimestampSigner):
    """A signer that reads the time where everything here reads it."""

    def get_timestamp(self) -> int:
        """Return the present instant in seconds since 1970."""
        return int(current_clock().now().timestamp())


def new_public_id() -> str:
    """Return 12 random URL-safe characters (72 bits) to name a row outside the house."""
    return secrets.token_urlsafe(PUBLIC_ID_BYTES)


def make_token(purpose: Purpose, public_id: str) -> str:
    """Return the token that names this public id for this purpose."""
    return _signer(purpose).sign(public_id).decode()


def read_token(purpose: Purpose, token: str) -> str | None:
    """Return the public id that a token names, or None when the token is not ours."""
    if len(token) > 200 or not token.isascii():
        return None
    try:
        public_id = _signer(purpose).unsign(token).decode()
    except BadData:
        return None
    # Base64 has bits to spare in the seal's last character; only one spelling is ours.
    return public_id if make_token(purpose, public_id) == token else None


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
    return str(_nonces().dumps([public_id, secrets.token_urlsafe(6), milliseconds, preselected]))


def read_nonce(nonce: str, public_id: str, max_age_seconds: int) -> PageNonce | None:
    """Return the page that a nonce was made for, None unless here, for this id, and lately."""
    try:
        named, key, milliseconds, preselected = _nonces().loads(nonce, max_age=max_age_seconds)
    except (BadData, ValueError):
        return None
    if named != public_id:
        return None
    age = current_clock().now().timestamp() - milliseconds / 1000
    return PageNonce(key=key, seconds_on_page=max(age, 0.0), preselected=preselected)


def _signer(purpose: Purpose) -> Signer:
    return Signer(
        current_app.secret_key or "",
        salt=f"nps-portal.{purpose.value}",
        sep=".",
        key_derivation="hmac",
        digest_method=hashlib.sha256,
        algorithm=ShortHmac(),
    )


def _nonces() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        current_app.secret_key or "",
        salt=f"nps-portal.{Purpose.SURVEY_PAGE.value}",
        signer=ClockSigner,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )
