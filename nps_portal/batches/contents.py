"""The emails of a send: a Survey's texts in every language that its people read."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.portal_settings import PortalSettings
from nps_portal.batches.audience import Audience
from nps_portal.contacts.models import Contact
from nps_portal.foundation.languages import best_language
from nps_portal.foundation.tokens import new_public_id
from nps_portal.outbox.commands import ContentDraft, VariantDraft
from nps_portal.outbox.models import MessageKind
from nps_portal.surveys.email import EmailSource, Invited, Links, Look, compile_invitation
from nps_portal.surveys.email_logo import logo_in_email
from nps_portal.surveys.models import Survey

_INVITED = {
    MessageKind.INVITATION: Invited.FIRST,
    MessageKind.REMINDER: Invited.REMINDED,
}


def look_of(session: Session, survey: Survey, settings: PortalSettings) -> Look:
    """Return whose email it is, with the Survey's colour and logo."""
    return Look(
        business=settings.business_name,
        postal_address=settings.postal_address,
        accent_colour=survey.accent_colour,
        logo=logo_in_email(session, survey.id),
    )


def content_draft(
    session: Session,
    survey: Survey,
    settings: PortalSettings,
    languages: Iterable[str] = (),
    kind: MessageKind = MessageKind.INVITATION,
) -> ContentDraft:
    """Return a Survey's email as it would be frozen now, and in these further languages.

    :raises PortalError: a text, the business's name or its address cannot be used.
    """
    look = look_of(session, survey, settings)
    links = Links(decoy=survey.decoy_link, anonymous=survey.anonymous)

    def source(language: str) -> EmailSource:
        return compile_invitation(survey.wording(language), look, kind=_INVITED[kind], links=links)

    usual = source(survey.language)
    domain = settings.mail_from.rpartition("@")[2]
    return ContentDraft(
        kind=kind,
        sender_name=settings.sender_name,
        sender_email=settings.mail_from,
        reply_to=settings.reply_to,
        list_id=f"survey-{survey.id}.{domain}" if domain.isascii() else "",
        feedback_id=f"{new_public_id()}:{survey.name}:{kind.value}:nps-portal",
        subject=usual.subject,
        html=usual.html,
        text=usual.text,
        variants=tuple(
            VariantDraft(language=language, subject=one.subject, html=one.html, text=one.text)
            for language in sorted(set(languages) - {best_language(survey.language)})
            for one in [source(language)]
        ),
    )


def languages_of(session: Session, audience: Audience) -> set[str]:
    """Return the languages that the people of an audience read, as far as there are such texts."""
    query = sa.select(Contact.language).distinct().where(Contact.language != "")
    if audience.contact_ids is not None:
        query = query.where(Contact.id.in_(audience.contact_ids))
    return {best_language(language) for language in session.scalars(query)}


def variant_for(contact: Contact) -> str:
    """Return the language of a Contact's email; none for who has not said which."""
    return best_language(contact.language) if contact.language else ""
