"""Forms of contacts."""

from functools import cache
from typing import Any

from babel import Locale
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import InputRequired, Length

from nps_portal.contacts.commands import ContactDetails
from nps_portal.contacts.models import Contact
from nps_portal.foundation.addresses import BadEmail, parse_email

LANGUAGES = (
    *("bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "hr", "hu", "it", "ja", "lt"),
    *("lv", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "tr", "uk", "zh"),
)


class ContactForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """What an owner says about a Contact."""

    email = StringField("Email", [InputRequired("Write the email address.")])
    name = StringField("Name", [Length(max=200)])
    first_name = StringField("First name", [Length(max=200)])
    company = StringField("Company", [Length(max=200)])
    language = SelectField("Language")

    def __init__(self, contact: Contact | None = None) -> None:
        super().__init__(data=_told(contact) if contact else None)
        stored = contact.language if contact else ""
        # A language that an import brought and the list lacks must survive an edit.
        self.language.choices = _choices(stored)

    def validate_email(self, field: StringField) -> None:
        """Refuse what is not one address that can be written to."""
        try:
            parse_email(field.data or "")
        except BadEmail as fault:
            raise ValidationError(str(fault)) from fault

    def to_details(self, time_zone: str = "") -> ContactDetails:
        """Return what the form says; the time zone is not in it and stays as it is."""
        return ContactDetails(
            email=parse_email(self.email.data or ""),
            name=_one_line(self.name.data),
            first_name=_one_line(self.first_name.data),
            company=_one_line(self.company.data),
            language=self.language.data or "",
            time_zone=time_zone,
        )


def _told(contact: Contact) -> dict[str, str]:
    return {
        "email": contact.email,
        "name": contact.name,
        "first_name": contact.first_name,
        "company": contact.company_name,
        "language": contact.language,
    }


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


# WTForms 3.3 has a class for choices that its type stubs do not know yet, hence Any.
def _choices(stored: str) -> list[Any]:
    named = sorted((_language(code), code) for code in {*LANGUAGES, stored} - {""})
    return [
        SelectChoice("", "Not known"),
        *(SelectChoice(code, words) for words, code in named),
    ]


@cache
def _language(code: str) -> str:
    """Return a language's name in English, «German», or its code when it has none."""
    try:
        return Locale.parse(code, sep="-").get_display_name("en") or code
    except ValueError:
        return code
    except LookupError:
        return code
