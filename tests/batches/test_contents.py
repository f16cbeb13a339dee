"""The emails of a send: each person's in their language, and the reminder of it."""

from collections.abc import Sequence

import sqlalchemy as sa
from flask import Flask

from nps_portal.batches.commands import cancel_batch, pause_batch, reminder_content, resume_batch
from nps_portal.contacts.commands import ContactDetails, add_contact
from nps_portal.contacts.models import Contact
from nps_portal.foundation.addresses import parse_email
from nps_portal.outbox.models import ContentState, EmailContent, EmailVariant, MessageKind
from nps_portal.surveys.commands import change_wording
from nps_portal.surveys.wording import Wording
from tests.batches.conftest import messages, plan_all, the_batch
from tests.support import factories


def ask_readers_of(*languages: str) -> Sequence[Contact]:
    """Add a contact for each language and queue their invitations in one send."""
    with factories.work() as work:
        contacts = [
            add_contact(
                work,
                ContactDetails(email=parse_email(f"c{number}@example.org"), language=language),
                source="test",
            )
            for number, language in enumerate(languages)
        ]
        factories.make_batch(work, contacts)
    plan_all()
    return contacts


def variants() -> dict[str, EmailVariant]:
    with factories.work() as work:
        rows = work.session.scalars(sa.select(EmailVariant)).all()
        return {row.language: row for row in rows}


def test_a_send_is_frozen_in_every_language_that_its_people_read(business: Flask) -> None:
    ask_readers_of("de-AT", "ar", "", "en", "tlh", "de")

    assert set(variants()) == {"de", "ar"}
    assert [message.language for message in messages()] == ["de", "ar", "", "en", "en", "de"]


def test_the_owners_words_in_a_language_are_those_of_its_emails(business: Flask) -> None:
    with factories.work() as work:
        survey = factories.make_survey(work)
        change_wording(work, survey.id, Wording("de", question="Empfehlen Sie {{ business }}?"))

    ask_readers_of("de")

    assert "Empfehlen Sie" in variants()["de"].html
    assert "Empfehlen Sie" in variants()["de"].text


def test_an_email_is_written_in_the_direction_of_its_language(business: Flask) -> None:
    ask_readers_of("ar")

    assert 'lang="ar"' in variants()["ar"].html
    assert 'dir="rtl"' in variants()["ar"].html


def test_the_reminder_of_a_send_is_made_once_in_the_same_languages(business: Flask) -> None:
    ask_readers_of("de", "")
    batch_id = the_batch().id
    with factories.work() as work:
        first = reminder_content(work, batch_id)
    with factories.work() as work:
        again = reminder_content(work, batch_id)
        content = work.session.get_one(EmailContent, first)

    assert first == again
    assert content.kind is MessageKind.REMINDER
    assert content.subject.startswith("A reminder:")
    assert {row.language for row in all_variants_of(first)} == {"de"}


def all_variants_of(content_id: int) -> Sequence[EmailVariant]:
    with factories.work() as work:
        return work.session.scalars(
            sa.select(EmailVariant).where(EmailVariant.content_id == content_id)
        ).all()


def test_pausing_and_cancelling_a_send_hold_for_its_reminders_too(business: Flask) -> None:
    ask_readers_of("")
    batch_id = the_batch().id
    states = []
    with factories.work() as work:
        content_id = reminder_content(work, batch_id)
    for act in (pause_batch, resume_batch, cancel_batch):
        with factories.work() as work:
            act(work, batch_id)
        with factories.work() as work:
            states.append(work.session.get_one(EmailContent, content_id).state)

    assert states == [ContentState.HELD, ContentState.OPEN, ContentState.CANCELLED]
