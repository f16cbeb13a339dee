"""Writing segments: add, rename, change, delete."""

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from nps_portal.contacts.companies import name_key
from nps_portal.foundation.database import insert_for
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record
from nps_portal.segments.models import Segment
from nps_portal.segments.rules import Rules

LONGEST_NAME = 120


class SegmentExists(PortalError):
    """Another Segment has this name."""


class BadName(PortalError):
    """The name cannot be that of a Segment."""


class SegmentGone(PortalError):
    """The Segment was deleted meanwhile."""


def add_segment(work: Work, name: str, rules: Rules) -> Segment:
    """Save rules under a name of their own.

    :raises BadName: it is empty or too long.
    :raises SegmentExists: another one has it.
    """
    name = _name(name)
    insert = insert_for(work.session)(Segment).values(
        name=name,
        name_key=_key(name),
        rules=rules.stored(),
        created_at=work.now,
        changed_at=work.now,
        created_by=work.actor.id,
    )
    segment_id = work.session.scalar(
        insert.on_conflict_do_nothing(index_elements=["name_key"]).returning(Segment.id)
    )
    if segment_id is None:
        raise _exists(name)
    record(work, "segment.added", segment_id=segment_id)
    return work.session.get_one(Segment, segment_id)


def rename_segment(work: Work, segment_id: int, name: str) -> None:
    """Give a Segment another name.

    :raises BadName: it is empty or too long.
    :raises SegmentExists: another one has it.
    :raises SegmentGone: it was deleted.
    """
    name, segment = _name(name), _locked(work, segment_id)
    if name == segment.name:
        return
    taken = sa.select(Segment.id).where(Segment.name_key == _key(name), Segment.id != segment_id)
    if work.session.scalar(taken) is not None:
        raise _exists(name)
    segment.name, segment.name_key, segment.changed_at = name, _key(name), work.now
    try:
        work.session.flush()
    except IntegrityError as error:
        raise _exists(name) from error
    record(work, "segment.renamed", segment_id=segment_id)


def change_rules(work: Work, segment_id: int, rules: Rules) -> None:
    """Give a Segment other rules; a send that was decided before keeps those it was decided with.

    :raises SegmentGone: it was deleted.
    """
    segment, stored = _locked(work, segment_id), rules.stored()
    if segment.rules != stored:
        segment.rules, segment.changed_at = stored, work.now
        record(work, "segment.changed", segment_id=segment_id)


def delete_segment(work: Work, segment_id: int) -> None:
    """Delete a Segment; nobody of it, and no send to it, is touched."""
    deleted = work.session.scalars(
        sa.delete(Segment).where(Segment.id == segment_id).returning(Segment.id)
    )
    for found in deleted.all():
        record(work, "segment.deleted", segment_id=found)


def _name(name: str) -> str:
    name = " ".join("".join(filter(_can_be_shown, name)).split())
    if not name:
        raise BadName("Give the segment a name.")
    if len(name) > LONGEST_NAME:
        raise BadName(f"A name has at most {LONGEST_NAME} letters.")
    return name


def _can_be_shown(letter: str) -> bool:
    return letter.isprintable() or letter.isspace()


def _key(name: str) -> str:
    return name_key(name)[:LONGEST_NAME]


def _exists(name: str) -> SegmentExists:
    return SegmentExists(f"There is a segment called «{name}» already. Choose another name.")


def _locked(work: Work, segment_id: int) -> Segment:
    segment = work.session.get(Segment, segment_id, with_for_update=True)
    if segment is None:
        raise SegmentGone("This segment was deleted meanwhile; nothing was changed.")
    return segment
