"""What a Contact must be to stand in the list: each condition on a row, and how to find its rows.

The list looks for a condition that few meet and begins with those, so that a filter is quick at a
million contacts. For that each condition knows the query that finds its rows by an index.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from nps_portal.contacts.companies import name_key
from nps_portal.contacts.erasures import FINGERPRINT
from nps_portal.contacts.list_filters import ContactFilter, ContactGroup
from nps_portal.contacts.models import Company, Contact, ContactTag, Suppression
from nps_portal.nps import SCORES, Category, category

MOST_WORDS = 8
MOST_GATHERED = 10_000


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What a Contact must be, and the queries that together find who is.

    Without queries the condition is met by too many to begin with. `in_name` is a narrower
    condition on the name alone; the first query then finds who meets that. One that is not
    `whole` may miss some.
    """

    row: sa.ColumnElement[bool]
    finds: tuple[sa.Select[int], ...] = ()
    in_name: sa.ColumnElement[bool] | None = None
    is_whole: bool = True


def looked_at(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return a condition as one to test on each row, never to look rows up by.

    SQLite keeps no statistics here, and would take the index of a column that half of all rows
    share.
    """
    return condition.is_(sa.true())


def stands_in(wanted: ContactFilter) -> list[sa.ColumnElement[bool]]:
    """Return what every Contact of the list is: removed or not; an erased one stands in none."""
    if wanted.group is ContactGroup.REMOVED:
        return [Contact.removed_at.is_not(None), Contact.erased_at.is_(None)]
    return [Contact.removed_at.is_(None)]


def conditions(session: Session, wanted: ContactFilter, now: datetime) -> list[Condition]:
    """Return the conditions of a filter, those first that are found soonest."""
    words = sorted(wanted.text.split()[:MOST_WORDS], key=len, reverse=True)
    mentions = [_mentions(session, word) for word in words]
    together = [_all_of(mentions)] if len(mentions) > 1 else []
    return [*_of_columns(wanted, now), *_of_marks(wanted), *mentions, *together]


def _of_columns(wanted: ContactFilter, now: datetime) -> Iterator[Condition]:
    if wanted.company:
        company = sa.select(Company.id).where(Company.name_key == name_key(wanted.company))
        yield _found(Contact.company_id == company.scalar_subquery())
    if wanted.owner_id:
        yield _found(Contact.owner_id == wanted.owner_id)
    if wanted.is_unowned:
        yield Condition(row=Contact.owner_id.is_(None))
    if wanted.category:
        lowest, highest = _scores_of(wanted.category)
        yield _found(Contact.last_score.between(lowest, highest))
    if wanted.is_unscored:
        yield Condition(row=Contact.last_score.is_(None))
    if wanted.trend:
        yield _found(Contact.trend == wanted.trend)
    if wanted.language:
        yield _found(Contact.language == wanted.language)
    if wanted.group is ContactGroup.PAUSED:
        yield _found(Contact.paused_until > now)
    if wanted.group is ContactGroup.REMOVED:
        yield _found(Contact.removed_at.is_not(None))


def _of_marks(wanted: ContactFilter) -> Iterator[Condition]:
    if wanted.tag_id:
        marked = sa.select(ContactTag.contact_id).where(ContactTag.tag_id == wanted.tag_id)
        yield Condition(
            row=marked.where(ContactTag.contact_id == Contact.id).exists(), finds=(marked,)
        )
    if wanted.group is ContactGroup.SUPPRESSED:
        # Those of erased people name nobody, and would only be in the way.
        addresses = sa.select(Suppression.email_key).where(
            sa.not_(Suppression.email_key.startswith(FINGERPRINT))
        )
        yield Condition(
            row=sa.exists().where(Suppression.email_key == Contact.email_key),
            finds=(
                sa.select(Contact.id).where(
                    Contact.email_key.in_(addresses.limit(MOST_GATHERED + 1))
                ),
            ),
        )


def _found(row: sa.ColumnElement[bool]) -> Condition:
    return Condition(row=row, finds=(sa.select(Contact.id).where(row),))


def _scores_of(wanted: Category) -> tuple[int, int]:
    scores = [score for score in SCORES if category(score) is wanted]
    return min(scores), max(scores)


def _mentions(session: Session, word: str) -> Condition:
    """Return the condition that a word is in the name, the address or the company's name."""
    in_name = _contains(session, Contact.name, word)
    in_email = Contact.email_key.contains(word.casefold(), autoescape=True)
    in_company = Contact.company_id.in_(
        sa.select(Company.id).where(Company.name_key.contains(word.casefold(), autoescape=True))
    )
    return Condition(
        row=sa.or_(in_name, in_email, in_company),
        # Each looks through one index alone and need not read the rows, which are ten times it.
        finds=(_PEOPLE.where(in_name), _PEOPLE.where(in_email), _PEOPLE.where(in_company)),
        in_name=in_name,
    )


def _all_of(mentions: Sequence[Condition]) -> Condition:
    """Return the condition that all words are in the name, or all in the address, or one in the
    company's name and the others anywhere.

    It misses whom one word meets by the name alone and another by the address alone.
    """
    names = [one.in_name for one in mentions if one.in_name is not None]
    in_company = [
        _PEOPLE.where(
            Contact.id.in_(one.finds[2].limit(MOST_GATHERED)),
            *(looked_at(other.row) for other in mentions if other is not one),
        )
        for one in mentions
    ]
    in_email = [one.finds[1].whereclause for one in mentions]
    return Condition(
        row=sa.true(),
        finds=(
            _PEOPLE.where(*names),
            _PEOPLE.where(*(one for one in in_email if one is not None)),
            *in_company,
        ),
        in_name=sa.and_(*names),
        is_whole=False,
    )


_PEOPLE = sa.select(Contact.id)


def _contains(
    session: Session, column: InstrumentedAttribute[str], word: str
) -> sa.ColumnElement[bool]:
    """Return the condition that a word stands in a column, in whatever case.

    SQLite's LIKE knows the case of ASCII alone; to lower every name first would take it three
    times as long, so the usual spellings of other words are named.
    """
    if session.get_bind().dialect.name != "sqlite":
        return column.icontains(word, autoescape=True)
    spellings = {word}
    if not word.isascii():
        spellings |= {word.lower(), word.capitalize()}
    return sa.or_(*(column.contains(one, autoescape=True) for one in sorted(spellings)))
