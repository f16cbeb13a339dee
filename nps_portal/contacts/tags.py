"""Tags: words that mark contacts, one a spelling."""

import re
from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.chunks import chunks
from nps_portal.contacts.models import ContactTag, Tag
from nps_portal.contacts.values import key_of, one_line
from nps_portal.foundation.database import insert_for
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record_facts

LONGEST_TAG = 80
_BETWEEN_TAGS = re.compile(r"[,;\n\r|]+")


class BadTag(PortalError):
    """A tag is too long to be one."""


def all_tags(session: Session, limit: int | None = None) -> Sequence[Tag]:
    """Return the tags by name, or the first of them."""
    return session.scalars(sa.select(Tag).order_by(Tag.name_key).limit(limit)).all()


def tags_of(session: Session, contact_ids: Collection[int]) -> dict[int, list[Tag]]:
    """Return the tags of these contacts, by name."""
    found: dict[int, list[Tag]] = {one: [] for one in contact_ids}
    for some in chunks(sorted(found)):
        for contact_id, tag in session.execute(
            sa.select(ContactTag.contact_id, Tag)
            .join(Tag, Tag.id == ContactTag.tag_id)
            .where(ContactTag.contact_id.in_(some))
            .order_by(ContactTag.contact_id, Tag.name_key)
        ):
            found[contact_id].append(tag)
    return found


def tags_in(written: str) -> list[str]:
    """Return the tags that a cell or a field lists, parted by commas, each once.

    :raises BadTag: one is too long.
    """
    by_key: dict[str, str] = {}
    for word in _BETWEEN_TAGS.split(written):
        name = one_line(word)
        if len(name) > LONGEST_TAG:
            raise BadTag(f"A tag has at most {LONGEST_TAG} characters: «{name[:40]}…».")
        if name:
            by_key.setdefault(tag_key(name), name)
    return list(by_key.values())


def tag_key(name: str) -> str:
    """Return the form of a name in which two of one tag are alike."""
    return key_of(name)[:LONGEST_TAG]


def ensure_tags(work: Work, names: Collection[str]) -> dict[str, int]:
    """Return the ids of these tags by key, making those that are not there.

    :raises BadTag: a name is too long.
    """
    by_key: dict[str, str] = {}
    for name in (name for written in names for name in tags_in(written)):
        by_key.setdefault(tag_key(name), name)
    found: dict[str, int] = {}
    for some in chunks(sorted(by_key)):
        known = sa.select(Tag.name_key, Tag.id).where(Tag.name_key.in_(some))
        found |= dict(work.session.execute(known).all())
        missing = [key for key in some if key not in found]
        if missing:
            insert = insert_for(work.session)(Tag)
            work.session.execute(
                insert.on_conflict_do_nothing(index_elements=["name_key"]),
                [{"name": by_key[k], "name_key": k, "created_at": work.now} for k in missing],
            )
            found |= dict(work.session.execute(known).all())
    return found


def add_tags(work: Work, contact_ids: Collection[int], tag_ids: Collection[int]) -> int:
    """Mark each of these contacts with each of these tags, and return how many contacts gained."""
    gained = mark(work, dict.fromkeys(contact_ids, tag_ids))
    _tell(work, "contact.tagged", gained)
    return len(gained)


def mark(work: Work, tag_ids: Mapping[int, Collection[int]]) -> dict[int, list[int]]:
    """Mark contacts with the tags of each, and return what each has gained.

    The journal is left to the caller: an import has its own word for it.
    """
    gained: dict[int, list[int]] = {}
    pairs = [
        {"contact_id": contact_id, "tag_id": tag_id}
        for contact_id in sorted(tag_ids)
        for tag_id in sorted(set(tag_ids[contact_id]))
    ]
    if pairs:
        # The database tells which are new: somebody else may mark the same people meanwhile.
        insert = insert_for(work.session)(ContactTag)
        for contact_id, tag_id in work.session.execute(
            insert.on_conflict_do_nothing().returning(ContactTag.contact_id, ContactTag.tag_id),
            pairs,
        ):
            gained.setdefault(contact_id, []).append(tag_id)
    return gained


def remove_tags(work: Work, contact_ids: Collection[int], tag_ids: Collection[int]) -> int:
    """Take these tags from these contacts, and return how many contacts lost one."""
    lost: dict[int, list[int]] = {}
    for some in chunks(sorted(set(contact_ids))):
        for contact_id, tag_id in work.session.execute(
            sa.delete(ContactTag)
            .where(ContactTag.contact_id.in_(some), ContactTag.tag_id.in_(tag_ids))
            .returning(ContactTag.contact_id, ContactTag.tag_id)
        ):
            lost.setdefault(contact_id, []).append(tag_id)
    _tell(work, "contact.untagged", lost)
    return len(lost)


def _tell(work: Work, kind: str, changed: Mapping[int, list[int]]) -> None:
    """Write it down by the ids of tags: a tag is a word about a person."""
    record_facts(
        work, kind, [(contact_id, {"tags": sorted(changed[contact_id])}) for contact_id in changed]
    )
