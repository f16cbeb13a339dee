"""Forms of imports: a file or a pasted table, and what each of its columns becomes."""

import hashlib
import io
from collections.abc import Sequence
from typing import Any, BinaryIO

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import FieldList, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import InputRequired, Length

from nps_portal.contacts.models import PropertyKind
from nps_portal.contacts.properties import PropertySpec, property_key
from nps_portal.contacts.upserting import UpdateRule
from nps_portal.imports.commands import Choice, read_tags
from nps_portal.imports.mapping import BadMapping, Field, Mapping
from nps_portal.imports.tables import MOST_COLUMNS

FIELD_WORDS = {
    Field.EMAIL: "Email",
    Field.SECOND_EMAIL: "Email, where the first is empty",
    Field.NAME: "Name",
    Field.FIRST_NAME: "First name",
    Field.LAST_NAME: "Last name",
    Field.COMPANY: "Company",
    Field.LANGUAGE: "Language",
    Field.TIME_ZONE: "Time zone",
    Field.OPTED_OUT: "Has unsubscribed",
    Field.BOUNCED: "Address does not work",
    Field.OPTED_IN: "May be written to (yes/no)",
    Field.REMOVED: "Is gone: leave out",
    Field.TAGS: "Tags",
    Field.OWNER: "Owner (colleague)",
    Field.DECIDES: "Decides (yes/no)",
    Field.PAYS: "Pays (yes/no)",
    Field.USES: "Uses it (yes/no)",
    Field.CONSENT_BASIS: "Consent basis",
    Field.CONSENT_ON: "Consent date",
}
KIND_WORDS = {
    PropertyKind.TEXT: "text",
    PropertyKind.NUMBER: "number",
    PropertyKind.MONEY: "money",
    PropertyKind.DATE: "date",
    PropertyKind.YES_NO: "yes/no",
    PropertyKind.CHOICE: "choice",
}
RULE_WORDS = {
    UpdateRule.FILL: "Fill their gaps, and keep what is there",
    UpdateRule.OVERWRITE: "Overwrite what the file says otherwise",
    UpdateRule.KEEP: "Leave them as they are",
}
_NEW = "new:"
_KNOWN = "property:"


class UploadForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """A file, or a table copied from a spreadsheet."""

    file = FileField("File")
    pasted = TextAreaField("Or paste rows from a spreadsheet")

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        for field in (self.file, self.pasted):
            # One of the two is needed, so the page must not call either optional.
            field.flags.required = True

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for one of the two."""
        usable = bool(super().validate(extra_validators))
        if usable and not self.file.data and not (self.pasted.data or "").strip():
            self.file.errors = ["Choose a file, or paste rows below."]
            return False
        return usable

    def to_file(self) -> tuple[BinaryIO, str]:
        """Return what the form brings and how it is called; a file goes before pasted rows."""
        if self.file.data:
            return self.file.data.stream, self.file.data.filename or ""
        return io.BytesIO((self.pasted.data or "").encode()), "pasted rows"


class MappingForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """What each column becomes, the rule, and tags for all.

    `previewed` is the choice that the page's preview stands on.
    """

    columns = FieldList(SelectField("Becomes", validate_choice=False), max_entries=MOST_COLUMNS)
    rule = RadioField(
        "People who are contacts already",
        choices=[SelectChoice(rule.value, words) for rule, words in RULE_WORDS.items()],
        default=UpdateRule.FILL.value,
        validators=[InputRequired()],
    )
    tags = StringField("Tag everybody in this file with", validators=[Length(max=400)])
    previewed = HiddenField()

    @classmethod
    def showing(cls, choice: Choice, known: Sequence[PropertySpec]) -> "MappingForm":
        """Return the form that shows a choice and its preview."""
        mapping = choice.mapping
        form = cls(
            formdata=None,
            columns=[
                _chosen(mapping.choice_of(index), known) for index in range(len(mapping.headers))
            ],
            rule=choice.rule.value,
            tags=", ".join(choice.tags),
        )
        form.previewed.data = form.choice_mark
        return form

    def offer(self, guessed: Sequence[PropertySpec], known: Sequence[PropertySpec]) -> None:
        """Offer for each column the fields, the properties, and a new one of its name."""
        for entry, spec in zip(self.columns, guessed, strict=True):
            entry.choices = _choices(spec, known)

    @property
    def choice_mark(self) -> str:
        """Return what stands for all that was chosen, to tell whether the page has shown it."""
        chosen = [entry.data or "" for entry in self.columns]
        text = "\x1f".join([*chosen, self.rule.data or "", self.tags.data or ""])
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def is_previewed(self) -> bool:
        """Tell whether the page has shown what this very choice would bring."""
        return bool(self.previewed.data == self.choice_mark)

    def to_choice(
        self,
        headers: Sequence[str],
        guessed: Sequence[PropertySpec],
        known: Sequence[PropertySpec],
    ) -> Choice:
        """Return what was chosen.

        :raises BadMapping: two columns for one thing, no column for the email, or a bad tag.
        """
        chosen = {
            index: _meant(entry.data or "", guessed[index], known)
            for index, entry in enumerate(self.columns)
        }
        return Choice(
            mapping=Mapping.from_choices(headers, chosen),
            rule=UpdateRule(self.rule.data),
            tags=read_tags(self.tags.data or ""),
        )


def _choices(guessed: PropertySpec, known: Sequence[PropertySpec]) -> list[Any]:
    offered = [
        SelectChoice("", "Not imported"),
        *(SelectChoice(one.value, words, optgroup="Fields") for one, words in FIELD_WORDS.items()),
        *(
            SelectChoice(f"{_KNOWN}{property_key(one.name)}", one.name, optgroup="Your properties")
            for one in known
        ),
    ]
    if property_key(guessed.name) in {property_key(one.name) for one in known}:
        return offered
    # What the cells look like stands first.
    kinds = sorted(KIND_WORDS, key=lambda kind: kind is not guessed.kind)
    return offered + [
        SelectChoice(
            f"{_NEW}{kind.value}",
            f"New property «{guessed.name}»: {KIND_WORDS[kind]}",
            optgroup="A property of its own",
        )
        for kind in kinds
        if kind is not PropertyKind.CHOICE or guessed.kind is PropertyKind.CHOICE
    ]


def _chosen(choice: Field | PropertySpec | None, known: Sequence[PropertySpec]) -> str:
    if choice is None:
        return ""
    if isinstance(choice, Field):
        return choice.value
    key = property_key(choice.name)
    is_known = key in {property_key(one.name) for one in known}
    return f"{_KNOWN}{key}" if is_known else f"{_NEW}{choice.kind.value}"


def _meant(
    chosen: str, guessed: PropertySpec, known: Sequence[PropertySpec]
) -> Field | PropertySpec | None:
    if not chosen:
        return None
    if chosen.startswith(_KNOWN):
        key = chosen.removeprefix(_KNOWN)
        for one in known:
            if property_key(one.name) == key:
                return one
        raise BadMapping("A property that you have chosen was deleted meanwhile. Choose again.")
    try:
        if not chosen.startswith(_NEW):
            return Field(chosen)
        kind = PropertyKind(chosen.removeprefix(_NEW))
    except ValueError as fault:
        raise BadMapping("Choose what each column becomes.") from fault
    is_guessed = kind is guessed.kind
    return PropertySpec(
        name=guessed.name,
        kind=kind,
        choices=guessed.choices if is_guessed else (),
        currency=guessed.currency,
    )
