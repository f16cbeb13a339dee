"""Merging two contacts: everything moves, nothing is lost, and the former address stays known."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.batches.commands import start_due_batches
from nps_portal.batches.inviting import invite_next
from nps_portal.batches.models import Batch, Exclusion, Invitation, Reason
from nps_portal.contacts.aliases import ids_of_person
from nps_portal.contacts.commands import ContactDetails, pause_contact, upsert_contacts
from nps_portal.contacts.erasures import ContactErased
from nps_portal.contacts.models import (
    ConsentBasis,
    Contact,
    PropertyKind,
    Suppression,
    SuppressionReason,
    Trend,
)
from nps_portal.contacts.properties import add_property, set_values, values_of
from nps_portal.contacts.suppressions import suppress
from nps_portal.contacts.tags import add_tags, ensure_tags, tags_of
from nps_portal.contacts.values import PropertySpec, value_of
from nps_portal.followups.models import Task, TaskKind, TaskState
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.database import Base, reading
from nps_portal.foundation.work import Work
from nps_portal.insights.contact_record import story_of
from nps_portal.journal.models import Event
from nps_portal.merges.commands import CannotMerge, gather_stragglers, merge_contacts
from nps_portal.outbox.models import Bounce, JournalledSend, Message, MessageState
from nps_portal.privacy.commands import erase_contact, pause_surveys
from nps_portal.privacy.models import PersonalView
from nps_portal.privacy.retention import people_to_expire
from nps_portal.reports.models import ReportKind
from nps_portal.responses.models import Response
from nps_portal.responses.standings import refresh_standings
from tests.insights.answers import add_answer
from tests.support import factories
from tests.support.clock import FixedClock


@pytest.fixture
def pair(app: Flask) -> tuple[int, int]:
    """Give the ids of two records of Anna: the one to keep, and the one to drop."""
    with factories.work() as work:
        keep = factories.make_contact(work, "anna@nordlys.example", name="Anna Berg")
        drop = factories.make_contact(work, "anna+old@nordlys.example", name="Berg, Anna")
        return keep.id, drop.id


def merge(pair: tuple[int, int]) -> None:
    with factories.work() as work:
        merge_contacts(work, *pair)


def contact(contact_id: int) -> Contact:
    return reading().get_one(Contact, contact_id, populate_existing=True)


def asked(work: Work, contact_ids: list[int], state: MessageState = MessageState.SENT) -> Batch:
    """Ask these contacts in one Batch, past the gate."""
    factories.make_business(work)
    people = [work.session.get_one(Contact, one) for one in contact_ids]
    batch = factories.make_batch(work, people)
    for person in people:
        invitation = Invitation(
            public_id=f"i{batch.id}-{person.id}",
            batch_id=batch.id,
            survey_id=batch.survey_id,
            contact_id=person.id,
            created_at=work.now,
        )
        work.session.add(invitation)
        work.session.flush()
        work.session.add(
            Message(
                public_id=f"m{invitation.id}",
                content_id=batch.content_id,
                contact_id=person.id,
                invitation_id=invitation.id,
                recipient_name=person.name,
                recipient_email=person.email,
                email_key=person.email_key,
                values={},
                state=state,
                due_at=work.now,
                created_at=work.now,
            )
        )
        work.session.flush()
    return batch


def test_everything_that_hangs_on_the_dropped_one_moves(
    pair: tuple[int, int], clock: FixedClock
) -> None:
    keep, drop = pair
    with factories.work() as work:
        owner = factories.make_owner(work)
        asked(work, [drop])
        message = work.session.scalars(sa.select(Message)).one()
        answer = add_answer(work, 3, work.now - timedelta(days=9), work.session.get(Contact, drop))
        add_answer(work, 9, work.now - timedelta(days=1), work.session.get(Contact, keep))
        add_tags(work, [drop], ensure_tags(work, ["vip", "old"]).values())
        add_tags(work, [keep], ensure_tags(work, ["vip"]).values())
        work.session.add_all(
            [
                Task(
                    kind=TaskKind.CALL,
                    state=TaskState.OPEN,
                    contact_id=drop,
                    response_id=answer.id,
                    title="Call",
                    due_at=work.now,
                    created_at=work.now,
                ),
                Bounce(
                    message_id=message.id,
                    contact_id=drop,
                    email_key=message.email_key,
                    kind=ReportKind.SOFT,
                    told_by="smtp",
                    dedupe_key="one",
                    created_at=work.now,
                ),
                JournalledSend(public_id="j", contact_id=drop, sent_at=work.now),
                PersonalView(at=work.now, user_id=owner.id, page="x", contact_id=drop),
            ]
        )
        refresh_standings(work, [keep, drop])

    merge(pair)

    left = {
        table.name
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "contacts" for key in column.foreign_keys)
        and reading().scalar(sa.select(sa.func.count()).where(column == drop))
    }
    assert left == set()
    assert [tag.name for tag in tags_of(reading(), [keep])[keep]] == ["old", "vip"]
    one, other = contact(keep), contact(drop)
    assert (one.answers, one.last_score, one.trend) == (2, 9, Trend.IMPROVING)
    assert one.last_asked_at is not None
    assert (other.answers, other.last_score, other.last_asked_at) == (0, None, None)
    assert (other.merged_into_id, other.removed_at) == (keep, clock.now())


def test_gaps_are_filled_and_what_is_known_wins(pair: tuple[int, int]) -> None:
    keep, drop = pair
    with factories.work() as work:
        one, other = (work.session.get_one(Contact, contact_id) for contact_id in pair)
        one.language, other.language = "de", "sv"
        one.first_name = ""
        other.time_zone = "Europe/Oslo"
        other.consent_basis, other.uses, one.pays = ConsentBasis.CONTRACT, True, True
        since, plan = (
            add_property(work, PropertySpec(name=name, kind=PropertyKind.TEXT), source="")
            for name in ("Since", "Plan")
        )
        set_values(
            work,
            {
                keep: {plan.id: value_of("gold")},
                drop: {plan.id: value_of("free"), since.id: value_of("2020")},
            },
        )
        ids = since.id, plan.id

    merge(pair)

    found = contact(keep)
    assert (found.name, found.first_name, found.language) == ("Anna Berg", "Berg,", "de")
    assert (found.time_zone, found.consent_basis) == ("Europe/Oslo", ConsentBasis.CONTRACT)
    assert found.parts == ("pays", "uses")
    values = values_of(reading(), [keep])[keep]
    assert [values[one].text for one in ids] == ["2020", "gold"]


def test_where_one_send_asked_both_the_second_invitation_stays_and_its_answer_moves(
    pair: tuple[int, int],
) -> None:
    keep, drop = pair
    with factories.work() as work:
        asked(work, [keep, drop], MessageState.QUEUED)
        twice = work.session.scalars(
            sa.select(Invitation).where(Invitation.contact_id == drop)
        ).one()
        answer = add_answer(work, 2, work.now, work.session.get(Contact, drop))
        answer.invitation_id = twice.id
        answer_id, invitation_id = answer.id, twice.id

    merge(pair)

    assert reading().get_one(Invitation, invitation_id).contact_id == drop
    assert reading().get_one(Response, answer_id).contact_id == keep
    states = reading().execute(
        sa.select(Message.invitation_id == invitation_id, Message.state, Message.contact_id)
    )
    assert sorted(states.all()) == [
        (False, MessageState.QUEUED, keep),
        (True, MessageState.CANCELLED, keep),
    ]


def test_an_answer_that_comes_to_the_alias_later_is_gathered(pair: tuple[int, int]) -> None:
    keep, drop = pair
    merge(pair)
    with factories.work() as work:
        add_answer(work, 4, work.now, work.session.get(Contact, drop))
        refresh_standings(work, [drop])

    with factories.work() as work:
        assert gather_stragglers(work) == 1
    with factories.work() as work:
        assert gather_stragglers(work) == 0

    assert (contact(keep).last_score, contact(drop).last_score) == (4, None)


def test_what_the_journal_tells_of_the_former_address_is_gathered(
    pair: tuple[int, int], clock: FixedClock
) -> None:
    merge(pair)
    with factories.work() as work:
        work.session.add(JournalledSend(public_id="j", contact_id=pair[1], sent_at=work.now))

    with factories.work() as work:
        assert gather_stragglers(work) == 1

    assert contact(pair[0]).last_asked_at == clock.now()


def test_a_send_to_both_decides_about_the_one_that_stays_once(pair: tuple[int, int]) -> None:
    with factories.work() as work:
        factories.make_business(work)
        people = [work.session.get_one(Contact, one) for one in pair]
        batch_id = factories.make_batch(work, people).id

    merge(pair)

    assert reading().get_one(Batch, batch_id).audience["ids"] == [pair[0]]
    with factories.work() as work:
        start_due_batches(work)
    with factories.work() as work:
        invite_next(work)
    assert reading().scalars(sa.select(Invitation.contact_id)).all() == [pair[0]]
    assert reading().scalars(sa.select(Exclusion.contact_id)).all() == []


def test_an_exclusion_moves_unless_the_other_has_one(pair: tuple[int, int]) -> None:
    keep, drop = pair
    with factories.work() as work:
        other = factories.make_contact(work).id
        first, second = (asked(work, [other]) for _ in range(2))
        for batch, who in ((first, drop), (second, drop), (second, keep)):
            work.session.add(
                Exclusion(
                    batch_id=batch.id,
                    contact_id=who,
                    reason=Reason.PAUSED,
                    created_at=work.now,
                )
            )

    merge(pair)

    rows = reading().execute(
        sa.select(Exclusion.batch_id, Exclusion.contact_id).order_by(Exclusion.id)
    )
    assert rows.all() == [(first.id, keep), (second.id, drop), (second.id, keep)]


@pytest.mark.parametrize("which", [0, 1])
def test_a_persons_word_holds_at_every_address(pair: tuple[int, int], which: int) -> None:
    with factories.work() as work:
        keys = [work.session.get_one(Contact, one).email_key for one in pair]
        suppress(
            work,
            keys[1 - which],
            SuppressionReason.BLOCKED_BY_HAND,
            source="test",
            contact_id=pair[1 - which],
        )
        suppress(
            work, keys[which], SuppressionReason.UNSUBSCRIBED, source="x", contact_id=pair[which]
        )

    merge(pair)

    found = reading().execute(sa.select(Suppression.email_key, Suppression.reason))
    assert dict(found.all()) == dict.fromkeys(keys, SuppressionReason.UNSUBSCRIBED)


def test_an_address_that_does_not_exist_silences_no_other(pair: tuple[int, int]) -> None:
    with factories.work() as work:
        key = work.session.get_one(Contact, pair[1]).email_key
        suppress(work, key, SuppressionReason.HARD_BOUNCE, source="x", contact_id=pair[1])

    merge(pair)

    assert reading().scalars(sa.select(Suppression.email_key)).all() == [key]


def test_the_later_pause_holds(pair: tuple[int, int], clock: FixedClock) -> None:
    with factories.work() as work:
        pause_contact(work, pair[0], work.now + timedelta(days=3))
        pause_contact(work, pair[1], work.now + timedelta(days=30))

    merge(pair)

    assert contact(pair[0]).paused_until == clock.now() + timedelta(days=30)


def test_the_timeline_shows_the_events_of_both(pair: tuple[int, int]) -> None:
    keep, drop = pair
    with factories.work() as work:
        pause_contact(work, drop, work.now + timedelta(days=3))

    merge(pair)

    titles = [one.title for one in story_of(reading(), keep, lambda *_, **__: "").entries]
    assert sorted(titles) == sorted(
        ["Merged", "Paused surveys", "Added to your contacts", "Added to your contacts"]
    )
    assert reading().scalars(
        sa.select(Event.contact_id).where(Event.kind == "contact.paused")
    ).all() == [drop]


def test_an_import_of_the_former_address_finds_the_one_that_stayed(
    pair: tuple[int, int],
) -> None:
    merge(pair)

    with factories.work() as work:
        news = ContactDetails(email=parse_email("anna+old@nordlys.example"), time_zone="Asia/Tokyo")
        done = upsert_contacts(work, [news], source="test")

    assert (list(done.added), list(done.updated)) == ([], [pair[0]])
    assert contact(pair[0]).time_zone == "Asia/Tokyo"
    assert contact(pair[1]).removed_at is not None


def test_aliases_of_the_dropped_one_follow(pair: tuple[int, int]) -> None:
    with factories.work() as work:
        third = factories.make_contact(work, "anna@private.example").id
    merge(pair)

    merge((third, pair[0]))

    assert ids_of_person(reading(), pair[1]) == [third, *sorted(pair)]


@pytest.mark.parametrize("which", [0, 1])
def test_erasing_one_record_erases_the_person(pair: tuple[int, int], which: int) -> None:
    merge(pair)

    with factories.work() as work:
        erase_contact(work, pair[which])

    for contact_id in pair:
        assert contact(contact_id).erased_at is not None
        assert "anna" not in contact(contact_id).email
    words = " ".join(map(str, reading().execute(sa.select(Contact.name, Contact.email)).all()))
    assert "nordlys" not in words
    reasons = reading().scalars(sa.select(Suppression.reason)).all()
    assert reasons == [SuppressionReason.ERASED, SuppressionReason.ERASED]


def test_a_pause_by_an_old_link_holds_for_the_person(pair: tuple[int, int]) -> None:
    merge(pair)

    with factories.work() as work:
        pause_surveys(work, pair[1], 3)

    assert contact(pair[0]).paused_until is not None


def test_an_alias_does_not_expire_by_itself(pair: tuple[int, int], clock: FixedClock) -> None:
    merge(pair)
    clock.advance(days=400)

    assert people_to_expire(reading(), 12, clock.now()) == 1


def test_erased_and_merged_ones_are_refused(pair: tuple[int, int]) -> None:
    with factories.work() as work:
        gone = factories.make_contact(work, "gone@example.org").id
        third = factories.make_contact(work, "third@example.org").id
        erase_contact(work, gone)
    merge(pair)

    with pytest.raises(ContactErased):
        merge((pair[0], gone))
    for keep, drop in ((third, pair[1]), (pair[1], third), (third, third), (third, 4711)):
        with pytest.raises(CannotMerge):
            merge((keep, drop))
