"""Tags and companies that were one person's alone, and that are named after them.

A word that the account uses for others too says nothing about one who is gone, and stays; so does
a tag or a company of its own whose name is not the person's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.models import Company, CompanyDomain, Contact, ContactTag, Tag
from nps_portal.contacts.tags import tag_key
from nps_portal.foundation.work import Work
from nps_portal.imports.models import ImportMaking, Made
from nps_portal.privacy.known_words import ERASED, KnownWords, words_in
from nps_portal.privacy.named_texts import rename_tags_asked_for


@dataclass(frozen=True, kw_only=True)
class LoneMarks:
    """What goes with a person, by id; `names` are the words of it."""

    tag_ids: frozenset[int]
    company_ids: frozenset[int]
    names: frozenset[str]


def lone_marks(session: Session, contact_ids: Sequence[int], words: KnownWords) -> LoneMarks:
    """Return the tags and companies that nobody else has, and that name the person.

    Call it before the person loses them.
    """
    tags = [tag for tag in _lone_tags(session, contact_ids) if _is_named_after(tag.name, words)]
    companies = [
        company
        for company in _lone_companies(session, contact_ids)
        if _is_theirs(session, company, words)
    ]
    return LoneMarks(
        tag_ids=frozenset(one.id for one in tags),
        company_ids=frozenset(one.id for one in companies),
        names=frozenset([*(one.name for one in tags), *(one.name for one in companies)]),
    )


def erase_lone_marks(work: Work, marks: LoneMarks, words: KnownWords) -> None:
    """Delete them, unless somebody else has got them meanwhile; rename tags of others.

    Call it when the person has lost them.
    """
    has_tag = sa.select(ContactTag.tag_id)
    work.session.execute(
        sa.delete(Tag)
        .where(Tag.id.in_(marks.tag_ids), Tag.id.not_in(has_tag))
        .execution_options(synchronize_session=False)
    )
    for company_id in sorted(marks.company_ids):
        _erase_company(work, company_id)
    _rename_tags(work, words)


def _lone_tags(session: Session, contact_ids: Sequence[int]) -> Sequence[Tag]:
    theirs = sa.select(ContactTag.tag_id).where(ContactTag.contact_id.in_(contact_ids))
    others = (
        sa.exists()
        .where(ContactTag.tag_id == Tag.id, ContactTag.contact_id.not_in(contact_ids))
        .correlate(Tag)
    )
    return session.scalars(sa.select(Tag).where(Tag.id.in_(theirs), ~others)).all()


def _lone_companies(session: Session, contact_ids: Sequence[int]) -> Sequence[Company]:
    theirs = sa.select(Contact.company_id).where(Contact.id.in_(contact_ids))
    others = (
        sa.exists()
        .where(Contact.company_id == Company.id, Contact.id.not_in(contact_ids))
        .correlate(Company)
    )
    return session.scalars(sa.select(Company).where(Company.id.in_(theirs), ~others)).all()


def _domains(session: Session, company_id: int) -> Sequence[str]:
    return session.scalars(
        sa.select(CompanyDomain.domain).where(CompanyDomain.company_id == company_id)
    ).all()


def _erase_company(work: Work, company_id: int) -> None:
    people = sa.select(Contact.id).where(Contact.company_id == company_id).limit(1)
    if work.session.scalar(people) is not None:
        return
    made = (
        ImportMaking.made == Made.DOMAIN,
        ImportMaking.key.in_(_domains(work.session, company_id)),
    )
    work.session.execute(
        sa.delete(ImportMaking).where(*made).execution_options(synchronize_session=False)
    )
    for table, column in ((CompanyDomain, CompanyDomain.company_id), (Company, Company.id)):
        work.session.execute(
            sa.delete(table)
            .where(column == company_id)
            .execution_options(synchronize_session=False)
        )


def _rename_tags(work: Work, words: KnownWords) -> None:
    """Take the person out of tags that are left, and out of conditions that name such a tag.

    One that somebody wears is theirs unless it holds what the person is really called.
    """
    real = words.without_guesses()
    worn = sa.select(ContactTag.tag_id).where(ContactTag.tag_id == Tag.id).exists()
    new_names: dict[str, str] = {}
    found = [Tag.name.icontains(word, autoescape=True) for word in sorted(words.rarest)]
    if not found:
        return
    tags = work.session.execute(sa.select(Tag, worn).where(sa.or_(*found)).order_by(Tag.id)).all()
    for tag, is_worn in tags:
        if (real if is_worn else words).are_in(tag.name):
            former = tag.name
            tag.name = f"{ERASED} {tag.id}"
            tag.name_key = tag_key(tag.name)
            new_names[former] = tag.name
    work.session.flush()
    rename_tags_asked_for(work, new_names)


def _is_theirs(session: Session, company: Company, words: KnownWords) -> bool:
    """Tell whether a Company is the person's own business, of which nobody has noted more.

    With a revenue, or a colleague who looks after it, it is a client that stays one.
    """
    if company.revenue is not None or company.owner_id is not None:
        return False
    names = [company.name, *_domains(session, company.id)]
    return any(_is_named_after(one, words) for one in names)


def _is_named_after(name: str, words: KnownWords) -> bool:
    if words.are_in(name):
        return True
    return any(word.casefold() in words.single for word in words_in(name))
