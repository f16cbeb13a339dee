"""Tokens: a public id with a seal, one salt a purpose.

A token is `<public id>.<seal>`. The id says nothing about a person; the seal is an HMAC-SHA-256
cut to 128 bits, so a link stays short enough for one header line and cannot be guessed.
"""

import enum
import hashlib
import hmac
import secrets

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


def make_nonce(public_id: str) -> str:
    """Return a page's proof that it was served for this public id, with the time."""
    return str(_nonces().dumps([public_id, secrets.token_urlsafe(6)]))


def nonce_fits(nonce: str, public_id: str, max_age_seconds: int) -> bool:
    """Tell whether a nonce was made here, for this public id, and lately."""
    try:
        named = _nonces().loads(nonce, max_age=max_age_seconds)
    except BadData:
        return False
    return bool(named[0] == public_id)


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
