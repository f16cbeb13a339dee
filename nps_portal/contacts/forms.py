"""Forms of contacts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from babel import Locale
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import InputRequired, Length
from wtforms.widgets import DateInput, NumberInput

from nps_portal.accounts.models import User
from nps_portal.accounts.zones import zones_of_places
from nps_portal.contacts.commands import ContactDetails
from nps_portal.contacts.models import ConsentBasis, Contact, Property, PropertyKind, PropertyValue
from nps_portal.contacts.tags import BadTag, tags_in
from nps_portal.contacts.values import BadValue, Habits, Value, one_line, parse_value
from nps_portal.contacts.written_dates import NotADay, read_day
from nps_portal.foundation.addresses import BadEmail, parse_email

LANGUAGES = (
    *("bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "hr", "hu", "it", "ja", "lt"),
    *("lv", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "tr", "uk", "zh"),
)
CONSENT_WORDS = {
    ConsentBasis.CONSENT: "They have agreed",
    ConsentBasis.CONTRACT: "We have a contract",
    ConsentBasis.LEGITIMATE_INTEREST: "Legitimate interest",
}
# What a number field of a browser sends, in whatever way it shows it.
_BROWSER = Habits(decimal_mark=".")


@dataclass(frozen=True, kw_only=True)
class FormMatter:
    """What the form of a Contact is made of: the account's properties and Users, and what of the
    Contact stands in other tables."""

    properties: Sequence[Property] = ()
    users: Sequence[User] = ()
    values: Mapping[int, PropertyValue] = field(default_factory=dict)
    tags: Sequence[str] = ()


class ContactForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """What an owner says about a Contact."""

    email = StringField("Email", [InputRequired("Write the email address.")])
    name = StringField("Name", [Length(max=200)])
    first_name = StringField("First name", [Length(max=200)])
    company = StringField("Company", [Length(max=200)])
    decides = BooleanField("Decides what is bought")
    pays = BooleanField("Pays the invoices")
    uses = BooleanField("Uses what is bought")
    owner_id = SelectField("Looked after by", default="")
    consent_basis = SelectField("May be written to because", default="")
    consent_on = StringField("Since", widget=DateInput())
    language = SelectField("Language", default="")
    time_zone = StringField("Time zone")
    tags = StringField("Tags")

    matter: FormMatter
    contact: Contact | None

    def validate_email(self, field: StringField) -> None:
        """Refuse what is not one address that can be written to."""
        try:
            parse_email(field.data or "")
        except BadEmail as fault:
            raise ValidationError(str(fault)) from fault

    def validate_consent_on(self, field: StringField) -> None:
        """Refuse what is no day, and a day of nothing."""
        if not one_line(field.data or ""):
            return
        try:
            read_day(field.data or "")
        except NotADay as fault:
            raise ValidationError(str(fault)) from fault
        if not self.consent_basis.data:
            raise ValidationError("Choose also why they may be written to since then.")

    def validate_time_zone(self, field: StringField) -> None:
        """Refuse a zone that no clock knows; one that an import brought stays."""
        written = one_line(field.data or "")
        known = self.contact.time_zone if self.contact else ""
        if written and written != known and written not in zone_names():
            raise ValidationError("Choose a zone from the list, such as Europe/Vienna.")

    def validate_tags(self, field: StringField) -> None:
        """Refuse a tag that is too long."""
        try:
            tags_in(field.data or "")
        except BadTag as fault:
            raise ValidationError(str(fault)) from fault

    @property
    def property_fields(self) -> list[Field]:
        """Return the fields of the account's own properties."""
        return [self[_name(one)] for one in self.matter.properties]

    def to_details(self) -> ContactDetails:
        """Return what the form says."""
        since = one_line(self.consent_on.data or "")
        basis = self.consent_basis.data
        return ContactDetails(
            email=parse_email(self.email.data or ""),
            name=one_line(self.name.data or ""),
            first_name=one_line(self.first_name.data or ""),
            company=one_line(self.company.data or ""),
            language=self.language.data or "",
            time_zone=one_line(self.time_zone.data or ""),
            owner_id=int(self.owner_id.data) if self.owner_id.data else None,
            consent_basis=ConsentBasis(basis) if basis else None,
            consent_on=read_day(since) if since else None,
            decides=bool(self.decides.data),
            pays=bool(self.pays.data),
            uses=bool(self.uses.data),
            values={one.id: self._value(one) for one in self.matter.properties},
            tags=tuple(tags_in(self.tags.data or "")),
        )

    def _value(self, one: Property) -> Value | None:
        return parse_value(one, self[_name(one)].data or "", _BROWSER)


