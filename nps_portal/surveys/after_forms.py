"""The form of what a Survey offers after the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, StringField, URLField
from wtforms.validators import Length, ValidationError

from nps_portal.accounts.forms import on_one_line, stripped
from nps_portal.foundation.errors import PortalError
from nps_portal.surveys.commands import AfterAnswer, refuse_reward
from nps_portal.surveys.links import LABEL_LENGTH, MOST_LINKS, ReviewLink, web_address
from nps_portal.surveys.models import Survey


@dataclass(frozen=True, kw_only=True)
class LinkRow:
    """The two fields of a review link."""

    label: Field
    url: Field


def is_web_address(_form: FlaskForm, field: Field) -> None:
    """Refuse what is no address of a page; an empty field is none."""
    try:
        field.data = web_address(field.data) if field.data else ""
    except PortalError as error:
        raise ValidationError(str(error)) from error


class AfterForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """What the thank-you page offers; `after_form` makes it with the fields of the links."""

    survey: Survey

    referral_url = URLField(
        "Address for recommending you",
        [is_web_address],
        [stripped],
        description="A page that a customer can pass on, as in https://acme.example. "
        "Empty: nothing is offered.",
    )
    offers_call = BooleanField(
        "Offer a call", description="“Please call me” makes a task for you, due in two days."
    )
    asks_to_quote = BooleanField(
        "Ask whether their words may be shown to others",
        description="With their name, with initials, or without any name.",
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for both parts of a link, and refuse a reward in its label."""
        good = bool(super().validate(extra_validators))
        for row in self.rows:
            fault = self._fault(row)
            if fault:
                row.label.errors = [*row.label.errors, fault]
                good = False
            if row.label.data and not row.url.data and not row.url.errors:
                row.url.errors = ["Write the address that this link leads to."]
                good = False
        return good

    @property
    def rows(self) -> Sequence[LinkRow]:
        """Return the fields of the links, a row each."""
        return [
            LinkRow(label=self[f"label_{place}"], url=self[f"url_{place}"])
            for place in range(1, MOST_LINKS + 1)
        ]

    @property
    def shown_rows(self) -> Sequence[LinkRow]:
        """Return the rows in use and two more."""
        used = [
            place for place, row in enumerate(self.rows, start=1) if row.url.data or row.label.data
        ]
        return self.rows[: max(used, default=0) + 2]

    def to_offers(self) -> AfterAnswer:
        """Return what the fields hold."""
        return AfterAnswer(
            review_links=[
                ReviewLink(label=row.label.data, url=row.url.data)
                for row in self.rows
                if row.url.data
            ],
            referral_url=self.referral_url.data or "",
            offers_call=self.offers_call.data,
            asks_to_quote=self.asks_to_quote.data,
        )

    def _fault(self, row: LinkRow) -> str:
        if row.url.data and not row.label.data:
            return "Give this link a name, as in Google."
        try:
            refuse_reward(row.label.data or "", self.survey.language)
        except PortalError as error:
            return str(error)
        return ""


def after_form(survey: Survey) -> AfterForm:
    """Return the form of a Survey, filled with what is in force."""
    fields: dict[str, Any] = {}
    values: dict[str, object] = {
        "referral_url": survey.referral_url,
        "offers_call": survey.offers_call,
        "asks_to_quote": survey.asks_to_quote,
    }
    links = [*survey.review_links, *({} for _ in range(MOST_LINKS))][:MOST_LINKS]
    for place, link in enumerate(links, start=1):
        fields[f"label_{place}"] = StringField(
            f"Name of link {place}",
            [Length(max=LABEL_LENGTH, message=f"At most {LABEL_LENGTH} characters.")],
            [on_one_line],
        )
        fields[f"url_{place}"] = URLField(f"Address of link {place}", [is_web_address], [stripped])
        values |= {
            f"label_{place}": link.get("label", ""),
            f"url_{place}": link.get("url", ""),
        }
    # WTForms takes a form's fields from its class, so they cannot be added to an object.
    form = type("FilledAfterForm", (AfterForm,), fields)
    filled = cast(AfterForm, form(data=values))
    filled.survey = survey
    return filled
