"""Writing surveys: their texts, their look, and their rules."""

import re
import unicodedata
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, count
from typing import Any

import sqlalchemy as sa

from nps_portal.foundation.database import lock_for_transaction
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.languages import Address
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record
from nps_portal.surveys.colours import corrected
from nps_portal.surveys.incentives import incentive_in
from nps_portal.surveys.links import ReviewLink
from nps_portal.surveys.logos import made_logo
from nps_portal.surveys.models import (
    DEFAULT_SURVEY,
    CountingMode,
    ReminderMode,
    Survey,
    SurveyLogo,
    SurveyState,
    SurveyWording,
)
from nps_portal.surveys.wording import GROUPS, Wording

NAME_STEM_LENGTH = 50
# Texts of these groups lead to a review or to the answer before it.
_GROUPS_WITHOUT_REWARDS = {"reviews", "thanks", "reminder"}
_WITHOUT_REWARDS = {
    text.name for group in GROUPS if group.key in _GROUPS_WITHOUT_REWARDS for text in group.texts
}


class PromisedReward(PortalError):
    """A text promises something for a review."""


@dataclass(frozen=True, kw_only=True)
class Cadence:
    """How often the same may be asked: days between two surveys to one person, people a week."""

    days_between: int
    company_weekly_cap: int


@dataclass(frozen=True, kw_only=True)
class CountingRules:
    """Which answers are in the score, and how a machine is told from a person."""

    counting: CountingMode
    hold_minutes: int
    delivery_seconds: int
    decoy_link: bool


@dataclass(frozen=True, kw_only=True)
class ReminderRules:
    """Who is reminded once, and after how many working days."""

    reminder: ReminderMode
    reminder_days: int


@dataclass(frozen=True, kw_only=True)
class ReaderLanguage:
    """The language of customers who have none, and how the reader is addressed."""

    language: str
    address: Address


@dataclass(frozen=True, kw_only=True)
class AfterAnswer:
    """What the thank-you page offers."""

    review_links: Sequence[ReviewLink]
    referral_url: str
    offers_call: bool
    asks_to_quote: bool


@dataclass(frozen=True, kw_only=True)
class OpenDoors:
    """By which ways besides the email a Survey can be answered."""

    link_is_open: bool
    kiosk_is_open: bool
    widget_is_open: bool


def ensure_default_survey(work: Work) -> Survey:
    """Return the ready-made Survey, making it when it is not there."""
    survey = work.session.scalar(sa.select(Survey).where(Survey.name == DEFAULT_SURVEY))
    if survey is None:
        survey = Survey(
            name=DEFAULT_SURVEY,
            title="Customer survey",
            state=SurveyState.ACTIVE,
            created_at=work.now,
        )
        work.session.add(survey)
        work.session.flush()
    return survey


def create_survey(work: Work, title: str, *, anonymous: bool) -> Survey:
    """Make a Survey with the ready-made texts; whether it is anonymous is never changed again."""
    lock_for_transaction(work.session, "survey names")
    names = set(work.session.scalars(sa.select(Survey.name)))
    survey = Survey(
        name=free_name(title, names),
        title=title,
        state=SurveyState.ACTIVE,
        anonymous=anonymous,
        reminder=ReminderMode.NOBODY if anonymous else ReminderMode.EVERYBODY,
        created_at=work.now,
    )
    work.session.add(survey)
    work.session.flush()
    record(work, "survey.made", survey_id=survey.id, anonymous=anonymous)
    return survey


def free_name(title: str, taken: Container[str]) -> str:
    """Return a name for commands and addresses after a title, one that none has yet.

    >>> free_name("Après-vente 2026", {"apres-vente-2026"})
    'apres-vente-2026-2'
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    stem = re.sub("[^a-z0-9]+", "-", plain).strip("-")[:NAME_STEM_LENGTH].strip("-") or "survey"
    further = (f"{stem}-{number}" for number in count(2))
    return next(name for name in chain([stem], further) if name not in taken)


def change_wording(work: Work, survey_id: int, wording: Wording) -> None:
    """Replace the texts of a Survey in the language of the wording.

    :raises PortalError: a text is missing, too long, names an unknown merge field, or promises
        something for a review.
    """
    wording.check()
    refuse_rewards(wording)
    row = work.session.scalar(
        sa.select(SurveyWording)
        .where(SurveyWording.survey_id == survey_id)
        .where(SurveyWording.language == wording.language)
    )
    if row is None:
        row = SurveyWording(survey_id=survey_id, language=wording.language)
        work.session.add(row)
    row.texts, row.changed_at = dict(wording.texts()), work.now
    survey = _locked(work, survey_id)
    survey.version += 1
    work.session.flush()
    work.session.expire(survey, ["wordings"])
    record(work, "survey.wording_changed", survey_id=survey_id, language=wording.language)


def change_texts(work: Work, survey_id: int, language: str, texts: Mapping[str, str]) -> None:
    """Change some texts of a Survey in a language; the others stay as they are.

    :raises PortalError: a text cannot be used.
    """
    survey = _locked(work, survey_id)
    change_wording(work, survey_id, survey.wording(language).changed(**texts))


def refuse_rewards(wording: Wording) -> None:
    """Refuse a wording that promises something for an answer or a review.

    :raises PromisedReward: names the words.
    """
    for name, text in wording.texts().items():
        if name in _WITHOUT_REWARDS:
            refuse_reward(text, wording.language)


def refuse_reward(text: str, language: str) -> None:
    """Refuse a text that promises something for an answer or a review.

    :raises PromisedReward: names the words.
    """
    words = incentive_in(text, language)
    if words:
        raise PromisedReward(
            f"“{words}” promises a reward. Google and others forbid paying for reviews in any "
            "form and remove them, and a reward changes what people answer. Say it without."
        )


def change_cadence(work: Work, survey_id: int, *, title: str, cadence: Cadence) -> None:
    """Change a Survey's title and how often it may be asked."""
    _change(work, survey_id, "survey.changed", {"title": title, **asdict(cadence)})


