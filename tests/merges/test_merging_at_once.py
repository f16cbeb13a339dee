"""Merging while others work on the same people: nobody waits for ever, and nothing is lost."""

import threading
from collections.abc import Callable

import sqlalchemy as sa
from flask import Flask

from nps_portal.contacts.commands import add_contact
from nps_portal.contacts.details import ContactDetails
from nps_portal.contacts.models import Contact
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.database import db, reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.merges.commands import CannotMerge, gather_stragglers, merge_contacts
from nps_portal.privacy.commands import erase_contact
from nps_portal.responses.models import Response
from tests.insights.answers import add_answer
from tests.support import factories


def make_pair() -> tuple[int, int]:
    with factories.work() as work:
        factories.make_survey(work)
        return factories.make_contact(work).id, factories.make_contact(work).id


def at_once(app: Flask, *acts: Callable[[Work], object]) -> list[PortalError]:
    """Do all of these in units of work of their own at the same moment; return what was refused."""
    faults: list[PortalError] = []
    start = threading.Barrier(len(acts))

    def run(act: Callable[[Work], object]) -> None:
        with app.app_context():
            start.wait(10)
            try:
                with factories.work() as work:
                    act(work)
            except PortalError as fault:
                faults.append(fault)
            db.session.remove()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    return faults


def merged_into() -> dict[int, int | None]:
    return dict(reading().execute(sa.select(Contact.id, Contact.merged_into_id)).all())


def test_two_who_merge_the_other_way_round_make_one_merge(app: Flask) -> None:
    one, other = make_pair()

    faults = at_once(
        app,
        lambda work: merge_contacts(work, one, other),
        lambda work: merge_contacts(work, other, one),
    )

    assert [type(fault) for fault in faults] == [CannotMerge]
    assert sorted(merged_into().values(), key=str) in ([one, None], [other, None])


def test_an_answer_that_comes_meanwhile_ends_on_the_one_that_stays(app: Flask) -> None:
    keep, drop = make_pair()

    faults = at_once(
        app,
        lambda work: merge_contacts(work, keep, drop),
        lambda work: add_answer(work, 9, work.now, work.session.get(Contact, drop)),
    )
    with factories.work() as work:
        gather_stragglers(work)

    assert faults == []
    assert reading().scalars(sa.select(Response.contact_id)).all() == [keep]


def test_erasing_meanwhile_leaves_nobody_behind(app: Flask) -> None:
    keep, drop = make_pair()

    at_once(
        app,
        lambda work: merge_contacts(work, keep, drop),
        lambda work: erase_contact(work, keep),
    )

    erased = reading().execute(sa.select(Contact.id, Contact.erased_at.is_not(None)))
    # Either the merge came first and both are gone, or it was refused and only one is.
    both = {keep: True, drop: merged_into()[drop] is not None}
    assert dict(erased.all()) == both


def test_adding_contacts_meanwhile_only_waits(app: Flask) -> None:
    keep, drop = make_pair()
    details = ContactDetails(email=parse_email("new@example.org"))

    faults = at_once(
        app,
        lambda work: merge_contacts(work, keep, drop),
        lambda work: add_contact(work, details, source="test"),
    )

    assert faults == []
