"""One email as the bytes that go over the wire."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from nps_portal.mail.headers import Head, clean, header_fields, wire_address, within_line
from nps_portal.mail.quoted_printable import quoted_printable


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """What the mail server is told: who sends, to whom, and the id it repeats in its reports.

    :raises HeaderInjection: an address or the id holds what would end an SMTP command.
    """

    sender: str
    recipient: str
    envelope_id: str

    def __post_init__(self) -> None:
        for value in (self.sender, self.recipient):
            wire_address(value)
        clean("envelope id", self.envelope_id)


class Signs(Protocol):
    """What puts a signature before the headers of an email."""

    def signature(
        self, headers: Sequence[tuple[str, str]], body_hash: bytes, at: datetime
    ) -> tuple[str, str]:
        """Return the name and the value of the field that signs these headers and this body."""


@dataclass(frozen=True, kw_only=True)
class Mail(Head):
    """One email to one person, complete."""

    text: str
    html: str


def build(mail: Mail, signer: Signs | None = None) -> bytes:
    """Return the email with CR LF line ends, no line over 998 bytes, everything ASCII.

    Only an address with letters outside ASCII before its @ puts UTF-8 into the header
    (`needs_smtputf8`).

    :raises HeaderInjection: a header value holds a line break, another control character, or
        something that does not belong into its field.
    """
    boundary = new_boundary()
    body = b"".join(
        [
            part_head(boundary, "plain"),
            quoted_printable(whole_lines(mail.text)),
            part_head(boundary, "html"),
            quoted_printable(whole_lines(mail.html)),
            body_end(boundary),
        ]
    )
    return assemble(mail, boundary, body, signer)


def assemble(head: Head, boundary: str, body: bytes, signer: Signs | None) -> bytes:
    """Return the headers, signed where there is a signer, and the body they belong to.

    :raises HeaderInjection: as `build`.
    """
    content_type = f'multipart/alternative; boundary="{boundary}"'
    headers = [*header_fields(head), ("Content-Type", content_type)]
    if signer is not None:
        # A body written here is its own canonical form: see quoted_printable.
        digest = hashlib.sha256(body).digest()
        headers.insert(0, signer.signature(headers, digest, head.date))
    lines = [f"{name}: {within_line(name, value)}\r\n" for name, value in headers]
    return "".join([*lines, "\r\n"]).encode() + body


def new_boundary() -> str:
    """Return what separates the parts; `=_` cannot stand in a quoted-printable body."""
    return f"=_{secrets.token_hex(12)}"


def part_head(boundary: str, subtype: str) -> bytes:
    """Return what stands before a part of this kind of text."""
    return (
        f"--{boundary}\r\n"
        f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode()


def body_end(boundary: str) -> bytes:
    """Return what stands after the last part."""
    return f"--{boundary}--\r\n".encode()


def whole_lines(text: str) -> str:
    """Return the text ending in one line end and an empty line, as a part ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n\n"


def needs_smtputf8(mail: Head) -> bool:
    """Tell whether only a server that offers SMTPUTF8 can take this email."""
    addresses = (mail.sender_email, mail.recipient_email, mail.reply_to or "")
    return any(not address.rpartition("@")[0].isascii() for address in addresses)
