"""Reading the inbox: what has come in is fetched, taken in, and its place remembered with it."""

import threading
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import TypeVar

import structlog
from flask import Flask

from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import WORKER, unit_of_work
from nps_portal.inbox import maildir
from nps_portal.inbox.commands import (
    LARGEST_READ_BYTES,
    is_understood,
    note_trouble,
    read_mail,
    save_position,
    take_in,
)
from nps_portal.inbox.imap import FetchedMail, Folder, open_folder
from nps_portal.inbox.models import InboxPosition
from nps_portal.inbox.places import ImapPlace, InboxTrouble, MaildirPlace, place_of
from nps_portal.inbox.queries import inbox_trouble

# A mailbox that is new to us may hold years of letters; reports come within days.
LOOK_BACK = timedelta(days=8)
# A server that refuses us is not asked every minute: it might lock the account.
PAUSE = timedelta(minutes=5)
MAILS_AT_ONCE = 10

T = TypeVar("T")

log = structlog.get_logger(__name__)


def read_inbox(app: Flask, stopping: threading.Event) -> int:
    """Take in what has arrived since the last time, and return how many emails.

    What stands in the way is written down for the settings page and the doctor.
    """
    with app.app_context():
        url = portal_settings(reading()).inbox_url
        trouble = inbox_trouble(reading())
        reading().rollback()
        if not url or (trouble and current_clock().now() < trouble.at + PAUSE):
            return 0
        try:
            place = place_of(url)
            count = (
                _read_maildir(place, stopping)
                if isinstance(place, MaildirPlace)
                else _read_imap(place, stopping)
            )
        except InboxTrouble as error:
            if trouble is None or trouble.text != str(error):
                log.warning("inbox not read", reason=str(error))
            _note(str(error))
            return 0
        if trouble:
            _note("")
        return count


def try_inbox(url: str) -> str:
    """Look into an inbox as the worker will, and say what is there.

    :raises InboxTrouble: it cannot be read; in words.
    """
    place = place_of(url)
    if isinstance(place, MaildirPlace):
        return f"The Maildir can be read. New emails in it: {len(maildir.new_mails(place.path))}."
    with open_folder(place) as folder:
        return f"{place.host} lets us in. Emails in {place.folder}: {folder.count()}."


def _read_imap(place: ImapPlace, stopping: threading.Event) -> int:
    count = 0
    with open_folder(place) as folder:
        last_uid = _last_uid(place, folder.uid_validity)
        with unit_of_work(WORKER) as work:
            save_position(work, place, uid_validity=folder.uid_validity, last_uid=last_uid)
        for uids in _chunks(_unread(folder, last_uid)):
            if stopping.is_set():
                break
            understood = _take_in_mails(place, folder, folder.fetch(uids), uids[-1])
            folder.mark_seen(understood)
            count += len(uids)
    return count


def _unread(folder: Folder, last_uid: int) -> list[int]:
    if last_uid:
        return folder.uids_after(last_uid)
    return folder.uids_since(_first_day())


def _take_in_mails(
    place: ImapPlace, folder: Folder, fetched: Sequence[FetchedMail], last_uid: int
) -> list[int]:
    """Take emails in, and the place behind them with it; return which nobody needs to read."""
    mails = [(one.uid, read_mail(one.raw)) for one in fetched]
    with unit_of_work(WORKER) as work:
        notes = [(uid, take_in(work, mail)) for uid, mail in mails]
        save_position(work, place, uid_validity=folder.uid_validity, last_uid=last_uid)
    return [uid for uid, noted in notes if is_understood(noted)]


def _read_maildir(place: MaildirPlace, stopping: threading.Event) -> int:
    count = 0
    new = maildir.new_mails(place.path)
    with unit_of_work(WORKER) as work:
        save_position(work, place)
    for files in _chunks(new):
        if stopping.is_set():
            break
        raws = [(file, maildir.beginning(file, LARGEST_READ_BYTES)) for file in files]
        mails = [(file, read_mail(raw)) for file, raw in raws if raw is not None]
        with unit_of_work(WORKER) as work:
            notes = [(file, take_in(work, mail)) for file, mail in mails]
        for file, noted in notes:
            maildir.file_away(file, maildir.SEEN if is_understood(noted) else maildir.UNSEEN)
        count += len(mails)
    return count


def _last_uid(place: ImapPlace, uid_validity: int) -> int:
    """Return how far a folder was read, 0 when it never was or its numbers began anew."""
    position = reading().get(InboxPosition, place.name)
    reading().rollback()
    return position.last_uid if position and position.uid_validity == uid_validity else 0


def _first_day() -> date:
    return (current_clock().now() - LOOK_BACK).date()


def _chunks(things: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(things), MAILS_AT_ONCE):
        yield things[start : start + MAILS_AT_ONCE]


def _note(trouble: str) -> None:
    with unit_of_work(WORKER) as work:
        note_trouble(work, trouble)
