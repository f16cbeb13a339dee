"""What a survey link leads to: whose it is, in which state, and in which words."""

import enum
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.batches.models import Invitation
from nps_portal.batches.queries import invitation_by_public_id
from nps_portal.foundation.tokens import Purpose, read_token
from nps_portal.responses.queries import is_late, response_of_invitation
from nps_portal.surveys.models import DEFAULT_LANGUAGE
from nps_portal.surveys.queries import survey_by_id
from nps_portal.surveys.wording import Wording


class LinkState(enum.Enum):
    """What the page says before the question."""

    OPEN = "open"
    ANSWERED = "answered"
    LATE = "late"
    PREVIEW = "preview"


@dataclass(frozen=True, kw_only=True)
class SurveyLink:
    """A link that is good; `key` is what the page's nonce is bound to.

    `given_score` is the answer we have; a preview has neither Invitation nor Contact.
    """

    key: str
    state: LinkState
    business: str
    wording: Wording
    given_score: int | None = None
    invitation_id: int | None = None
    contact_id: int | None = None


def named_invitation(session: Session, purpose: Purpose, token: str) -> Invitation | None:
    """Return the Invitation that a token of this purpose names, None for any other text."""
    public_id = read_token(purpose, token)
    return None if public_id is None else invitation_by_public_id(session, public_id)


def survey_link(session: Session, token: str, now: datetime) -> SurveyLink | None:
    """Return what a token leads to, or None when it is not one of ours.

    A Contact who was removed or has unsubscribed may still answer what was asked before.
    """
    invitation = named_invitation(session, Purpose.SURVEY, token)
    if invitation is None:
        return None
    response = response_of_invitation(session, invitation.id)
    business = portal_settings(session).business_name
    contact = invitation.contact
    if response is not None:
        state = LinkState.ANSWERED
    else:
        state = LinkState.LATE if is_late(session, invitation, now) else LinkState.OPEN
    values = {
        "first_name": contact.first_name,
        "name": contact.name,
        "company": contact.company_name,
        "business": business,
        "score": str(response.score) if response else "",
    }
    return SurveyLink(
        key=invitation.public_id,
        state=state,
        business=business,
        wording=invitation.survey.wording(contact.language or DEFAULT_LANGUAGE).filled(values),
        given_score=response.score if response else None,
        invitation_id=invitation.id,
        contact_id=contact.id,
    )


def preview_link(session: Session, survey_id: int) -> SurveyLink | None:
    """Return a Survey's pages as a made-up customer would meet them."""
    survey = survey_by_id(session, survey_id)
    if survey is None:
        return None
    business = portal_settings(session).business_name
    values = {"first_name": "Marta", "name": "Marta Berg", "company": "Berg & Sons"}
    return SurveyLink(
        key=f"preview-{survey.id}",
        state=LinkState.PREVIEW,
        business=business,
        wording=survey.wording().filled({**values, "business": business}),
    )