def change_accent(work: Work, survey_id: int, colour: str) -> str:
    """Change a Survey's colour to the nearest shade that can be seen everywhere, and return it."""
    shade, _ = corrected(colour)
    _change(work, survey_id, "survey.look_changed", {"accent_colour": shade}, is_seen=True)
    return shade


def set_logo(work: Work, survey_id: int, data: bytes) -> SurveyLogo:
    """Make a Survey's logo of an uploaded picture, in place of the former one.

    :raises UnusableLogo: it is no picture that can be a logo.
    """
    made = made_logo(data)
    survey = _locked(work, survey_id)
    logo = work.session.get(SurveyLogo, survey_id)
    if logo is None:
        logo = SurveyLogo(survey_id=survey_id)
        work.session.add(logo)
    logo.digest, logo.image, logo.media_type = made.digest, made.image, made.media_type
    logo.width, logo.height, logo.changed_at = made.width, made.height, work.now
    survey.version += 1
    work.session.flush()
    record(work, "survey.logo_changed", survey_id=survey_id, bytes=len(made.image))
    return logo


def remove_logo(work: Work, survey_id: int) -> None:
    """Show the business's name alone; without a logo nothing happens."""
    survey = _locked(work, survey_id)
    logo = work.session.get(SurveyLogo, survey_id)
    if logo is None:
        return
    work.session.delete(logo)
    survey.version += 1
    record(work, "survey.logo_removed", survey_id=survey_id)


def change_counting(work: Work, survey_id: int, rules: CountingRules) -> None:
    """Change which answers count; who calls this must judge the clicks anew in the same unit."""
    _change(work, survey_id, "survey.counting_changed", asdict(rules))


def change_reminder(work: Work, survey_id: int, rules: ReminderRules) -> None:
    """Change who is reminded, and when."""
    _change(work, survey_id, "survey.reminder_changed", asdict(rules))


def change_language(work: Work, survey_id: int, choice: ReaderLanguage) -> None:
    """Change the language of customers without one, and how all of them are addressed."""
    _change(work, survey_id, "survey.language_changed", asdict(choice), is_seen=True)


def change_after_answer(work: Work, survey_id: int, offers: AfterAnswer) -> None:
    """Change what the thank-you page offers; the review links are the same for everyone.

    :raises PromisedReward: the label of a link promises something for a review.
    """
    survey = _locked(work, survey_id)
    for link in offers.review_links:
        refuse_reward(link.label, survey.language)
    _change(work, survey_id, "survey.after_answer_changed", asdict(offers), is_seen=True)


def open_doors(work: Work, survey_id: int, doors: OpenDoors) -> None:
    """Open or close the ways by which a Survey can be answered without an email."""
    _change(work, survey_id, "survey.doors_changed", asdict(doors), is_seen=True)


def _change(
    work: Work, survey_id: int, event: str, values: Mapping[str, Any], *, is_seen: bool = False
) -> None:
    """Set what differs and write down its names; `is_seen` when customers see it."""
    survey = _locked(work, survey_id)
    changed = [name for name, value in values.items() if getattr(survey, name) != value]
    if not changed:
        return
    for name in changed:
        setattr(survey, name, values[name])
    if is_seen:
        survey.version += 1
    record(work, event, survey_id=survey_id, changed=changed)


def _locked(work: Work, survey_id: int) -> Survey:
    """Return a Survey that nobody else changes until the end of this unit."""
    return work.session.get_one(Survey, survey_id, with_for_update=True)
