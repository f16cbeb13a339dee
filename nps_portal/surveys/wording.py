"""The texts of a survey that its owner may change, each with its English default."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Self

from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.merging import (
    MERGE_FIELDS,
    check_merge_text,
    render_merged_text,
    text_source,
)
from nps_portal.nps import Category

SUBJECT_LENGTH = 150
LINE_LENGTH = 300
PARAGRAPHS_LENGTH = 3000

ANSWERED_FIELDS = MERGE_FIELDS | {"score"}
RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class UnusableWording(PortalError):
    """A text of the survey is empty, too long or not of the form its place asks for."""


@dataclass(frozen=True, kw_only=True)
class TextRule:
    """What a text must be like to fit its place."""

    length: int = LINE_LENGTH
    lines: int | None = 1
    required: bool = True
    merge_fields: frozenset[str] = MERGE_FIELDS


@dataclass(frozen=True, kw_only=True)
class ThankYou:
    """What a customer reads after sending an answer."""

    title: str
    text: str


def _text(default: str, rule: TextRule) -> str:
    """Declare a text of the wording with its rule."""
    text: str = field(default=default, metadata={"rule": rule})
    return text


_LINE = TextRule()
_OPTIONAL_LINE = TextRule(required=False)
_PARAGRAPHS = TextRule(length=PARAGRAPHS_LENGTH, lines=None)
_OPTIONAL_PARAGRAPHS = TextRule(length=PARAGRAPHS_LENGTH, lines=None, required=False)


@dataclass(frozen=True, kw_only=True)
class Wording:
    """Every text of one survey in one language; texts may contain merge fields."""

    language: str = "en"

    # The default subject is no question: some spam filters count the final mark against it.
    subject: str = _text("A quick question from {{ business }}", TextRule(length=SUBJECT_LENGTH))
    greeting: str = _text("Dear {{ first_name }},", _LINE)
    greeting_without_name: str = _text("Hello,", _LINE)
    introduction: str = _text(
        "Thank you for being our customer. We have one question, and a person here reads every "
        "answer:",
        _OPTIONAL_PARAGRAPHS,
    )
    question: str = _text(
        "How likely is it that you would recommend {{ business }} to a friend or colleague?", _LINE
    )
    low_anchor: str = _text("Not at all likely", TextRule(length=60))
    high_anchor: str = _text("Extremely likely", TextRule(length=60))
    after_scale: str = _text(
        "Choose a number; there is room for a word on the next page.", _OPTIONAL_PARAGRAPHS
    )
    signature_name: str = _text("{{ business }}", _OPTIONAL_LINE)
    signature_role: str = _text("", _OPTIONAL_LINE)
    reason: str = _text(
        "You receive this because you are a customer of {{ business }}.",
        TextRule(length=600, lines=None),
    )
    unsubscribe: str = _text("Unsubscribe", TextRule(length=100))

    comment_general: str = _text("Would you like to tell us why?", _LINE)
    comment_promoter: str = _text("What do you like most about working with us?", _LINE)
    comment_passive: str = _text("What could we do better?", _LINE)
    comment_detractor: str = _text("What should we put right first?", _LINE)
    comment_help: str = _text("If you like, in your own words.", _OPTIONAL_LINE)
    button: str = _text("Send my answer", TextRule(length=60))
    note: str = _text(
        "Your answer goes to {{ business }}. You can change it later with the same link.",
        _OPTIONAL_PARAGRAPHS,
    )

    promoter_title: str = _text("Thank you!", _LINE)
    promoter_text: str = _text(
        "We are glad to hear that, and we will work to keep it so.", _OPTIONAL_PARAGRAPHS
    )
    passive_title: str = _text("Thank you!", _LINE)
    passive_text: str = _text("Your answer helps us to do better.", _OPTIONAL_PARAGRAPHS)
    detractor_title: str = _text("Thank you for being open with us.", _LINE)
    detractor_text: str = _text(
        "We are sorry that it was not better. A person here will read your answer with care.",
        _OPTIONAL_PARAGRAPHS,
    )
    change: str = _text("Change your answer", TextRule(length=60))

    answered_text: str = _text(
        "We have your answer: {{ score }}. Change it?", TextRule(merge_fields=ANSWERED_FIELDS)
    )
    answered_help: str = _text(
        "If you leave this empty, what you wrote before stays as it is.", _LINE
    )
    late_text: str = _text("This survey has ended, but your answer is still welcome.", _LINE)
    again_text: str = _text(
        "Please send your answer once more: this page was open for so long that we could not "
        "take it.",
        _LINE,
    )

    @classmethod
    def from_texts(cls, texts: Mapping[str, str], language: str = "en") -> Self:
        """Make a wording of the texts that differ from the defaults.

        Line ends become line feeds and outer white space goes; keys of no text are passed over,
        so that a wording outlives a text that a later version dropped.
        """
        known = {
            name: "\n".join(texts[name].splitlines()).strip() for name in _RULES if name in texts
        }
        return cls(language=language, **known)

    def texts(self) -> dict[str, str]:
        """Return the texts that differ from the defaults, by name."""
        default = type(self)()
        return {
            name: getattr(self, name)
            for name in _RULES
            if getattr(self, name) != getattr(default, name)
        }

    @property
    def direction(self) -> str:
        """The direction in which the language is written, as HTML names it: ltr or rtl."""
        return "rtl" if self.language.split("-")[0].lower() in RIGHT_TO_LEFT else "ltr"

    def check(self) -> None:
        """Refuse a wording that could not be sent.

        :raises UnusableWording: a text is empty, too long, or breaks the line where it must not.
        :raises UnknownMergeField: a text asks for a field that does not exist.
        """
        if not _LANGUAGE.fullmatch(self.language):
            raise UnusableWording(f"“{self.language}” is not a language code such as en or pt-BR.")
        for name, rule in _RULES.items():
            _check_text(name, getattr(self, name), rule)

    def filled(self, values: Mapping[str, str]) -> Self:
        """Return this wording with its fields filled, for a page; what has no value stays empty."""
        complete = dict.fromkeys(ANSWERED_FIELDS, "") | dict(values)
        return replace(
            self,
            **{
                name: render_merged_text(text_source(getattr(self, name), {}), complete)
                for name in _RULES
            },
        )

    def comment_questions(self) -> dict[str, str]:
        """Return the open question by category, and the general one before a score is chosen."""
        return {
            "general": self.comment_general,
            "promoter": self.comment_promoter,
            "passive": self.comment_passive,
            "detractor": self.comment_detractor,
        }

    def thank_you(self, category: Category) -> ThankYou:
        """Return what a person of this category reads after answering."""
        return {
            Category.PROMOTER: ThankYou(title=self.promoter_title, text=self.promoter_text),
            Category.PASSIVE: ThankYou(title=self.passive_title, text=self.passive_text),
            Category.DETRACTOR: ThankYou(title=self.detractor_title, text=self.detractor_text),
        }[category]


_RULES: dict[str, TextRule] = {
    text.name: text.metadata["rule"] for text in fields(Wording) if "rule" in text.metadata
}


def text_rules() -> dict[str, TextRule]:
    """Return the rule of every text by its name, in the order a form shows them."""
    return dict(_RULES)


def _check_text(name: str, text: str, rule: TextRule) -> None:
    label = name.replace("_", " ")
    if rule.required and not text.strip():
        raise UnusableWording(f"The text “{label}” must not be empty.")
    if len(text) > rule.length:
        raise UnusableWording(
            f"The text “{label}” has {len(text)} characters; {rule.length} are possible."
        )
    if rule.lines == 1 and "\n" in text:
        raise UnusableWording(f"The text “{label}” must be a single line.")
    if _CONTROL.search(text):
        raise UnusableWording(f"The text “{label}” contains a character that cannot be shown.")
    check_merge_text(text, rule.merge_fields)
