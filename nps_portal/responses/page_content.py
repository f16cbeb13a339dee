"""What the customer's pages print: the form, and the short texts at which a way ends."""

import enum
from dataclasses import dataclass

from nps_portal.nps import Category
from nps_portal.responses.survey_links import LinkState, SurveyLink

PREVIEW_TEXT = "This is a preview: nothing is stored."
BUSY_TEXT = (
    "We could not take your answer just now. Nothing of it is lost: please send it again in a "
    "moment."
)


class Notice(enum.Enum):
    """What is said above the form; `AGAIN` when the page was open for too long."""

    ANSWERED = "answered"
    LATE = "late"
    AGAIN = "again"
    PREVIEW = "preview"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What the form holds: the chosen score and the comment, as far as they are known."""

    score: int | None = None
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class FormContent:
    """The survey page; `action` is where the answer goes, `nonce` proves that we served it."""

    business: str
    language: str
    direction: str
    action: str
    nonce: str
    question: str
    low_anchor: str
    high_anchor: str
    comment_questions: dict[str, str]
    comment_help: str
    answered_help: str
    button: str
    note: str
    chosen: int | None
    comment: str
    notice: str
    notice_text: str
    error: str


@dataclass(frozen=True, kw_only=True)
class EndingContent:
    """A page with a title, a text and at most one link, whose words are `change`."""

    business: str
    title: str
    text: str
    language: str = "en"
    direction: str = "ltr"
    change: str = ""
    change_url: str = ""
    notice_text: str = ""


@dataclass(frozen=True, kw_only=True)
class UnsubscribeContent:
    """The page with the one button, and the page after it."""

    business: str
    action: str = ""
    error: str = ""


def form_content(
    link: SurveyLink,
    draft: Draft,
    *,
    action: str,
    nonce: str,
    notice: Notice | None = None,
    error: str = "",
) -> FormContent:
    """Return the form for a link; without a notice of its own it says what the link's state is."""
    wording = link.wording
    said = notice or _NOTICES.get(link.state)
    return FormContent(
        business=link.business,
        language=wording.language,
        direction=wording.direction,
        action=action,
        nonce=nonce,
        question=wording.question,
        low_anchor=wording.low_anchor,
        high_anchor=wording.high_anchor,
        comment_questions=wording.comment_questions(),
        comment_help=wording.comment_help,
        answered_help=wording.answered_help,
        button=wording.button,
        note=wording.note,
        chosen=draft.score,
        comment=draft.comment,
        notice=said.value if said else "",
        notice_text=_notice_text(link, said) if said else "",
        error=error,
    )


def thanks_content(link: SurveyLink, category: Category, *, change_url: str) -> EndingContent:
    """Return the thank-you for a category, with the way back to the answer."""
    thanks = link.wording.thank_you(category)
    return EndingContent(
        business=link.business,
        language=link.wording.language,
        direction=link.wording.direction,
        title=thanks.title,
        text=thanks.text,
        change=link.wording.change,
        change_url=change_url,
        notice_text=PREVIEW_TEXT if link.state is LinkState.PREVIEW else "",
    )


_NOTICES = {
    LinkState.ANSWERED: Notice.ANSWERED,
    LinkState.LATE: Notice.LATE,
    LinkState.PREVIEW: Notice.PREVIEW,
}


def _notice_text(link: SurveyLink, notice: Notice) -> str:
    return {
        Notice.ANSWERED: link.wording.answered_text,
        Notice.LATE: link.wording.late_text,
        Notice.AGAIN: link.wording.again_text,
        Notice.PREVIEW: PREVIEW_TEXT,
    }[notice]
