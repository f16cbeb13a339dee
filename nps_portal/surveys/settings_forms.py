"""The forms of a Survey's settings, one matter each."""

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, Field, IntegerField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import InputRequired, NumberRange, ValidationError
from wtforms.widgets import ColorInput

from nps_portal.foundation.languages import LANGUAGES, Address
from nps_portal.surveys.colours import is_colour
from nps_portal.surveys.commands import (
    CountingRules,
    OpenDoors,
    ReaderLanguage,
    ReminderRules,
)
from nps_portal.surveys.logos import MOST_BYTES_IN
from nps_portal.surveys.models import CountingMode, ReminderMode, Survey


def as_colour(text: str | None) -> str:
    """Return a colour as #rrggbb where it was typed as 2F5FD0, #28d or the like."""
    digits = (text or "").strip().lower().removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    return f"#{digits}" if digits else ""


def is_a_colour(_form: FlaskForm, field: Field) -> None:
    """Refuse what is no colour."""
    if not is_colour(field.data or ""):
        raise ValidationError("Write the colour as six digits after a #, as in #2f5fd0.")


class LookForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """A Survey's colour, picked or typed."""

    picked = StringField(
        "Pick a colour",
        [InputRequired("Pick a colour."), is_a_colour],
        [as_colour],
        widget=ColorInput(),
    )
    accent_colour = StringField(
        "Or type its code", [InputRequired("Write a colour."), is_a_colour], [as_colour]
    )

    def to_colour(self, stored: str) -> str:
        """Return the colour that was changed; without scripts the two fields do not agree."""
        typed = str(self.accent_colour.data)
        return typed if typed != stored else str(self.picked.data)


class LogoForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """A picture for the head of emails and pages."""

    logo = FileField(
        "Picture",
        [InputRequired("Choose a picture first.")],
        description="PNG, JPEG, WebP or GIF, at most 2 MB. It is made to fit 240 by 64 pixels, "
        "and nothing but its pixels is kept.",
    )

    def to_data(self) -> bytes:
        """Return what was uploaded, no more of it than tells that it is too large."""
        data: bytes = self.logo.data.read(MOST_BYTES_IN + 1)
        return data


class LanguageForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """The language of customers who have none, and how all are addressed."""

    language = SelectField(
        "Language of customers who have none",
        [InputRequired("Choose a language.")],
        choices=[SelectChoice(one.code, f"{one.own_name} ({one.english})") for one in LANGUAGES],
        description="A contact's own language goes before it, and every page lets them choose.",
    )
    address = RadioField(
        "How you speak to customers",
        [InputRequired("Choose one.")],
        choices=[
            SelectChoice(Address.FORMAL.value, "Formal, as in “Sie” and “vous”"),
            SelectChoice(Address.INFORMAL.value, "Informal, as in “du” and “tu”"),
        ],
        description="For languages that have both. Texts that you have changed stay as they are.",
    )

    @classmethod
    def of(cls, survey: Survey) -> "LanguageForm":
        """Return the form with what is in force."""
        return cls(data={"language": survey.language, "address": survey.address.value})

    def to_choice(self) -> ReaderLanguage:
        """Return what the fields hold."""
        return ReaderLanguage(language=self.language.data, address=Address(self.address.data))


class ReminderForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """Who is reminded, and when."""

    reminder = RadioField(
        "Who gets a reminder",
        [InputRequired("Choose one.")],
        choices=[
            SelectChoice(ReminderMode.NOBODY.value, "Nobody"),
            SelectChoice(ReminderMode.CLICKED.value, "Those who chose a number and did not send"),
            SelectChoice(ReminderMode.EVERYBODY.value, "Everybody who has not answered"),
        ],
    )
    reminder_days = IntegerField(
        "After how many working days",
        [
            InputRequired("Write a number of days."),
            NumberRange(1, 14, "Write a number from 1 to 14."),
        ],
    )

    @classmethod
    def of(cls, survey: Survey) -> "ReminderForm":
        """Return the form with what is in force."""
        return cls(data={"reminder": survey.reminder.value, "reminder_days": survey.reminder_days})

    def to_rules(self) -> ReminderRules:
        """Return what the fields hold."""
        return ReminderRules(
            reminder=ReminderMode(self.reminder.data), reminder_days=self.reminder_days.data or 0
        )


class CountingForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """Which answers are in the score, and how machines are told apart."""

    counting = RadioField(
        "What counts as an answer",
        [InputRequired("Choose one.")],
        choices=[
            SelectChoice(
                CountingMode.SUBMITTED.value, "Only answers that a person has sent (recommended)"
            ),
            SelectChoice(
                CountingMode.SEEN.value, "Also numbers that a person has chosen and not sent"
            ),
        ],
    )
    hold_minutes = IntegerField(
        "Minutes that a click waits",
        [
            InputRequired("Write a number of minutes."),
            NumberRange(5, 240, "Write a number from 5 to 240."),
        ],
        description="So long a chosen number waits for what machines do after it. "
        "30 is a good beginning.",
    )
    delivery_seconds = IntegerField(
        "Seconds after delivery that look like a machine",
        [
            InputRequired("Write a number of seconds; 0 switches the sign off."),
            NumberRange(0, 900, "Write a number from 0 to 900."),
        ],
        description="Scanners open links as soon as the email arrives; hardly any person reads "
        "so fast. It is one sign among several. 10 is a good beginning.",
    )
    decoy_link = BooleanField(
        "Hide a link in the email that only machines open",
        description="It catches the scanners that open every link. Hidden text costs a little "
        "with some spam filters; switch it off if your emails land in spam.",
    )

    @classmethod
    def of(cls, survey: Survey) -> "CountingForm":
        """Return the form with what is in force."""
        return cls(
            data={
                "counting": survey.counting.value,
                "hold_minutes": survey.hold_minutes,
                "delivery_seconds": survey.delivery_seconds,
                "decoy_link": survey.decoy_link,
            }
        )

    def to_rules(self) -> CountingRules:
        """Return what the fields hold."""
        return CountingRules(
            counting=CountingMode(self.counting.data),
            hold_minutes=self.hold_minutes.data or 0,
            delivery_seconds=self.delivery_seconds.data or 0,
            decoy_link=self.decoy_link.data,
        )


class DoorsForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """By which ways besides the email a Survey can be answered."""

    link_is_open = BooleanField(
        "The public link",
        description="For a till, an invoice, a QR code: whoever has it can answer.",
    )
    kiosk_is_open = BooleanField(
        "The tablet",
        description="For a tablet that stands with you; it begins anew after each person.",
    )
    widget_is_open = BooleanField(
        "The website", description="For a small window on the pages of your website."
    )

    def to_doors(self) -> OpenDoors:
        """Return what the fields hold."""
        return OpenDoors(
            link_is_open=self.link_is_open.data,
            kiosk_is_open=self.kiosk_is_open.data,
            widget_is_open=self.widget_is_open.data,
        )
