"""The mailbox of this installation, and its door in this process."""

from collections.abc import Collection
from pathlib import Path

from nps_portal.accounts.portal_settings import portal_settings, process_settings
from nps_portal.foundation.database import reading
from nps_portal.mail.handshake import Relay
from nps_portal.mailbox.catch_all import LocalMailbox
from nps_portal.mailbox.forgetting import forget_in

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


def forget_mail(addresses: Collection[str]) -> int:
    """Delete the emails kept on this machine that name one of these addresses.

    They lie in the mailbox, and in the inbox of what nobody has understood; what lies with a mail
    provider stays there. The account's own addresses stand in every email, and say nothing.
    """
    settings = portal_settings(reading())
    own = [settings.mail_from, settings.reply_to]
    instance_dir = process_settings().instance_dir
    return sum(forget_in(instance_dir / name, addresses, own) for name in ("mailbox", "inbox"))


def stop_local_mailboxes() -> None:
    """Close the doors that this process opened."""
    while _mailboxes:
        _, (mailbox, _relay) = _mailboxes.popitem()
        mailbox.stop()
