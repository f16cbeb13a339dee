"""A frozen content, compiled once, and one message's values become one email."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import escape

from nps_portal.foundation.merging import (
    MergeChoice,
    MergeField,
    Piece,
    one_line,
    pieces_of,
    render_merged_html,
    render_merged_line,
    render_merged_text,
)
from nps_portal.foundation.tokens import Purpose, make_token, new_public_id
from nps_portal.mail.headers import Head, message_id_for
from nps_portal.mail.mime import Envelope, Mail, Signs, assemble, whole_lines
from nps_portal.mail.segments import Part, SegmentedBody, Slot
from nps_portal.outbox.claims import Claim
from nps_portal.outbox.commands import ContentDraft

# Plain text takes a value as it is; HTML takes it escaped, under this name.
_ESCAPED = "html:"


@dataclass(frozen=True, kw_only=True)
class House:
    """What all emails of this installation share: where links lead, and how they are signed.

    Without a `bounce_domain` the sender's own address is told of what cannot be delivered.
    """

    public_url: str
    bounce_domain: str = ""
    signer: Signs | None = None


@dataclass(frozen=True, kw_only=True)
class SampleRecipient:
    """Who gets a sample of an email."""

    name: str
    email: str


class CompiledContent:
    """A frozen content whose emails are joined instead of rendered."""

    def __init__(self, content: Any, house: House, texts: Any = None) -> None:
        """Compile an EmailContent, in the language of `texts` when that is a variant of it."""
        texts = texts or content
        self._content = content
        self._house = house
        self._sender_name = one_line(content.sender_name)
        self._subject = pieces_of(texts.subject)
        self._choices: dict[str, MergeChoice] = {}
        self._body = SegmentedBody(
            [
                Part(subtype="plain", pieces=self._slots(whole_lines(texts.text), "")),
                Part(subtype="html", pieces=self._slots(whole_lines(texts.html), _ESCAPED)),
            ]
        )

    def email(self, claim: Claim, date: datetime) -> bytes:
        """Return one message's email; its Message-ID is the same at every attempt.

        :raises HeaderInjection: a value cannot stand in an email.
        :raises KeyError: the content names a field that the message's values lack.
        """
        filled = _filled(claim.values, self._house.public_url)
        head = self._head(claim, filled, date)
        filled |= {_ESCAPED + name: str(escape(value)) for name, value in filled.items()}
        for key, choice in self._choices.items():
            filled[key] = _text([choice], filled, _prefix(key))
        body = self._body.fill(filled)
        return assemble(head, self._body.boundary, body, self._house.signer)

    def envelope(self, claim: Claim) -> Envelope:
        """Return what the mail server is told about a message."""
        return Envelope(
            sender=return_address(
                claim.public_id, self._content.sender_email, self._house.bounce_domain
            ),
            recipient=claim.recipient_email,
            envelope_id=f"o-{claim.public_id}",
        )

    def _slots(self, source: str, prefix: str) -> list[str | Slot]:
        """Return the pieces of a text with a slot for everything that differs."""
        pieces: list[str | Slot] = []
        for piece in pieces_of(source):
            match piece:
                case str(literal):
                    pieces.append(literal)
                case MergeField(name=name):
                    pieces.append(Slot(key=prefix + name))
                case MergeChoice():
                    key = f"{prefix}{len(self._choices)}"
                    self._choices[key] = piece
                    pieces.append(Slot(key=key))
        return pieces

    def _head(self, claim: Claim, filled: Mapping[str, str], date: datetime) -> Head:
        content, house = self._content, self._house
        path = claim.values.get("unsubscribe_path")
        mailbox = None
        if path and house.bounce_domain:
            mailbox = f"u+{path.rpartition('/')[2]}@{house.bounce_domain}"
        return Head(
            sender_name=self._sender_name,
            sender_email=content.sender_email,
            reply_to=content.reply_to or None,
            recipient_name=one_line(claim.recipient_name),
            recipient_email=claim.recipient_email,
            subject=one_line(_text(self._subject, filled, "")),
            message_id=message_id_for(claim.public_id, content.sender_email),
            date=date,
            list_unsubscribe_url=house.public_url + path if path else None,
            list_unsubscribe_mailbox=mailbox,
            list_id=content.list_id or None,
            list_name=self._sender_name,
            feedback_id=content.feedback_id or None,
        )


def return_address(public_id: str, sender: str, bounce_domain: str) -> str:
    """Return the envelope sender of a message, where its reports come back to.

    Who could guess it could report anybody's emails as undeliverable.
    """
    if not bounce_domain:
        return sender
    return f"b+{make_token(Purpose.BOUNCE, public_id)}@{bounce_domain}"


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
    filled = _filled(values, public_url)
    return Mail(
        sender_name=one_line(draft.sender_name),
        sender_email=draft.sender_email,
        reply_to=draft.reply_to or None,
        recipient_name=one_line(recipient.name),
        recipient_email=recipient.email,
        subject=render_merged_line(draft.subject, filled),
        text=render_merged_text(draft.text, filled),
        html=render_merged_html(draft.html, filled),
        message_id=message_id_for(new_public_id(), draft.sender_email),
        date=date,
    )


def _filled(values: Mapping[str, str], public_url: str) -> dict[str, str]:
    """Return the values of all fields, each on one line; links begin with the public address."""
    return {
        "first_name": one_line(values.get("first_name", "")),
        "name": one_line(values.get("name", "")),
        "company": one_line(values.get("company", "")),
        "survey_url": public_url + values.get("survey_path", ""),
        "unsubscribe_url": public_url + values.get("unsubscribe_path", ""),
        "my_data_url": public_url + values.get("my_data_path", ""),
        "score": one_line(values.get("score", "")),
        "public_url": public_url,
        "image_url": f"{public_url}/static/score_images",
    }


def _text(pieces: Sequence[Piece], filled: Mapping[str, str], prefix: str) -> str:
    """Return the pieces with the values of this prefix."""
    texts = []
    for piece in pieces:
        match piece:
            case str(literal):
                texts.append(literal)
            case MergeField(name=name):
                texts.append(filled[prefix + name])
            case MergeChoice(fields=fields, named=named, unnamed=unnamed):
                is_named = all(filled[name] for name in fields)
                texts.append(_text(named if is_named else unnamed, filled, prefix))
    return "".join(texts)


def _prefix(key: str) -> str:
    return _ESCAPED if key.startswith(_ESCAPED) else ""
