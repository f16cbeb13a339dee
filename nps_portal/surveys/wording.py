"""The texts of a survey in one language: ready-made ones, and those that its owner has changed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.languages import (
    DEFAULT_LANGUAGE,
    Address,
    catalogue,
    direction_of,
)
from nps_portal.foundation.merging import MERGE_FIELDS, check_merge_text, fill_text
from nps_portal.nps import Category
from nps_portal.surveys.after_texts import CALL, QUOTE, REVIEWS, THANKS
from nps_portal.surveys.email_texts import EMAIL, QUESTION, REMINDER
from nps_portal.surveys.page_texts import ANONYMOUS, DOORS, MORE_QUESTIONS, SURVEY_PAGE
from nps_portal.surveys.rights_texts import ENDINGS, MY_DATA, UNSUBSCRIBING
from nps_portal.surveys.text_rules import SCORED_FIELDS, Text, TextGroup, TextRule

GROUPS: tuple[TextGroup, ...] = (
    EMAIL,
    QUESTION,
    SURVEY_PAGE,
    THANKS,
    REVIEWS,
    CALL,
    QUOTE,
    MORE_QUESTIONS,
    REMINDER,
    DOORS,
    ANONYMOUS,
    UNSUBSCRIBING,
    MY_DATA,
    ENDINGS,
)
TEXTS: Mapping[str, Text] = {text.name: text for group in GROUPS for text in group.texts}

_KNOWN_FIELDS = MERGE_FIELDS | SCORED_FIELDS | {"date"}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class UnusableWording(PortalError):
    """A text of the survey is empty, too long or not of the form its place asks for."""


@dataclass(frozen=True, kw_only=True)
class ThankYou:
    """What a customer reads after sending an answer."""

    title: str
    text: str


class Wording:
    """Every text of one survey in one language, each an attribute of its name in `TEXTS`.

    Texts may contain merge fields. What is not given is the ready-made text of the language.
    """

    __slots__ = ("_given", "address", "language")

    def __init__(
        self,
        language: str = DEFAULT_LANGUAGE,
        address: Address = Address.FORMAL,
        **texts: str,
    ) -> None:
        """Make a wording of texts by name.

        :raises KeyError: there is no text of that name.
        """
        self.language = language
        self.address = address
        self._given = {TEXTS[name].name: text for name, text in texts.items()}

    def __getattr__(self, name: str) -> str:
        """Return a text by its name."""
        if name not in TEXTS:
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> str:
        """Return a text by its name.

        :raises KeyError: there is no text of that name.
        """
        given = self._given.get(name)
        return self.ready_made(name) if given is None else given

    def __eq__(self, other: object) -> bool:
        """Tell whether the other reads the same."""
        return isinstance(other, Wording) and self._key() == other._key()

    def __hash__(self) -> int:
        """Return a number that is equal for wordings that are equal."""
        return hash(str(self._key()))

    def __repr__(self) -> str:
        """Return the wording as it can be made again."""
        return f"Wording({self.language!r}, {self.address}, **{self._given!r})"

    @classmethod
    def from_texts(
        cls,
        texts: Mapping[str, str],
        language: str = DEFAULT_LANGUAGE,
        address: Address = Address.FORMAL,
    ) -> Self:
        """Make a wording of the texts that differ from the ready-made ones.

        Line ends become line feeds and outer white space goes; keys of no text are passed over,
        so that a wording outlives a text that a later version dropped.
        """
        known = {
            name: "\n".join(text.splitlines()).strip()
            for name, text in texts.items()
            if name in TEXTS
        }
        return cls(language, address, **known)

    def ready_made(self, name: str) -> str:
        """Return the text of this language that its owner has not touched."""
        text = TEXTS[name]
        return catalogue(self.language, self.address).text(name, text.english)

    def changed(self, **texts: str) -> "Wording":
        """Return this wording with some texts changed."""
        return Wording(self.language, self.address, **{**self._given, **texts})

    def texts(self) -> dict[str, str]:
        """Return the texts that differ from the ready-made ones, by name."""
        return {name: text for name, text in self._given.items() if text != self.ready_made(name)}

    @property
    def direction(self) -> str:
        """The direction in which the language is written, as HTML names it: ltr or rtl."""
        return direction_of(self.language)

    def check(self) -> None:
        """Refuse a wording that could not be sent.

        :raises UnusableWording: a text is empty, too long, or breaks the line where it must not.
        :raises UnknownMergeField: a text asks for a field that does not exist.
        """
        if not _LANGUAGE.fullmatch(self.language):
            raise UnusableWording(f"“{self.language}” is not a language code such as en or pt-BR.")
        for name, text in TEXTS.items():
            _check_text(name, self[name], text.rule)

    def filled(self, values: Mapping[str, str]) -> "FilledWording":
        """Return this wording with its fields filled, for a page; what has no value stays empty."""
        return FilledWording(self, values)

    def comment_questions(self) -> dict[str, str]:
        """Return the open question by category, and the general one before a score is chosen."""
        return {name: self[f"comment_{name}"] for name in _ASKED}

    def _key(self) -> tuple[str, str, list[tuple[str, str]]]:
        return self.language, self.address.value, sorted(self.texts().items())


class FilledWording:
    """A wording for one reader: each text is filled when it is asked for."""

    __slots__ = ("_values", "_wording")

    def __init__(self, wording: Wording, values: Mapping[str, str]) -> None:
        """Fill a wording with values by the names of their fields."""
        self._wording = wording
        self._values = dict.fromkeys(_KNOWN_FIELDS, "") | dict(values)

    def __getattr__(self, name: str) -> str:
        """Return a text by its name."""
        if name not in TEXTS:
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> str:
        """Return a text by its name.

        :raises KeyError: there is no text of that name.
        """
        return fill_text(self._wording[name], self._values)

    @property
    def language(self) -> str:
        """The language of the texts."""
        return self._wording.language

    @property
    def direction(self) -> str:
        """The direction in which the language is written, as HTML names it: ltr or rtl."""
        return self._wording.direction

    @property
    def wording(self) -> Wording:
        """The wording with its fields open."""
        return self._wording

    def with_values(self, **values: str) -> "FilledWording":
        """Return the same texts with further values filled in."""
        return FilledWording(self._wording, self._values | values)

    def counted(self, name: str, count: int) -> str:
        """Return a phrase of a number in its right plural form, as `Catalogue.counted` does."""
        return catalogue(self._wording.language, self._wording.address).counted(name, count)

    def comment_questions(self) -> dict[str, str]:
        """Return the open question by category, and the general one before a score is chosen."""
        return {name: self[f"comment_{name}"] for name in _ASKED}

    def thank_you(self, category: Category) -> ThankYou:
        """Return what a person of this category reads after answering."""
        return ThankYou(title=self[f"{category.value}_title"], text=self[f"{category.value}_text"])

    def reviews_text(self, category: Category) -> str:
        """Return what stands above the review links; the links are the same for everyone."""
        return self[f"reviews_{category.value}"]


_ASKED = ("general", "promoter", "passive", "detractor")


def text_rules() -> dict[str, TextRule]:
    """Return the rule of every text by its name, in the order a form shows them."""
    return {name: text.rule for name, text in TEXTS.items()}


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
