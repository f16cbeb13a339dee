"""Maildirs: new emails in `new`, read ones in `cur`, each a file."""

import os
import secrets
import socket
import time
from pathlib import Path

from nps_portal.inbox.places import InboxTrouble

SEEN = ":2,S"
UNSEEN = ":2,"


def new_mails(maildir: Path) -> list[Path]:
    """Return the files of new emails, oldest first.

    :raises InboxTrouble: it is no Maildir, or may not be read.
    """
    try:
        if not (maildir / "cur").is_dir() or not os.access(maildir / "cur", os.W_OK):
            raise InboxTrouble(f"{maildir} is not a Maildir that can be written to.")
        found = [entry for entry in (maildir / "new").iterdir() if not entry.name.startswith(".")]
    except OSError as error:
        raise InboxTrouble(f"{maildir} cannot be read: {error.strerror}.") from error
    return sorted(entry for entry in found if entry.is_file())


def beginning(mail: Path, size_bytes: int) -> bytes | None:
    """Return the first bytes of an email, None when somebody else has moved it meanwhile.

    :raises InboxTrouble: it may not be read.
    """
    try:
        with mail.open("rb") as file:
            return file.read(size_bytes)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InboxTrouble(f"{mail} cannot be read: {error.strerror}.") from error


def file_away(mail: Path, flags: str) -> None:
    """Move an email from `new` to `cur`; another process may have been faster."""
    target = mail.parent.parent / "cur" / (mail.name.partition(":")[0] + flags)
    try:
        mail.rename(target)
    except FileNotFoundError:
        return
    except OSError as error:
        raise InboxTrouble(f"{mail} cannot be moved: {error.strerror}.") from error


def deliver(maildir: Path, raw: bytes) -> Path:
    """Put an email into a Maildir, which is made when it is not there, and return its file."""
    for name in ("tmp", "new", "cur"):
        (maildir / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    host = socket.gethostname().replace("/", "-").replace(":", "-")
    name = f"{time.time_ns()}.P{os.getpid()}R{secrets.token_hex(4)}.{host}"
    draft = maildir / "tmp" / name
    with draft.open("xb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    return draft.rename(maildir / "new" / name)
