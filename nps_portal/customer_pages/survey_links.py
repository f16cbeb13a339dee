"""What a survey link leads to: whose it is, in which state, and in which words."""

import enum
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.models import Setting
from nps_portal.accounts.portal_settings import portal_settings, process_settings
from nps_portal.batches.models import Invitation
from nps_portal.contacts.models import Company, Contact
from nps_portal.customer_pages.answer_links import named_answer
from nps_portal.customer_pages.known_surveys import known_survey
from nps_portal.foundation.row_ids import row_id
from nps_portal.foundation.tokens import Purpose, read_token
from nps_portal.outbox.models import Message
from nps_portal.responses.models import Evidence, Response, ResponseState
from nps_portal.responses.queries import LIFE_OF_A_LINK, response_of_invitation
from nps_portal.surveys.models import Survey
from nps_portal.surveys.queries import survey_by_id
from nps_portal.surveys.wording import FilledWording
from nps_portal.visits.book import KNOWN

# A row of `_INVITED`.
Found = sa.Row[*tuple[Any, ...]]

_PREVIEW = re.compile(r"preview-([0-9]{1,10})")


class LinkState(enum.Enum):
    """What the page says before the question; done says it in its place.

    Done is an Invitation to an anonymous Survey whose answer has come: nobody knows which it is.
    """

    OPEN = "open"
    ANSWERED = "answered"
    DONE = "done"
    LATE = "late"
    PREVIEW = "preview"


@dataclass(frozen=True, kw_only=True)
class SurveyLink:
    """A link that is good; `key` is what the page's nonce is bound to.

    `given_score` is the answer we have; `response` is there also while it waits for a look, or was
    only clicked. An answer from another door has no Invitation, a preview neither Invitation nor
    Response. `person` is what an invited person's texts are filled with; their `survey` is for
    reading and belongs to no session.
    """

    key: str
    state: LinkState
    business: str
    wording: FilledWording
    survey: Survey
    given_score: int | None = None
    invitation_id: int | None = None
    response: Response | None = None
    contact_id: int | None = None
    person: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_anonymous(self) -> bool:
        """Whether it is the link of an email to an anonymous Survey, or its preview."""
        return self.survey.anonymous and self.response is None

    @property
    def sent(self) -> Response | None:
        """The Response that somebody has sent, whether it counts or waits for a look."""
        response = self.response
        is_sent = response is not None and response.evidence is Evidence.SUBMITTED
        return response if is_sent else None

    @property
    def has_sent(self) -> bool:
        """Whether somebody has sent the form, also when a click is all that counts so far."""
        response = self.response
        return self.sent is not None or bool(response and response.marks.get("held_revision"))


def survey_link(
    session: Session, token: str, now: datetime, language: str = ""
) -> SurveyLink | None:
    """Return what a token leads to, or None when it is not one of ours.

    The language is the one chosen on the page; without it the Contact's is taken. A Contact who was
    removed or has unsubscribed may still answer what was asked before.
    """
    if preview := _PREVIEW.fullmatch(token):
        return _preview(session, preview[1], language)
    public_id = read_token(Purpose.SURVEY, token)
    found = invited(session, {public_id}).get(public_id) if public_id else None
    if found is not None:
        return invited_link(lambda: session, found, now, language)
    response = named_answer(session, token)
    return None if response is None else _answered(session, response, language)


_BUSINESS = sa.select(Setting.value).where(Setting.name == "business_name").scalar_subquery()
_INVITED = (
    sa.select(
        Invitation.id,
        Invitation.public_id,
        Invitation.created_at,
        Invitation.contact_id,
        Invitation.survey_id,
        Invitation.answered_anonymously,
        Survey.version,
        Survey.anonymous,
        Contact.first_name,
        Contact.name,
        Contact.language,
        sa.func.coalesce(Company.name, "").label("company"),
        Response.id.label("response_id"),
        sa.select(Message.sent_at)
        .where(Message.invitation_id == Invitation.id, Message.sent_at.is_not(None))
        .order_by(Message.wave.desc())
        .limit(1)
        .scalar_subquery()
        .label("sent_at"),
        _BUSINESS.label("business"),
        *KNOWN,
    )
    .join(Survey, Survey.id == Invitation.survey_id)
    .join(Contact, Contact.id == Invitation.contact_id)
    .outerjoin(Company, Company.id == Contact.company_id)
    .outerjoin(Response, Response.invitation_id == Invitation.id)
    .where(Invitation.public_id.in_(sa.bindparam("public_ids", expanding=True)))
)


