"""Forms of accounts: signing in, the first owner, one's own name and password."""

from dataclasses import dataclass, field

from flask_wtf import FlaskForm
from wtforms import EmailField, Field, PasswordField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from nps_portal.accounts.passwords import PASSWORD_MINIMUM, WeakPassword, check_password
from nps_portal.accounts.setup_code import setup_code_fits
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.merging import one_line

NAME_LENGTH = 120
EMAIL_LENGTH = 254
LONGEST_INPUT = 1_000
PASSWORD_RULE = (
    f"At least {PASSWORD_MINIMUM} characters. Three or four words that only you would put together "
    "are good; you may paste one from a password manager."
)


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What somebody signs in with."""

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class NewOwner:
    """Who becomes the first owner."""

    name: str
    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class PasswordChange:
    """The present password and the one that shall follow."""

    present: str = field(repr=False)
    new: str = field(repr=False)


def stripped(value: str | None) -> str:
    """Return the text without blanks at its ends."""
    return (value or "").strip()


def on_one_line(value: str | None) -> str:
    """Return the text without line breaks and control characters."""
    return one_line(value or "").strip()


def is_email(_form: FlaskForm, field: Field) -> None:
    """Refuse a field that holds no address; keep the one it holds without its wrapping."""
    try:
        field.data = parse_email(field.data or "").email
    except PortalError as error:
        raise ValidationError(str(error)) from error


def protects(_form: FlaskForm, field: Field) -> None:
    """Refuse a password that does not protect."""
    try:
        check_password(field.data or "")
    except WeakPassword as error:
        raise ValidationError(str(error)) from error


class SignInForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """An address and a password; whether they fit is not judged here."""

    email = EmailField(
        "Email", [InputRequired("Enter your email address."), Length(max=LONGEST_INPUT)], [stripped]
    )
    password = PasswordField(
        "Password", [InputRequired("Enter your password."), Length(max=LONGEST_INPUT)]
    )

    def to_credentials(self) -> Credentials:
        """Return what was entered."""
        return Credentials(email=self.email.data or "", password=self.password.data or "")


class OwnerForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """The first owner, with the set-up code where strangers can reach the page."""

    code = StringField(
        "Set-up code",
        [InputRequired("Enter the set-up code.")],
        [stripped],
        description="It stands in the output of the portal's start, on the machine it runs on.",
    )
    name = StringField(
        "Your name", [InputRequired("Enter your name."), Length(max=NAME_LENGTH)], [on_one_line]
    )
    email = EmailField(
        "Email",
        [InputRequired("Enter your email address."), Length(max=EMAIL_LENGTH), is_email],
        [stripped],
        description="You sign in with it, and the portal writes to you there.",
    )
    password = PasswordField(
        "Password",
        [
            InputRequired("Choose a password."),
            protects,
        ],
        description=PASSWORD_RULE,
    )

    def validate_code(self, field: StringField) -> None:
        """Refuse a wrong set-up code."""
        if not setup_code_fits(field.data or ""):
            raise ValidationError("This is not the set-up code of this portal.")

    def to_owner(self) -> NewOwner:
        """Return who becomes the owner."""
        return NewOwner(
            name=self.name.data or "",
            email=self.email.data or "",
            password=self.password.data or "",
        )


class NameForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """One's own name."""

    name = StringField(
        "Your name", [InputRequired("Enter your name."), Length(max=NAME_LENGTH)], [on_one_line]
    )

    def to_name(self) -> str:
        """Return the name."""
        return self.name.data or ""


class PasswordForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """The present password and the new one."""

    present = PasswordField(
        "Present password",
        [InputRequired("Enter your present password."), Length(max=LONGEST_INPUT)],
    )
    new = PasswordField(
        "New password",
        [
            InputRequired("Choose a password."),
            protects,
        ],
        description=PASSWORD_RULE,
    )

    def to_change(self) -> PasswordChange:
        """Return both passwords."""
        return PasswordChange(present=self.present.data or "", new=self.new.data or "")
