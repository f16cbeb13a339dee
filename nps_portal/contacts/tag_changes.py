"""Changing tags: another spelling, two made one, deleting; and how many contacts have each."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.models import ContactTag, Tag
from nps_portal.contacts.tags import tag_key
from nps_portal.contacts.values import one_line
from nps_portal.foundation.database import insert_for, lock_for_transaction
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.paging import Place, place_of
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record

PAGE_SIZE = 100
_LOCK = "tags"


class TagExists(PortalError):
    """Another tag has this name: to rename would be to make two into one."""

    def __init__(self, other: Tag) -> None:
        super().__init__(f"There is a tag «{other.name}» already.")
        self.other = other


@dataclass(frozen=True, kw_only=True)
class CountedTag:
    """One tag and how many contacts have it."""

    tag: Tag
    contacts: int


@dataclass(frozen=True, kw_only=True)
class TagPage:
    """One page of tags by name."""

    tags: Sequence[CountedTag]
    place: Place


def tag_page(session: Session, number: int) -> TagPage:
    """Return a page of tags, each with how many contacts have it."""
    total = session.scalar(sa.select(sa.func.count()).select_from(Tag)) or 0
    place = place_of(number, size=PAGE_SIZE, total=total)
    counted = (
        sa.select(sa.func.count()).where(ContactTag.tag_id == Tag.id).correlate(Tag)
    ).scalar_subquery()
    rows = session.execute(
        sa.select(Tag, counted).order_by(Tag.name_key).limit(place.size).offset(place.offset)
    )
    return TagPage(
        tags=[CountedTag(tag=tag, contacts=contacts) for tag, contacts in rows], place=place
    )


def tag_by_id(session: Session, tag_id: int) -> Tag | None:
    """Return a tag."""
    return session.get(Tag, tag_id)


def tagged_count(session: Session, tag_id: int) -> int:
    """Return how many contacts have a tag."""
    counted = sa.select(sa.func.count()).where(ContactTag.tag_id == tag_id)
    return session.scalar(counted) or 0


def rename_tag(work: Work, tag_id: int, name: str) -> None:
    """Spell a tag otherwise.

    :raises TagExists: another tag is spelled so; `merge_tags` makes them one.
    """
    lock_for_transaction(work.session, _LOCK)
    tag = work.session.get_one(Tag, tag_id)
    key = tag_key(name)
    other = work.session.scalar(sa.select(Tag).where(Tag.name_key == key, Tag.id != tag_id))
    if other is not None:
        raise TagExists(other)
    tag.name, tag.name_key = one_line(name), key
    record(work, "tag.renamed", tag_id=tag_id)


def merge_tags(work: Work, tag_id: int, into_id: int) -> None:
    """Give all contacts of one tag another, and delete the first."""
    lock_for_transaction(work.session, _LOCK)
    tag, into = work.session.get_one(Tag, tag_id), work.session.get_one(Tag, into_id)
    marked = sa.select(ContactTag.contact_id, sa.literal(into.id)).where(
        ContactTag.tag_id == tag.id, sa.true()
    )
    work.session.execute(
        insert_for(work.session)(ContactTag)
        .from_select(["contact_id", "tag_id"], marked.order_by(ContactTag.contact_id))
        .on_conflict_do_nothing()
    )
    _delete(work, tag)
    record(work, "tag.merged", tag_id=tag_id, into_id=into_id)


def delete_tag(work: Work, tag_id: int) -> int:
    """Delete a tag and return from how many contacts it was taken."""
    lock_for_transaction(work.session, _LOCK)
    lost = tagged_count(work.session, tag_id)
    _delete(work, work.session.get_one(Tag, tag_id))
    record(work, "tag.deleted", tag_id=tag_id, contacts=lost)
    return lost


def _delete(work: Work, tag: Tag) -> None:
    work.session.execute(sa.delete(ContactTag).where(ContactTag.tag_id == tag.id))
    work.session.execute(sa.delete(Tag).where(Tag.id == tag.id))
