"""The other doors of a Survey: the link, the tablet and the website, and what stands at them."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.customer_pages.page_content import Draft, EndingContent
from nps_portal.customer_pages.survey_links import LinkState, SurveyLink
from nps_portal.nps import Category
from nps_portal.responses.commands import COMMENT_LENGTH
from nps_portal.responses.models import Channel
from nps_portal.surveys.colours import DARK_GROUND, LIGHT_GROUND, Accent, accent_on
from nps_portal.surveys.models import Survey, SurveyState
from nps_portal.surveys.queries import survey_by_name
from nps_portal.surveys.wording import FilledWording, ThankYou

NAME_LENGTH = 64


@dataclass(frozen=True, kw_only=True)
class OtherDoor:
    """A door of a Survey, with its words for somebody of whom nothing is known."""

    channel: Channel
    survey: Survey
    business: str
    wording: FilledWording

    @property
    def is_open(self) -> bool:
        """Tell whether answers are taken here."""
        is_open = {
            Channel.LINK: self.survey.link_is_open,
            Channel.KIOSK: self.survey.kiosk_is_open,
            Channel.WIDGET: self.survey.widget_is_open,
        }
        return self.survey.state is SurveyState.ACTIVE and is_open[self.channel]

    @property
    def key(self) -> str:
        """What a page's nonce is bound to: this door of this Survey and no other."""
        return f"{self.channel.value}-{self.survey.id}"

    @property
    def link(self) -> SurveyLink:
        """This door as the survey page takes it."""
        return SurveyLink(
            key=self.key,
            state=LinkState.OPEN,
            business=self.business,
            wording=self.wording,
            survey=self.survey,
        )


@dataclass(frozen=True, kw_only=True)
class KioskContent:
    """The tablet's page; `thanked` stands in place of the form after sending without a script."""

    address: str
    nonce_address: str
    worker_address: str
    words: FilledWording
    nonce: str
    draft: Draft
    comment_length: int
    questions: dict[str, str]
    thank_yous: dict[str, ThankYou]
    error: str = ""
    thanked: ThankYou | None = None


@dataclass(frozen=True, kw_only=True)
class WidgetColours:
    """The shades of the Survey's colour, on a light and on a dark page."""

    light: Accent
    dark: Accent


@dataclass(frozen=True, kw_only=True)
class WidgetTexts:
    """All that the window on a website shows; it goes to the website's page as JSON."""

    nonce: str
    language: str
    direction: str
    business: str
    question: str
    low_anchor: str
    high_anchor: str
    comments: dict[str, str]
    comment_length: int
    button: str
    close: str
    later: str
    no_score: str
    busy: str
    thanks: dict[str, ThankYou]
    days: int
    colours: WidgetColours


def other_door(session: Session, channel: Channel, name: str, language: str) -> OtherDoor | None:
    """Return the door of the Survey of this name, None when there is no such Survey."""
    if len(name) > NAME_LENGTH or not name.isprintable():
        return None
    survey = survey_by_name(session, name)
    if survey is None:
        return None
    business = portal_settings(session).business_name
    return OtherDoor(
        channel=channel,
        survey=survey,
        business=business,
        wording=survey.wording(language).filled({"business": business}),
    )


def closed_content(door: OtherDoor) -> EndingContent:
    """Return what a closed door says."""
    return EndingContent(
        business=door.business,
        title=door.wording.closed_title,
        text=door.wording.closed_text,
        language=door.wording.language,
        direction=door.wording.direction,
    )


def thank_yous(words: FilledWording) -> dict[str, ThankYou]:
    """Return the thanks by category."""
    return {category.value: words.thank_you(category) for category in Category}


def widget_texts(door: OtherDoor, nonce: str) -> WidgetTexts:
    """Return what the window on a website shows."""
    words, accent = door.wording, door.survey.accent_colour
    return WidgetTexts(
        nonce=nonce,
        language=words.language,
        direction=words.direction,
        business=door.business,
        question=words.question,
        low_anchor=words.low_anchor,
        high_anchor=words.high_anchor,
        comments=words.comment_questions(),
        comment_length=COMMENT_LENGTH,
        button=words.button,
        close=words.widget_close,
        later=words.widget_later,
        no_score=words.no_score,
        busy=words.busy_text,
        thanks=thank_yous(words),
        days=door.survey.days_between,
        colours=WidgetColours(
            light=accent_on(accent, LIGHT_GROUND), dark=accent_on(accent, DARK_GROUND)
        ),
    )
