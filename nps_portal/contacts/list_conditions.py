"""What a Contact must be to stand in the list: each condition on a row, and how to find its rows.

The list looks for a condition that few meet and begins with those, so that a filter is quick at a
million contacts. For that each condition knows the query that finds its rows by an index.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
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
    `whole` may miss some. `at_once` are fewer queries that find the same, where a database gains
    nothing by looking for one after another.
    """

    row: sa.ColumnElement[bool]
    finds: tuple[sa.Select[int], ...] = ()
    in_name: sa.ColumnElement[bool] | None = None
    is_whole: bool = True
    at_once: tuple[sa.Select[int], ...] = ()


def looked_at(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return a condition as one to test on each row, never to look rows up by.

    SQLite keeps no statistics here, and would take the index of a column that half of all rows
    share.
    """
    return condition.is_(sa.true())


def among(session: Session, ids: Sequence[int]) -> sa.ColumnElement[bool]:
    """Return the condition that a Contact is one of these, of whom there may be thousands."""
    if session.get_bind().dialect.name == "postgresql":
        # One value: ten thousand of them take it longer to read than to look up.
        return Contact.id == sa.any_(sa.literal(list(ids), postgresql.ARRAY(sa.Integer)))
    return Contact.id.in_(ids)


def stands_in(wanted: ContactFilter) -> list[sa.ColumnElement[bool]]:
    """Return what every Contact of the list is: removed or not; an erased one stands in none."""
    if wanted.group is ContactGroup.REMOVED:
        return [Contact.removed_at.is_not(None), Contact.erased_at.is_(None)]
    return [Contact.removed_at.is_(None)]


def conditions(session: Session, wanted: ContactFilter, now: datetime) -> list[Condition]:
    """Return the conditions of a filter, those first that are found soonest."""
    words = sorted(wanted.text.split()[:MOST_WORDS], key=len, reverse=True)
    mentions = [_mentions(session, word) for word in words]
    named = [one for one in mentions if one.in_name is not None]
    together = [_all_of(named)] if len(named) == len(words) > 1 else []
    return [*_of_columns(wanted, now), *_of_marks(session, wanted), *mentions, *together]


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


def _of_marks(session: Session, wanted: ContactFilter) -> Iterator[Condition]:
    if wanted.tag_id:
        marked = sa.select(ContactTag.contact_id).where(ContactTag.tag_id == wanted.tag_id)
        yield Condition(
            row=marked.where(ContactTag.contact_id == Contact.id).exists(), finds=(marked,)
        )
    if wanted.group is ContactGroup.SUPPRESSED:
        yield _suppressed(session)


def _suppressed(session: Session) -> Condition:
    """Return the condition that an address must not be mailed; many are not begun with."""
    # Those of erased people name nobody, and would only be in the way.
    addresses = sa.select(Suppression.email_key).where(
        sa.not_(Suppression.email_key.startswith(FINGERPRINT))
    )
    some = addresses.limit(MOST_GATHERED + 1).subquery()
    count = session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
    find = sa.select(Contact.id).where(Contact.email_key.in_(addresses))
    return Condition(
        row=sa.exists().where(Suppression.email_key == Contact.email_key),
        finds=(find,) if count <= MOST_GATHERED else (),
    )


def _found(row: sa.ColumnElement[bool]) -> Condition:
    return Condition(row=row, finds=(sa.select(Contact.id).where(row),))


def _scores_of(wanted: Category) -> tuple[int, int]:
    scores = [score for score in SCORES if category(score) is wanted]
    return min(scores), max(scores)


def _mentions(session: Session, word: str) -> Condition:
    """Return the condition that a word is in the name, the address or the company's name.

    A whole address that somebody has is theirs alone, and what has an @ is in addresses only.
    """
    if "@" in word:
        return _addressed(session, word.casefold())
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
        at_once=_at_once(session, in_name, in_email, in_company),
    )


def _at_once(
    session: Session,
    in_name: sa.ColumnElement[bool],
    in_email: sa.ColumnElement[bool],
    in_company: sa.ColumnElement[bool],
) -> tuple[sa.Select[int], ...]:
    """Return the queries that find a word on PostgreSQL, which reads the rows for name and address.

    SQLite reads an index for each, which is a tenth. The company stands apart: with it, no other
    process would help reading.
    """
    if session.get_bind().dialect.name != "postgresql":
        return ()
    return _PEOPLE.where(sa.or_(in_name, in_email)), _PEOPLE.where(in_company)


def _addressed(session: Session, word: str) -> Condition:
    is_theirs = Contact.email_key == word
    if session.scalar(_PEOPLE.where(is_theirs)) is not None:
        return _found(is_theirs)
    return _found(Contact.email_key.contains(word, autoescape=True))


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

    SQLite's LIKE knows the case of ASCII alone: any letter may stand where another one does, and
    of those few that are left, each case of each letter is looked for. To lower every name first
    would take three times as long.
    """
    if word.lower() == word.upper():
        return column.contains(word, autoescape=True)
    if session.get_bind().dialect.name != "sqlite":
        return column.icontains(word, autoescape=True)
    if word.isascii():
        return column.contains(word, autoescape=True)
    likely = "".join("_" if ord(one) > 127 else f"/{one}" if one in "%_/" else one for one in word)
    pattern = "".join(_either_case(one) for one in word)
    return sa.and_(
        column.like(f"%{likely}%", escape="/"),
        column.op("GLOB", is_comparison=True)(f"*{pattern}*"),
    )


def _either_case(letter: str) -> str:
    """Return a letter as GLOB finds it in either case."""
    cases = {one for one in (letter, letter.lower(), letter.upper()) if len(one) == 1}
    return f"[{''.join(sorted(cases))}]" if len(cases) > 1 or letter in "*?[" else letter
