"""How a message is introduced to the mail server: MAIL, RCPT and DATA with what it offers."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from nps_portal.mail.headers import wire_address
from nps_portal.mail.mime import Envelope

_NOT_XTEXT = re.compile(r"[^!-*,-<>-~]")


class CannotCarry(Exception):
    """The mail server lacks what a message needs."""


@dataclass(frozen=True, kw_only=True)
class Introduction:
    """The commands before the content, each with its line end."""

    mail: bytes
    rcpt: bytes


def introduction(
    has_extension: Callable[[str], bool], envelope: Envelope, content: bytes
) -> Introduction:
    """Return the commands for a server with these extensions.

    :raises CannotCarry: the message needs SMTPUTF8 and the server has it not.
    """
    mail = rcpt = ""
    if has_extension("dsn"):
        rcpt = " NOTIFY=FAILURE,DELAY"
        mail = f" RET=HDRS ENVID={_xtext(envelope.envelope_id)}"
    sender, recipient = wire_address(envelope.sender), wire_address(envelope.recipient)
    if not (content.isascii() and sender.isascii() and recipient.isascii()):
        if not has_extension("smtputf8"):
            raise CannotCarry("This mail server cannot carry addresses with letters outside ASCII.")
        mail += " SMTPUTF8 BODY=8BITMIME"
    return Introduction(
        mail=f"MAIL FROM:<{sender}>{mail}\r\n".encode(),
        rcpt=f"RCPT TO:<{recipient}>{rcpt}\r\n".encode(),
    )


def _xtext(value: str) -> str:
    """Return the value as RFC 3461, section 4, writes it inside a command."""
    return _NOT_XTEXT.sub(lambda found: "".join(f"+{b:02X}" for b in found[0].encode()), value)