def contact_form(contact: Contact | None, matter: FormMatter) -> ContactForm:
    """Return the form of a Contact, or of a new one, with a field for each property."""
    fields = {_name(one): _property_field(one) for one in matter.properties}
    form: ContactForm = type("ContactFormOfAccount", (ContactForm,), fields)(
        data=_told(contact, matter)
    )
    form.matter, form.contact = matter, contact
    # What an import brought and the list lacks must survive an edit.
    form.language.choices = _languages(contact.language if contact else "")
    form.owner_id.choices = _owners(contact, matter.users)
    form.consent_basis.choices = [
        SelectChoice("", "Not noted"),
        *(SelectChoice(one.value, words) for one, words in CONSENT_WORDS.items()),
    ]
    return form


@cache
def language_name(code: str) -> str:
    """Return a language's name in English, «German», or its code when it has none."""
    try:
        return Locale.parse(code, sep="-").get_display_name("en") or code
    except ValueError:
        return code
    except LookupError:
        return code


@cache
def zone_names() -> tuple[str, ...]:
    """Return the time zones to choose from."""
    return tuple(zone.name for zone in zones_of_places())


def _name(one: Property) -> str:
    return f"property_{one.id}"


# WTForms has no types for a field that is not bound to a form yet, hence Any.
def _property_field(one: Property) -> Any:
    """Return the field that fits a property's kind."""
    label = f"{one.name} ({one.currency})" if one.currency else one.name
    if one.kind is PropertyKind.YES_NO:
        return SelectField(label, default="", choices=_chosen_from(["yes", "no"]))
    if one.kind is PropertyKind.CHOICE:
        return SelectField(label, default="", choices=_chosen_from(one.choices))

    def fits(_form: FlaskForm, written: StringField) -> None:
        try:
            parse_value(one, written.data or "", _BROWSER)
        except BadValue as fault:
            raise ValidationError(str(fault)) from fault

    widgets = {
        PropertyKind.NUMBER: NumberInput(step="any"),
        PropertyKind.MONEY: NumberInput(step="any"),
        PropertyKind.DATE: DateInput(),
    }
    return StringField(label, [fits], widget=widgets.get(one.kind))


def _chosen_from(values: Sequence[str]) -> list[Any]:
    return [SelectChoice("", "Not known"), *(SelectChoice(one, _shown(one)) for one in values)]


def _shown(value: str) -> str:
    return {"yes": "Yes", "no": "No"}.get(value, value)


def _told(contact: Contact | None, matter: FormMatter) -> dict[str, Any]:
    if contact is None:
        return {}
    return {
        "email": contact.email,
        "name": contact.name,
        "first_name": contact.first_name,
        "company": contact.company_name,
        "decides": contact.decides,
        "pays": contact.pays,
        "uses": contact.uses,
        "owner_id": str(contact.owner_id or ""),
        "consent_basis": contact.consent_basis.value if contact.consent_basis else "",
        "consent_on": contact.consent_on.isoformat() if contact.consent_on else "",
        "language": contact.language,
        "time_zone": contact.time_zone,
        "tags": ", ".join(matter.tags),
        **{f"property_{one}": value.text for one, value in matter.values.items()},
    }


# WTForms 3.3 has a class for choices that its type stubs do not know yet, hence Any.
def _languages(stored: str) -> list[Any]:
    named = sorted((language_name(code), code) for code in {*LANGUAGES, stored} - {""})
    return [
        SelectChoice("", "Not known"),
        *(SelectChoice(code, words) for words, code in named),
    ]


def _owners(contact: Contact | None, users: Sequence[User]) -> list[Any]:
    named = {str(user.id): user.name for user in users}
    if contact and contact.owner_id and str(contact.owner_id) not in named:
        named[str(contact.owner_id)] = "Somebody who has left"
    return [SelectChoice("", "Nobody"), *(SelectChoice(one, name) for one, name in named.items())]
