"""Forms of properties: a new one, another name, other choices, another kind."""

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import InputRequired, Length

from nps_portal.contacts.models import Property, PropertyKind
from nps_portal.contacts.properties import LONGEST_NAME, PropertySpec
from nps_portal.contacts.property_changes import MOST_CHOICES, ChoiceChange
from nps_portal.contacts.reserved_names import is_reserved
from nps_portal.contacts.values import key_of, one_line
from nps_portal.contacts.written_numbers import CURRENCIES

KIND_WORDS = {
    PropertyKind.TEXT: "Text",
    PropertyKind.NUMBER: "Number",
    PropertyKind.MONEY: "Money",
    PropertyKind.DATE: "Date",
    PropertyKind.YES_NO: "Yes or no",
    PropertyKind.CHOICE: "Choice from a list",
}
_REQUIRED_NAME = [InputRequired("Write a name."), Length(max=LONGEST_NAME)]


def _refuse_reserved(_form: FlaskForm, field: StringField) -> None:
    if is_reserved(field.data or ""):
        raise ValidationError(
            "Every contact has this already. A file with such a column would be read as that: "
            "choose another name."
        )


# WTForms 3.3 has a class for choices that its type stubs do not know yet, hence Any.
def _kinds() -> list[Any]:
    return [SelectChoice(kind.value, words) for kind, words in KIND_WORDS.items()]


def _currencies() -> list[Any]:
    return [SelectChoice("", "Not said"), *(SelectChoice(code, code) for code in CURRENCIES)]


class PropertyNameForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """The name of a property."""

    name = StringField("Name", [*_REQUIRED_NAME, _refuse_reserved])


class PropertyKindForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """What a property holds."""

    kind = SelectField("It holds", [InputRequired("Choose one.")], choices=_kinds())
    currency = SelectField("Currency", default="", choices=_currencies())

    def to_spec(self, name: str) -> PropertySpec:
        """Return the property that is wished."""
        kind = PropertyKind(self.kind.data)
        currency = self.currency.data if kind is PropertyKind.MONEY else ""
        return PropertySpec(name=name, kind=kind, currency=currency)


class NewPropertyForm(PropertyKindForm):
    """A new property."""

    name = StringField("Name", [*_REQUIRED_NAME, _refuse_reserved])
    choices = TextAreaField("Choices")

    def validate_choices(self, field: TextAreaField) -> None:
        """Ask for the choices of a choice."""
        if self.kind.data != PropertyKind.CHOICE.value:
            return
        lines = _lines(field.data)
        if not lines:
            raise ValidationError("Write what there is to choose from, one on each line.")
        _refuse_bad_choices(lines)

    def to_new(self) -> PropertySpec:
        """Return the property that is wished, with its choices."""
        kind = PropertyKind(self.kind.data)
        choices = _lines(self.choices.data) if kind is PropertyKind.CHOICE else []
        wished = self.to_spec(one_line(self.name.data or ""))
        return PropertySpec(
            name=wished.name, kind=kind, choices=tuple(choices), currency=wished.currency
        )


class ChoicesForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """The choices of a property: one field for each, and one for further ones."""

    added = TextAreaField("Further choices")
    known: Sequence[str]

    def validate_added(self, field: TextAreaField) -> None:
        """Refuse what is too long or too much, and a choice that has nothing left."""
        spelled = [one_line(one.data or "") for one in self.choice_fields]
        lines = [one for one in [*spelled, *_lines(field.data)] if one]
        if not lines:
            raise ValidationError("Leave at least one choice.")
        _refuse_bad_choices(lines)

    @property
    def choice_fields(self) -> list[Any]:
        """Return the fields of the known choices."""
        return [self[f"choice_{number}"] for number in range(len(self.known))]

    def to_change(self) -> ChoiceChange:
        """Return what becomes of the choices."""
        spelled = (one_line(one.data or "") for one in self.choice_fields)
        return ChoiceChange(
            renamed=dict(zip(self.known, spelled, strict=True)), added=_lines(self.added.data)
        )


def choices_form(changed: Property) -> ChoicesForm:
    """Return the form of a property's choices."""
    known = tuple(changed.choices)
    fields = {
        f"choice_{number}": StringField(choice, [Length(max=LONGEST_NAME)], default=choice)
        for number, choice in enumerate(known)
    }
    form: ChoicesForm = type("ChoicesFormOfProperty", (ChoicesForm,), fields)()
    form.known = known
    return form


def _refuse_bad_choices(choices: Sequence[str]) -> None:
    if any(len(choice) > LONGEST_NAME for choice in choices):
        raise ValidationError(f"A choice has at most {LONGEST_NAME} characters.")
    if len({key_of(choice) for choice in choices}) > MOST_CHOICES:
        raise ValidationError(f"There can be {MOST_CHOICES} choices at most.")


def _lines(text: str | None) -> list[str]:
    return [line for written in (text or "").splitlines() if (line := one_line(written))]
