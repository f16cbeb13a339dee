"""What the customer's pages print: the form, and the short texts at which a way ends."""

import enum
from dataclasses import dataclass

from nps_portal.customer_pages.survey_links import LinkState, SurveyLink
from nps_portal.surveys.wording import FilledWording


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
    """The survey page; `action` is where the answer goes, `nonce` proves that we served it.

    `chosen_text` says which score was chosen before the page was opened; with `chosen_words` a
    script keeps it true, writing the score at {score}. `seen_url` is where the page tells of a
    hand. On an anonymous page the score stands after the # of the address, which is sent to nobody.
    """

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
    button: str
    note: str
    chosen: int | None
    comment: str
    notice: str
    notice_text: str
    error: str
    chosen_text: str = ""
    chosen_words: str = ""
    seen_url: str = ""
    is_anonymous: bool = False


@dataclass(frozen=True, kw_only=True)
class EndingContent:
    """A page with a title, a text and at most one link, whose words are `change`."""

    business: str
    title: str
    text: str
    help: str = ""
    language: str = "en"
    direction: str = "ltr"
    change: str = ""
    change_url: str = ""
    notice_text: str = ""


@dataclass(frozen=True, kw_only=True)
class UnsubscribeContent:
    """The page with the one button, and the page after it."""

    business: str
    words: FilledWording
    action: str = ""
    nonce: str = ""
    error: str = ""
    language: str = "en"
    direction: str = "ltr"


def form_content(
    link: SurveyLink,
    draft: Draft,
    *,
    action: str,
    nonce: str,
    notice: Notice | None = None,
    error: str = "",
    seen_url: str = "",
) -> FormContent:
    """Return the form for a link; without a notice of its own it says what the link's state is."""
    words = link.wording
    said = notice or _NOTICES.get(link.state)
    is_new_choice = draft.score is not None and draft.score != link.given_score
    return FormContent(
        business=link.business,
        language=words.language,
        direction=words.direction,
        action=action,
        nonce=nonce,
        question=words.question,
        low_anchor=words.low_anchor,
        high_anchor=words.high_anchor,
        comment_questions=words.comment_questions(),
        comment_help=words.answered_help if said is Notice.ANSWERED else words.comment_help,
        button=words.button,
        note=words.anonymous_note if link.is_anonymous else words.note,
        chosen=draft.score,
        comment=draft.comment,
        notice=said.value if said else "",
        notice_text=_notice_text(words, said) if said else "",
        error=error,
        chosen_text=words.with_values(score=str(draft.score)).chosen if is_new_choice else "",
        chosen_words=words.with_values(score="{score}").chosen,
        seen_url=seen_url,
        is_anonymous=link.is_anonymous,
    )


_NOTICES = {
    LinkState.ANSWERED: Notice.ANSWERED,
    LinkState.LATE: Notice.LATE,
    LinkState.PREVIEW: Notice.PREVIEW,
}


def _notice_text(words: FilledWording, notice: Notice) -> str:
    return {
        Notice.ANSWERED: words.answered_text,
        Notice.LATE: words.late_text,
        Notice.AGAIN: words.again_text,
        Notice.PREVIEW: words.preview_text,
    }[notice]
