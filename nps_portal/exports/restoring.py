"""Bringing a whole export into an empty portal: everything, or nothing."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from nps_portal.contacts.erasures import FINGERPRINT
from nps_portal.contacts.models import Contact, Suppression
from nps_portal.exports.archive import BadArchive, own_seal, read_manifest
from nps_portal.exports.archive_rows import Archive
from nps_portal.exports.making import silent
from nps_portal.exports.restoring_answers import restore_answers, restore_tasks
from nps_portal.exports.restoring_changes import restore_changes
from nps_portal.exports.restoring_known import Known
from nps_portal.exports.restoring_people import restore_people
from nps_portal.exports.restoring_set_up import restore_set_up
from nps_portal.foundation.database import lock_for_transaction
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record
from nps_portal.responses.models import Response


class NotEmpty(PortalError):
    """The portal has contacts or answers already."""


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What came in; `foreign_fingerprints` are of addresses that only another key recognises."""

    contacts: int
    responses: int
    foreign_fingerprints: int


def restore(work: Work, file: Path, step: Callable[[str, int], None] = silent) -> Restored:
    """Bring all tables of an export in; on any fault the whole unit of work is to be undone.

    :raises NotEmpty: there are contacts or answers already.
    :raises BadArchive: the file is no export, or not a whole one.
    """
    lock_for_transaction(work.session, "restore")
    _refuse_unless_empty(work)
    try:
        opened = zipfile.ZipFile(file)
    except zipfile.BadZipFile as fault:
        raise BadArchive(f"«{file.name}» is no ZIP file. Nothing was imported.") from fault
    with opened:
        manifest = read_manifest(opened)
        archive, known = Archive(zip=opened, rows=manifest.rows, step=step), Known()
        restore_set_up(work, archive, known)
        restore_people(work, archive, known)
        restore_changes(work, archive, known)
        restore_answers(work, archive, known)
        restore_tasks(work, archive, known)
    record(work, "portal.restored", **{name: rows for name, rows in manifest.rows.items()})
    return Restored(
        contacts=manifest.rows["contacts.csv"],
        responses=manifest.rows["responses.csv"],
        foreign_fingerprints=0 if manifest.seal == own_seal() else _fingerprints(work),
    )


def _refuse_unless_empty(work: Work) -> None:
    for model, words in ((Contact, "contacts"), (Response, "answers")):
        if work.session.scalar(sa.select(model.id).limit(1)) is not None:
            raise NotEmpty(
                f"This portal has {words} already, so nothing was imported. An export comes back "
                "only into an empty portal: start one with another NPS_INSTANCE_DIR, or bring "
                "people in with «nps-portal import contacts»."
            )


def _fingerprints(work: Work) -> int:
    return (
        work.session.scalar(
            sa.select(sa.func.count(Suppression.id)).where(
                Suppression.email_key.startswith(FINGERPRINT)
            )
        )
        or 0
    )
