"""What the page of a person's own data prints, and whose page a token opens."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from sqlalchemy.orm import Session

from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.batches.queries import named_invitation
from nps_portal.contacts.aliases import kept_id
from nps_portal.contacts.models import Contact
from nps_portal.contacts.queries import contact_by_id, suppression_of
from nps_portal.contacts.suppressions import LIFTABLE
from nps_portal.customer_pages.answer_links import named_answer
from nps_portal.foundation.languages import BY_CODE, best_language
from nps_portal.foundation.tokens import Purpose, make_token
from nps_portal.privacy.commands import PAUSES_IN_MONTHS
from nps_portal.privacy.given_answers import GivenResponse, given_response, given_responses
from nps_portal.responses.models import Response
from nps_portal.surveys.models import Survey
from nps_portal.surveys.queries import survey_by_id
from nps_portal.surveys.wording import FilledWording

Address = Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class MyLink:
    """Whose page a token opens; `key` is what the page's nonce is bound to.

    Without a Contact it is the page of one Response that belongs to nobody known.
    """

    key: str
    survey: Survey
    contact: Contact | None
    invitation_id: int | None = None
    response: Response | None = None

    @property
    def contact_id(self) -> int | None:
        """The id of the Contact, None without one."""
        return self.contact.id if self.contact else None


@dataclass(frozen=True, kw_only=True)
class Known:
    """One thing that is known: what it is, and what it says; a code is written left to right."""

    label: str
    text: str
    is_code: bool = False


@dataclass(frozen=True, kw_only=True)
class Said:
    """What was said on a day: a score, and a comment or none."""

    day: str
    score: int
    comment: str


@dataclass(frozen=True, kw_only=True)
class FurtherLine:
    """A further question and what was answered."""

    question: str
    answers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class MyAnswer:
    """One answer; without `correct_url` it cannot be corrected from here."""

    survey: str
    said: Said
    further: tuple[FurtherLine, ...]
    earlier: tuple[Said, ...]
    correct_url: str


@dataclass(frozen=True, kw_only=True)
class Pause:
    """One length of a pause that can be chosen."""

    months: int
    words: str


@dataclass(frozen=True, kw_only=True)
class Unsure:
    """What a program may have pressed, and a person confirms by one press of `button`."""

    act: str
    months: str
    button: str


@dataclass(frozen=True, kw_only=True)
class MyContent:
    """The page; `paused_text` is empty while no pause runs.

    `may_stop` is False for an answer of nobody known: there is nobody to leave alone.
    """

    business: str
    language: str
    direction: str
    words: FilledWording
    action: str
    data_url: str
    nonce: str
    known: tuple[Known, ...]
    answers: tuple[MyAnswer, ...]
    may_stop: bool
    is_stopped: bool
    paused_text: str
    pauses: tuple[Pause, ...]
    notice: str = ""
    error: str = ""
    tick_missing: str = ""
    unsure: Unsure | None = None


def my_link(session: Session, token: str) -> MyLink | None:
    """Return whose page a token opens, None when it is not one of ours.

    An answer from another door opens it by its own token; one that came by email does not need to.
    """
    invitation = named_invitation(session, Purpose.MY_DATA, token)
    if invitation is not None:
        return MyLink(
            key=_key(invitation.public_id),
            survey=invitation.survey,
            contact=contact_by_id(session, kept_id(session, invitation.contact_id)),
            invitation_id=invitation.id,
        )
    response = named_answer(session, token)
    survey = survey_by_id(session, response.survey_id) if response else None
    if response is None or survey is None:
        return None
    return MyLink(
        key=_key(response.public_id or ""),
        survey=survey,
        contact=response.contact,
        response=response,
    )


def my_words(session: Session, link: MyLink, chosen: str) -> FilledWording:
    """Return the texts in the chosen language, else in that of the Contact or of the answer."""
    contact = link.contact
    spoken = chosen or (contact.language if contact else "")
    if not spoken and link.response:
        spoken = link.response.language
    return link.survey.wording(spoken).filled(
        {
            "first_name": contact.first_name if contact else "",
            "name": contact.name if contact else "",
            "company": contact.company_name if contact else "",
            "business": portal_settings(session).business_name,
        }
    )


def my_answers(
    session: Session, link: MyLink, words: FilledWording, address: Address
) -> tuple[MyAnswer, ...]:
    """Return all answers of the person, newest first; `address` leads from a token to its page."""
    if link.contact is not None:
        given = given_responses(session, link.contact.id)
    else:
        given = given_response(session, link.response.id) if link.response else []
    zone = portal_settings(session).zone
    return tuple(_answer(one, words.language, zone, address) for one in given)


def known_of(link: MyLink, words: FilledWording) -> tuple[Known, ...]:
    """Return what is known of the person; what is not known is not shown."""
    contact = link.contact
    if contact is None:
        given = link.response.said_to_be if link.response else ""
        found = [Known(label=words.me_email, text=given, is_code=True)]
    else:
        found = [
            Known(label=words.me_name, text=contact.name or contact.first_name),
            Known(label=words.me_email, text=contact.email, is_code=True),
            Known(label=words.me_company, text=contact.company_name),
            Known(label=words.me_language, text=_language_name(contact.language)),
        ]
    return tuple(one for one in found if one.text)


def is_stopped(session: Session, contact: Contact | None) -> bool:
    """Tell whether a person has said that they want no surveys; a bounce is not their word."""
    found = suppression_of(session, contact.email_key) if contact else None
    return found is not None and found.reason not in LIFTABLE


def paused_text(
    session: Session, contact: Contact | None, words: FilledWording, now: datetime
) -> str:
    """Return until when a person is not asked, empty when no pause runs."""
    until = contact.paused_until if contact else None
    if until is None or until <= now:
        return ""
    day = _day(until, portal_settings(session).zone, words.language)
    return words.with_values(date=day).me_paused


def pauses(words: FilledWording) -> tuple[Pause, ...]:
    """Return the pauses that can be chosen."""
    return tuple(
        Pause(months=months, words=words.counted("months", months)) for months in PAUSES_IN_MONTHS
    )


def _key(public_id: str) -> str:
    """Return what a nonce is bound to: one of the survey page is worth nothing here."""
    return f"me:{public_id}"


def _answer(given: GivenResponse, language: str, zone: ZoneInfo, address: Address) -> MyAnswer:
    response = given.response
    languages = (language, response.language, given.survey.language)
    return MyAnswer(
        survey=given.survey.title,
        said=Said(
            day=_day(response.answered_at, zone, language),
            score=response.score,
            comment=response.comment,
        ),
        further=tuple(
            FurtherLine(question=one.question_in(languages), answers=one.words_in(languages))
            for one in given.further_in_force
        ),
        earlier=tuple(
            Said(day=_day(one.at, zone, language), score=one.score, comment=one.comment)
            for one in given.earlier
        ),
        correct_url=_correct_url(given, address),
    )


def _correct_url(given: GivenResponse, address: Address) -> str:
    if given.invitation is not None:
        return address(make_token(Purpose.SURVEY, given.invitation.public_id))
    public_id = given.response.public_id
    return address(make_token(Purpose.ANSWER, public_id)) if public_id else ""


def _day(at: datetime, zone: ZoneInfo, language: str) -> str:
    return format_date(at.astimezone(zone), "long", locale=Locale.parse(language, sep="-"))


def _language_name(code: str) -> str:
    """Return what a language is called by those who speak it, or a code that we do not know."""
    best = best_language(code) if code else ""
    is_known = best and best.split("-")[0] == code.replace("_", "-").split("-")[0].lower()
    return BY_CODE[best].own_name if is_known else code
