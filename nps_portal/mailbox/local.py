"""The mailbox of this installation, and its door in this process."""

from pathlib import Path

from nps_portal.accounts.portal_settings import process_settings
from nps_portal.mail.handshake import Relay
from nps_portal.mailbox.catch_all import LocalMailbox

_mailboxes: dict[Path, tuple[LocalMailbox, Relay]] = {}


def local_mailbox() -> LocalMailbox:
    """Return this installation's mailbox, which catches every email while no server is set."""
    return LocalMailbox(process_settings().instance_dir / "mailbox")


def local_relay() -> Relay:
    """Start the catch-all of this process once; every process has its own door to one mailbox."""
    directory = process_settings().instance_dir / "mailbox"
    if directory not in _mailboxes:
        mailbox = LocalMailbox(directory)
        _mailboxes[directory] = (mailbox, mailbox.start())
    return _mailboxes[directory][1]


def stop_local_mailboxes() -> None:
    """Close the doors that this process opened."""
    while _mailboxes:
        _, (mailbox, _relay) = _mailboxes.popitem()
        mailbox.stop()
