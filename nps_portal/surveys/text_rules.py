"""How a text of a survey is declared: its name, its English words, and what fits its place."""

from collections.abc import Sequence
from dataclasses import dataclass

from nps_portal.foundation.merging import MERGE_FIELDS

SUBJECT_LENGTH = 150
LINE_LENGTH = 300
PARAGRAPHS_LENGTH = 3000
BUTTON_LENGTH = 60

SCORED_FIELDS = MERGE_FIELDS | {"score"}
DATED_FIELDS = MERGE_FIELDS | {"date"}


@dataclass(frozen=True, kw_only=True)
class TextRule:
    """What a text must be like to fit its place; without `lines` it may have paragraphs."""

    length: int = LINE_LENGTH
    lines: int | None = 1
    required: bool = True
    merge_fields: frozenset[str] = MERGE_FIELDS


@dataclass(frozen=True, kw_only=True)
class Text:
    """One text: its name in the house, what an owner reads beside it, its English words, its rule.

    Name and English words together are its key in the catalogues.
    """

    name: str
    label: str
    english: str
    rule: TextRule


@dataclass(frozen=True, kw_only=True)
class TextGroup:
    """Texts that stand together on a page of the admin; `key` names that page's address."""

    key: str
    title: str
    note: str
    texts: Sequence[Text]


def line(
    name: str,
    label: str,
    english: str,
    *,
    required: bool = True,
    fields: frozenset[str] | None = None,
) -> Text:
    """Declare a text of one line."""
    rule = TextRule(required=required, merge_fields=fields or MERGE_FIELDS)
    return Text(name=name, label=label, english=english, rule=rule)


def short(name: str, label: str, english: str, length: int = BUTTON_LENGTH) -> Text:
    """Declare a text for a button, a label or another narrow place."""
    return Text(name=name, label=label, english=english, rule=TextRule(length=length))


def paragraphs(
    name: str,
    label: str,
    english: str,
    *,
    required: bool = False,
    length: int = PARAGRAPHS_LENGTH,
    fields: frozenset[str] | None = None,
) -> Text:
    """Declare a text of as many lines as its owner likes."""
    rule = TextRule(
        length=length, lines=None, required=required, merge_fields=fields or MERGE_FIELDS
    )
    return Text(name=name, label=label, english=english, rule=rule)