def invited(session: Session, public_ids: Collection[str]) -> dict[str, Found]:
    """Return by public id what the database knows of Invitations."""
    # On the connection itself: the ORM would take longer than the database.
    rows = session.connection().execute(_INVITED, {"public_ids": sorted(public_ids)})
    return {row.public_id: row for row in rows}


def invited_link(
    sessions: Callable[[], Session], found: Found, now: datetime, language: str
) -> SurveyLink:
    """Return the link of an Invitation; `sessions` gives one where that is not all it takes."""
    response = response_of_invitation(sessions(), found.id) if found.response_id else None
    given = _given_score(response)
    if given is not None:
        state = LinkState.ANSWERED
    elif found.answered_anonymously:
        state = LinkState.DONE
    else:
        is_late = now - (found.sent_at or found.created_at) > LIFE_OF_A_LINK
        state = LinkState.LATE if is_late else LinkState.OPEN
    known = known_survey(sessions, found.survey_id, found.version)
    business = _in_force(found.business)
    person = {"first_name": found.first_name, "name": found.name, "company": found.company}
    return SurveyLink(
        key=found.public_id,
        state=state,
        business=business,
        wording=known.wording(language or found.language).filled(
            {**person, "business": business, "score": "" if given is None else str(given)}
        ),
        survey=known.survey,
        given_score=given,
        invitation_id=found.id,
        response=response,
        contact_id=found.contact_id,
        person=person,
    )


def _in_force(stored: str | None) -> str:
    """Return the business's name: what the environment says, else what the owner has set.

    The same as of all settings together, which take longer to be put together than all the rest.
    """
    given = process_settings().business_name
    return (stored or "") if given is None else given


def _answered(session: Session, response: Response, language: str) -> SurveyLink | None:
    survey = survey_by_id(session, response.survey_id)
    if survey is None:
        return None
    business = portal_settings(session).business_name
    contact, given = response.contact, _given_score(response)
    known = language or response.language or (contact.language if contact else "")
    return SurveyLink(
        key=response.public_id or "",
        state=LinkState.OPEN if given is None else LinkState.ANSWERED,
        business=business,
        wording=_words(survey, known, business, contact, given),
        survey=survey,
        given_score=given,
        response=response,
        contact_id=response.contact_id,
    )


def _preview(session: Session, number: str, language: str) -> SurveyLink | None:
    """Return a Survey's pages as a made-up customer would meet them."""
    try:
        survey = survey_by_id(session, row_id(number))
    except ValueError:
        return None
    if survey is None:
        return None
    business = portal_settings(session).business_name
    values = {"first_name": "Marta", "name": "Marta Berg", "company": "Berg & Sons"}
    return SurveyLink(
        key=f"preview-{survey.id}",
        state=LinkState.PREVIEW,
        business=business,
        wording=survey.wording(language).filled({**values, "business": business}),
        survey=survey,
    )


def _given_score(response: Response | None) -> int | None:
    """Return the answer we have; who comes after a machine that sent one is asked as ever."""
    if response is None or response.evidence is not Evidence.SUBMITTED:
        return None
    is_doubted = response.state is ResponseState.HELD or bool(response.marks.get("rejected"))
    return None if is_doubted else response.score


def _words(
    survey: Survey, language: str, business: str, contact: Contact | None, given: int | None
) -> FilledWording:
    return survey.wording(language).filled(
        {
            "first_name": contact.first_name if contact else "",
            "name": contact.name if contact else "",
            "company": contact.company_name if contact else "",
            "business": business,
            "score": "" if given is None else str(given),
        }
    )
