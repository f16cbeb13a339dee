"""DKIM: the signature under an email (RFC 6376, 8301, 8463, 8616), its key, and its line of DNS.

Written here because a library takes 7 ms a message, most of it parsing what we have just built.
"""

import base64
import hashlib
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from nps_portal.foundation.addresses import ascii_domain
from nps_portal.foundation.errors import PortalError

SMALLEST_RSA_BITS = 2048  # what RFC 8301, 3.2 asks signers for
# From stands here a second time, so that a From which somebody adds breaks the signature.
SIGNED_HEADERS = (
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-id",
    "feedback-id",
    "auto-submitted",
)

_FOLD = "\r\n "
_LONGEST_LINE = 77
_BLANKS = re.compile(r"[ \t]+")
_BLANKS_IN_BODY = re.compile(rb"  +")


class BadKey(PortalError):
    """The file holds no key that emails may be signed with."""


@dataclass(frozen=True, kw_only=True)
class Signer:
    """A private key and the name in DNS under which its public half stands."""

    domain: str
    selector: str
    key: RSAPrivateKey | Ed25519PrivateKey = field(repr=False)

    def signature(
        self, headers: Sequence[tuple[str, str]], body_hash: bytes, at: datetime
    ) -> tuple[str, str]:
        """Return the name and the folded value of the field that signs the header fields.

        The fields are given as they will stand in the message, each once, folded or not;
        `body_hash` is that of `relaxed_body_hash`.
        """
        given = {name.lower(): value for name, value in headers}
        names = tuple(name for name in SIGNED_HEADERS if name in given)
        algorithm = "rsa" if isinstance(self.key, RSAPrivateKey) else "ed25519"
        value = (
            f"v=1; a={algorithm}-sha256; c=relaxed/relaxed; t={int(at.timestamp())};{_FOLD}"
            f"d={self.domain};{_FOLD}s={self.selector};{_FOLD}h={_names_folded(names)};{_FOLD}"
            f"bh={base64.b64encode(body_hash).decode()};{_FOLD}b="
        )
        signed = [f"{name}:{_relaxed(given[name])}" for name in names]
        signed.append(f"dkim-signature:{value.replace(_FOLD, ' ')}")
        return "DKIM-Signature", value + _signature_folded(self._sign("\r\n".join(signed).encode()))

    def _sign(self, content: bytes) -> bytes:
        if isinstance(self.key, RSAPrivateKey):
            return self.key.sign(content, padding.PKCS1v15(), hashes.SHA256())
        # RFC 8463, 3: Ed25519 signs the hash of the fields, not the fields.
        return self.key.sign(hashlib.sha256(content).digest())


def load_signer(*, domain: str, selector: str, key_file: Path) -> Signer:
    """Return a signer with the key of a PEM file: RSA of 2048 bits or more, or Ed25519.

    :raises BadKey: the file cannot be read, or its key cannot sign emails.
    :raises BadEmail: the domain is not one.
    """
    return Signer(domain=ascii_domain(domain), selector=selector, key=_key_in(key_file))


def relaxed_body_hash(body: bytes) -> bytes:
    """Return the SHA-256 of the body in its relaxed form (RFC 6376, 3.4.4)."""
    # Runs of blanks become one first: a pattern for blanks before a line's end would need
    # quadratic time on a long run elsewhere.
    body = _BLANKS_IN_BODY.sub(b" ", body.replace(b"\t", b" ")).replace(b" \r\n", b"\r\n")
    body = body.removesuffix(b" ")
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return hashlib.sha256(body[:end] + b"\r\n" if end else b"").digest()


def make_key(key_file: Path) -> None:
    """Make a new RSA key of 2048 bits that only this user can read.

    :raises BadKey: there is a file already, which stays as it is, or none can be written there.
    """
    # RSA, because a part of the receivers still cannot check Ed25519.
    key = generate_private_key(public_exponent=65537, key_size=SMALLEST_RSA_BITS)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        key_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_once(key_file, pem)
    except OSError as error:
        if key_file.exists():
            raise BadKey(f"There is a DKIM key already, {key_file}; it was left.") from error
        raise BadKey(f"No DKIM key can be written to {key_file}: {error.strerror}.") from error


def dns_record(key_file: Path) -> str:
    """Return the TXT record that publishes the public half of the key.

    :raises BadKey: the file cannot be read, or its key cannot sign emails.
    """
    key = _key_in(key_file)
    if isinstance(key, RSAPrivateKey):
        kind = "rsa"
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    else:
        kind = "ed25519"
        public = key.public_key().public_bytes_raw()
    return f"v=DKIM1; k={kind}; p={base64.b64encode(public).decode()}"


def _write_once(file: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all, and never replaces another."""
    fresh = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as writing:
        writing.write(content)
    try:
        os.link(fresh, file)
    finally:
        fresh.unlink()


def _key_in(file: Path) -> RSAPrivateKey | Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except OSError as error:
        raise BadKey(f"The DKIM key {file} cannot be read: {error.strerror}.") from error
    except TypeError as error:
        raise BadKey(f"The DKIM key {file} is locked with a password; use one without.") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadKey(f"{file} does not hold a private key in PEM.") from error
    if isinstance(key, Ed25519PrivateKey):
        return key
    if not isinstance(key, RSAPrivateKey):
        raise BadKey(f"The DKIM key {file} is neither RSA nor Ed25519.")
    if key.key_size < SMALLEST_RSA_BITS:
        raise BadKey(
            f"The DKIM key {file} has {key.key_size} bits; "
            f"receivers want {SMALLEST_RSA_BITS} or more."
        )
    return key


def _relaxed(value: str) -> str:
    return _BLANKS.sub(" ", value.replace("\r\n", "")).strip(" ")


@lru_cache(maxsize=64)
def _names_folded(names: tuple[str, ...]) -> str:
    """Return the names of the signed fields, From twice, folded after a colon."""
    lines = ["from"]
    for name in names:
        if len(f" h={lines[-1]}:{name}:") > _LONGEST_LINE:
            lines[-1] += ":"
            lines.append(name)
        else:
            lines[-1] += f":{name}"
    return _FOLD.join(lines)


def _signature_folded(signature: bytes) -> str:
    text = base64.b64encode(signature).decode()
    # The first line begins with « b=»; the rest with one blank.
    first, step = _LONGEST_LINE - 3, _LONGEST_LINE - 1
    rest = [text[start : start + step] for start in range(first, len(text), step)]
    return _FOLD.join([text[:first], *rest])
