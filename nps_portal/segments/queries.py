"""Reading segments, and whom they find now."""

from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.models import User
from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.contacts.companies import name_key
from nps_portal.contacts.models import Contact, Property, Tag
from nps_portal.foundation.paging import Place, place_of
from nps_portal.segments.compiling import Terms, membership
from nps_portal.segments.fields import Catalogue, Choice, KnownProperty
from nps_portal.segments.models import Segment
from nps_portal.segments.reading import read
from nps_portal.segments.rules import Rules

PAGE_SIZE = 50
SAMPLE_SIZE = 20
MOST_TAGS_OFFERED = 200
MANY = 20_000


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
    terms = Terms(
        catalogue=catalogue(session),
        now=now,
        zone=portal_settings(session).zone,
        dialect=session.get_bind().dialect.name,
    )
    return sa.select(Contact.id).where(membership(rules, terms))


def member_count(session: Session, rules: Rules, now: datetime) -> int:
    """Return how many fit."""
    members = member_query(session, rules, now).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(members)) or 0


def sample(
    session: Session, rules: Rules, now: datetime, limit: int = SAMPLE_SIZE
) -> Sequence[Contact]:
    """Return some of those who fit, whichever are found first, by name."""
    # In no order: any would have the database find all of them, or read past all others.
    return _by_name(session, session.scalars(member_query(session, rules, now).limit(limit)).all())


def member_place(session: Session, rules: Rules, now: datetime, number: int) -> Place:
    """Return where a page of members stands among them all."""
    return place_of(number, size=PAGE_SIZE, total=member_count(session, rules, now))


def members(session: Session, rules: Rules, now: datetime, place: Place) -> Sequence[Contact]:
    """Return a page of members, in the order in which they were added."""
    # Few are found first and sorted then, for which the ids must not look sorted already: walking
    # them in order would read past everybody else. Of many, some are met soon on such a walk.
    order = Contact.id if place.total > MANY else Contact.id + 0
    query = member_query(session, rules, now).order_by(order)
    ids = session.scalars(query.limit(place.size).offset(place.offset)).all()
    return session.scalars(sa.select(Contact).where(Contact.id.in_(ids)).order_by(Contact.id)).all()


def tag_names(session: Session) -> Sequence[str]:
    """Return the names of the first tags, to be offered."""
    return session.scalars(
        sa.select(Tag.name).order_by(Tag.name_key).limit(MOST_TAGS_OFFERED)
    ).all()


def _by_name(session: Session, ids: Sequence[int]) -> Sequence[Contact]:
    return session.scalars(
        sa.select(Contact).where(Contact.id.in_(ids)).order_by(Contact.name, Contact.id)
    ).all()
