"""Forms of companies."""

import re
from decimal import Decimal, InvalidOperation

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import InputRequired, Length

from nps_portal.accounts.models import User
from nps_portal.contacts.company_commands import CompanyDetails
from nps_portal.contacts.domains import company_domain
from nps_portal.contacts.models import Company

MOST_REVENUE = Decimal(100_000_000_000)
_DOMAIN = re.compile(r"(?=.{4,253}$)([^\W_]([\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,}")


class CompanyForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """What an owner says about a Company."""

    name = StringField("Name", [InputRequired("Write the name."), Length(max=200)])
    revenue = StringField("Revenue in a year", description="Whole or with cents, as 12000.50.")
    owner_id = SelectField("Who looks after them", coerce=int)
    domains = TextAreaField(
        "Domains of their email addresses",
        description="One a line, as acme.com. New people with such an address join this company.",
    )

    def __init__(self, users: list[User], company: Company | None, domains: list[str]) -> None:
        super().__init__(data=_told(company, domains) if company else None)
        self.owner_id.choices = [(0, "Nobody yet"), *((user.id, user.name) for user in users)]

    def validate_revenue(self, field: StringField) -> None:
        """Refuse what is no amount of money."""
        self._revenue(field.data)

    def validate_domains(self, field: TextAreaField) -> None:
        """Refuse what is no domain of a company's own."""
        for domain in _domains(field.data):
            if not _DOMAIN.fullmatch(domain):
                raise ValidationError(f"«{domain[:80]}» is no domain.")
            if company_domain(f"x@{domain}") is None:
                raise ValidationError(f"Anybody can have an address at {domain}.")

    def to_details(self) -> CompanyDetails:
        """Return what the form says."""
        return CompanyDetails(
            name=" ".join((self.name.data or "").split()),
            revenue=self._revenue(self.revenue.data),
            owner_id=self.owner_id.data or None,
            domains=tuple(dict.fromkeys(_domains(self.domains.data))),
        )

    def _revenue(self, written: str | None) -> Decimal | None:
        bare = re.sub(r"[\s'’_]", "", written or "")
        if not bare:
            return None
        if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", bare):
            bare = bare.replace(",", "")
        elif re.fullmatch(r"\d{1,3}(\.\d{3})+(,\d+)?", bare):
            bare = bare.replace(".", "")
        try:
            amount = Decimal(bare.replace(",", "."))
        except InvalidOperation:
            raise ValidationError("Write a number, as 12000 or 12000.50.") from None
        if not amount.is_finite() or not 0 <= amount <= MOST_REVENUE:
            raise ValidationError("Write an amount from 0 to 100 billion.")
        return amount.quantize(Decimal("0.01"))


def _told(company: Company, domains: list[str]) -> dict[str, object]:
    return {
        "name": company.name,
        "revenue": "" if company.revenue is None else f"{company.revenue:.2f}",
        "owner_id": company.owner_id or 0,
        "domains": "\n".join(domains),
    }


def _domains(written: str | None) -> list[str]:
    words = re.split(r"[\s,;]+", (written or "").lower())
    return [word.rpartition("@")[2].strip(".") for word in words if word.strip("@.")]
