"""What the thank-you page prints: words by category, and what a customer may do besides."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nps_portal.customer_pages.forms import CallForm, QuoteForm
from nps_portal.customer_pages.more_questions import QuestionContent
from nps_portal.customer_pages.survey_links import LinkState, SurveyLink
from nps_portal.nps import Category, category
from nps_portal.surveys.links import ReviewLink
from nps_portal.surveys.wording import FilledWording, ThankYou


class Part(enum.Enum):
    """What can be sent from the thank-you page."""

    MORE = "more"
    CALL = "call"
    QUOTE = "quote"


@dataclass(frozen=True, kw_only=True)
class Thanked:
    """Somebody whose answer is in; `score` is the one that was sent last.

    The answer to an anonymous Survey is unseen: its token stands in no address.
    """

    token: str
    link: SurveyLink
    score: int
    is_unseen: bool = False

    @property
    def category(self) -> Category:
        """Which words they read, and what they are further asked."""
        return category(self.score)

    @property
    def languages(self) -> tuple[str, str]:
        """The languages in which further questions are looked for."""
        return self.link.wording.language, self.link.survey.language


@dataclass(frozen=True, kw_only=True)
class Return:
    """Something that was sent and comes back, with the reason."""

    part: Part
    error: str
    code: int
    faults: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class ThanksContent:
    """The thank-you page; `actions` has the address of each part that is offered.

    `answer` goes along with what is sent from the page of an anonymous Survey.
    `faulty` is the part that came back, `error` why. `comment` is there for the one who has just
    sent it.
    """

    business: str
    words: FilledWording
    thanks: ThankYou
    nonce: str
    change_url: str
    answer: str
    actions: Mapping[str, str]
    notice_text: str
    error: str
    faulty: str
    reviews_text: str
    review_links: Sequence[ReviewLink]
    comment: str
    referral_url: str
    questions: Sequence[QuestionContent]
    call: CallForm
    call_is_open: bool
    quote: QuoteForm


def said_after(words: FilledWording, done: str, *, is_preview: bool) -> str:
    """Return what stands above the thanks: that something was sent, or that it is a preview."""
    told = {
        Part.MORE.value: words.more_done,
        Part.CALL.value: words.call_done,
        Part.QUOTE.value: words.quote_done,
    }.get(done, "")
    return " ".join(text for text in (told, words.preview_text if is_preview else "") if text)


def offered(link: SurveyLink, done: str, questions: Sequence[object]) -> list[Part]:
    """Return what the page offers; what was just sent is not asked for again.

    An anonymous answer is neither called back nor quoted.
    """
    has_words = bool(link.sent and link.sent.comment) or link.state is LinkState.PREVIEW
    is_known = not link.survey.anonymous
    possible = {
        Part.MORE: bool(questions),
        Part.CALL: link.survey.offers_call and is_known,
        Part.QUOTE: link.survey.asks_to_quote and has_words and is_known,
    }
    return [part for part, is_possible in possible.items() if is_possible and part.value != done]


def review_links(link: SurveyLink) -> list[ReviewLink]:
    """Return the places for a review: the same for everyone, whatever the answer was."""
    return [ReviewLink(label=one["label"], url=one["url"]) for one in link.survey.review_links]


def is_call_open(category: Category, faulty: Part | None) -> bool:
    """Tell whether the form for a call stands open, instead of behind its heading."""
    return category is Category.DETRACTOR or faulty is Part.CALL
