"""Reading segments, and whom they find now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.models import User
from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.contacts.companies import name_key
from nps_portal.contacts.list_filters import ListPlace
from nps_portal.contacts.models import Contact, Property, Tag
from nps_portal.contacts.walks import Found
from nps_portal.segments import walking
from nps_portal.segments.columns import Lookup
from nps_portal.segments.compiling import Terms, membership
from nps_portal.segments.counting import count_of_members
from nps_portal.segments.fields import Catalogue, Choice, KnownProperty
from nps_portal.segments.models import Segment
from nps_portal.segments.reading import read
from nps_portal.segments.rules import Rules
from nps_portal.segments.walking import Beginning

SAMPLE_SIZE = 20
MOST_TAGS_OFFERED = 200


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Some of those who fit; `is_all` says that there are no others."""

    people: Sequence[Contact]
    is_all: bool


@dataclass(frozen=True, kw_only=True)
class MemberPage:
    """One page of members, and what is known of its place among all."""

    contacts: Sequence[Contact]
    found: Found


def catalogue(session: Session) -> Catalogue:
    """Return everything that contacts of this account can be filtered by."""
    properties = session.scalars(sa.select(Property).order_by(Property.position, Property.id))
    users = session.execute(sa.select(User.id, User.name).order_by(User.name, User.id))
    return Catalogue(
        properties=[
            KnownProperty(
                property_id=one.id,
                name=one.name,
                kind=one.kind,
                choices=tuple(one.choices),
                currency=one.currency,
            )
            for one in properties
        ],
        users=[Choice(value=str(user_id), words=name) for user_id, name in users],
    )


def segment_by_id(session: Session, segment_id: int) -> Segment | None:
    """Return a Segment."""
    return session.get(Segment, segment_id)


def segment_by_name(session: Session, name: str) -> Segment | None:
    """Return the Segment of a name, however it is spaced and capitalised."""
    return session.scalar(sa.select(Segment).where(Segment.name_key == name_key(name)[:120]))


def segments(session: Session) -> Sequence[Segment]:
    """Return all segments by name."""
    return session.scalars(sa.select(Segment).order_by(Segment.name_key)).all()


def similar_names(session: Session, name: str) -> list[str]:
    """Return the names of segments that somebody may have meant."""
    by_key = {one.name_key: one.name for one in segments(session)}
    return [by_key[key] for key in get_close_matches(name_key(name), by_key, cutoff=0.5)]


def rules_of(session: Session, segment: Segment) -> Rules:
    """Return the rules of a Segment."""
    return read(segment.rules, catalogue(session))


def member_query(session: Session, rules: Rules, now: datetime) -> sa.Select[int]:
    """Return the query of the ids of everybody who fits and is not removed."""
    return sa.select(Contact.id).where(membership(rules, _terms(session, now)))


def member_count(session: Session, rules: Rules, now: datetime) -> int:
    """Return how many fit."""
    return count_of_members(session, rules, _terms(session, now))


def sample(session: Session, rules: Rules, now: datetime, limit: int = SAMPLE_SIZE) -> Sample:
    """Return some of those who fit, whom it takes no time to find, by name."""
    found = first_members(session, rules, now, limit)
    people = session.scalars(
        sa.select(Contact).where(Contact.id.in_(found.ids)).order_by(Contact.name, Contact.id)
    )
    return Sample(people=people.all(), is_all=found.is_all)


def first_members(session: Session, rules: Rules, now: datetime, limit: int) -> Beginning:
    """Return the first of those who fit by id, as many as it takes no time to find."""
    return walking.first_members(session, rules, _terms(session, now), limit)


def members(session: Session, rules: Rules, now: datetime, place: ListPlace) -> MemberPage:
    """Return a page of members, in the order in which they were added, whom it is soon to find."""
    return _page(session, walking.page_of_members(session, rules, _terms(session, now), place))


def members_of_all(session: Session, rules: Rules, now: datetime, place: ListPlace) -> MemberPage:
    """Return the same page after a look at everybody, for as long as that takes."""
    return _page(session, walking.page_of_all(session, rules, _terms(session, now), place))


def tag_names(session: Session) -> Sequence[str]:
    """Return the names of the first tags, to be offered."""
    return session.scalars(
        sa.select(Tag.name).order_by(Tag.name_key).limit(MOST_TAGS_OFFERED)
    ).all()


def _page(session: Session, found: Found) -> MemberPage:
    contacts = session.scalars(
        sa.select(Contact).where(Contact.id.in_(found.ids)).order_by(Contact.id)
    )
    return MemberPage(contacts=contacts.all(), found=found)


def _terms(session: Session, now: datetime) -> Terms:
    dialect = session.get_bind().dialect.name
    return Terms(
        catalogue=catalogue(session),
        now=now,
        zone=portal_settings(session).zone,
        dialect=dialect,
        # Of all contacts, SQLite makes the list of those who fit once, where PostgreSQL joins.
        lookup=Lookup.LIST if dialect == "sqlite" else Lookup.EACH,
    )
