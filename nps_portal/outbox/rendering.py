"""A frozen content and one message's values become one email."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from nps_portal.foundation.merging import (
    one_line,
    render_merged_html,
    render_merged_line,
    render_merged_text,
)
from nps_portal.foundation.tokens import new_public_id
from nps_portal.mail.mime import Envelope, Mail, message_id_for
from nps_portal.outbox.commands import ContentDraft
from nps_portal.outbox.models import EmailContent, Message


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """The three texts of an email, as the customer gets them."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True, kw_only=True)
class SampleRecipient:
    """Who gets a sample of an email."""

    name: str
    email: str


def render(
    *, subject: str, html: str, text: str, values: Mapping[str, str], public_url: str
) -> Rendered:
    """Fill the templates; the links begin with the public address of this moment."""
    filled = {
        "first_name": values.get("first_name", ""),
        "name": values.get("name", ""),
        "company": values.get("company", ""),
        "survey_url": public_url + values.get("survey_path", ""),
        "unsubscribe_url": public_url + values.get("unsubscribe_path", ""),
        "image_url": f"{public_url}/static/score_images",
    }
    return Rendered(
        subject=render_merged_line(subject, filled),
        html=render_merged_html(html, filled),
        text=render_merged_text(text, filled),
    )


def mail_of(message: Message, content: EmailContent, *, public_url: str, date: datetime) -> Mail:
    """Return the email of a queued message; its Message-ID is the same at every attempt."""
    rendered = render(
        subject=content.subject,
        html=content.html,
        text=content.text,
        values=message.values,
        public_url=public_url,
    )
    unsubscribe_path = message.values.get("unsubscribe_path")
    return Mail(
        sender_name=one_line(content.sender_name),
        sender_email=content.sender_email,
        reply_to=content.reply_to or None,
        recipient_name=one_line(message.recipient_name),
        recipient_email=message.recipient_email,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        message_id=message_id_for(message.public_id, content.sender_email),
        date=date,
        list_unsubscribe_url=public_url + unsubscribe_path if unsubscribe_path else None,
        list_id=content.list_id or None,
        list_name=one_line(content.sender_name),
        feedback_id=content.feedback_id or None,
    )


def sample_mail(
    draft: ContentDraft,
    recipient: SampleRecipient,
    *,
    values: Mapping[str, str],
    public_url: str,
    date: datetime,
) -> Mail:
    """Return what a customer would get, for somebody of the house to look at.

    It offers no unsubscribing in its headers, because nobody is subscribed.
    """
    rendered = render(
        subject=draft.subject,
        html=draft.html,
        text=draft.text,
        values=values,
        public_url=public_url,
    )
    return Mail(
        sender_name=one_line(draft.sender_name),
        sender_email=draft.sender_email,
        reply_to=draft.reply_to or None,
        recipient_name=one_line(recipient.name),
        recipient_email=recipient.email,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        message_id=message_id_for(new_public_id(), draft.sender_email),
        date=date,
    )


def envelope_of(message: Message, content: EmailContent) -> Envelope:
    """Return what the mail server is told about a message."""
    return Envelope(
        sender=content.sender_email,
        recipient=message.recipient_email,
        envelope_id=f"o-{message.public_id}",
    )
