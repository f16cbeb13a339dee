"""The forms of a Survey: its texts, and how often it may be asked."""

from dataclasses import dataclass
from typing import Any, cast

from flask_wtf import FlaskForm
from wtforms import Field, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from nps_portal.foundation.errors import PortalError
from nps_portal.surveys.commands import Cadence
from nps_portal.surveys.models import Survey
from nps_portal.surveys.wording import LINE_LENGTH, TextRule, Wording, text_rules


@dataclass(frozen=True, kw_only=True)
class TextGroup:
    """Texts that stand together, with their labels by name."""

    title: str
    note: str
    labels: dict[str, str]


GROUPS = (
    TextGroup(
        title="The email",
        note="What stands around the question.",
        labels={
            "subject": "Subject",
            "greeting": "Greeting",
            "greeting_without_name": "Greeting when no name is known",
            "introduction": "Introduction",
            "after_scale": "Below the numbers",
            "signature_name": "Signature",
            "signature_role": "Second line of the signature",
            "reason": "Why they receive it",
            "unsubscribe": "Words of the unsubscribe link",
        },
    ),
    TextGroup(
        title="The question",
        note="The same in the email and on the survey page.",
        labels={
            "question": "Question",
            "low_anchor": "Beside 0",
            "high_anchor": "Beside 10",
        },
    ),
    TextGroup(
        title="The survey page",
        note="One open question, which fits the score that was chosen.",
        labels={
            "comment_promoter": "Open question after 9 or 10",
            "comment_passive": "Open question after 7 or 8",
            "comment_detractor": "Open question after 0 to 6",
            "comment_general": "Open question before a score is chosen",
            "comment_help": "Below the open question",
            "button": "Button",
            "note": "Below the button",
            "answered_text": "For those who have answered already",
            "answered_help": "Above their comment",
            "late_text": "For those who come late",
            "again_text": "When the page was open for too long",
        },
    ),
    TextGroup(
        title="The thank-you pages",
        note="Words may differ by score; what you ask of people may not.",
        labels={
            "promoter_title": "Heading after 9 or 10",
            "promoter_text": "Text after 9 or 10",
            "passive_title": "Heading after 7 or 8",
            "passive_text": "Text after 7 or 8",
            "detractor_title": "Heading after 0 to 6",
            "detractor_text": "Text after 0 to 6",
            "change": "Words of the link to change the answer",
        },
    ),
)


@dataclass(frozen=True, kw_only=True)
class FieldGroup:
    """The fields of one group of texts."""

    title: str
    note: str
    fields: tuple[Field, ...]


class WordingForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """The texts of a Survey, one field each; `wording_form` makes it with its fields."""

    def validate(self, extra_validators: Any = None) -> bool:
        """Judge each text alone, so that every fault stands beside its field."""
        good = bool(super().validate(extra_validators))
        for name in text_rules():
            try:
                self._alone(name).check()
            except PortalError as error:
                self[name].errors = [str(error)]
                good = False
        return good

    def to_wording(self) -> Wording:
        """Return the wording that the fields hold; a needed text that is empty is the default."""
        return Wording.from_texts({name: self._text(name) for name in text_rules()})

    @property
    def groups(self) -> list[FieldGroup]:
        """Return the fields as the page shows them."""
        return [
            FieldGroup(
                title=group.title,
                note=group.note,
                fields=tuple(self[name] for name in group.labels),
            )
            for group in GROUPS
        ]

    def _alone(self, name: str) -> Wording:
        return Wording.from_texts({name: self._text(name)})

    def _text(self, name: str) -> str:
        text = str(self[name].data or "")
        if text_rules()[name].lines == 1:
            text = " ".join(text.split())
        if text.strip() or not text_rules()[name].required:
            return text
        return str(getattr(Wording(), name))


class CadenceForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """A Survey's title, and how often one person or company may be asked."""

    title = StringField("Title", validators=[InputRequired("Give it a title."), Length(max=120)])
    days_between = IntegerField(
        "Days between two surveys to one person",
        validators=[
            InputRequired("Write a number of days; 0 switches the rule off."),
            NumberRange(min=0, max=730, message="Choose between 0 and 730 days."),
        ],
    )
    company_weekly_cap = IntegerField(
        "Colleagues of one company in a week",
        validators=[
            InputRequired("Write a number of people; 0 is no limit."),
            NumberRange(min=0, max=100, message="Choose between 0 and 100 people."),
        ],
    )

    def to_cadence(self) -> Cadence:
        """Return the rules that the fields hold."""
        return Cadence(
            days_between=self.days_between.data or 0,
            company_weekly_cap=self.company_weekly_cap.data or 0,
        )


def wording_form(survey: Survey) -> WordingForm:
    """Return the form of a Survey's texts, filled with those in force."""
    fields = {
        name: _field(label, text_rules()[name], getattr(Wording(), name))
        for group in GROUPS
        for name, label in group.labels.items()
    }
    # WTForms takes a form's fields from its class, so they cannot be added to an object.
    form = type("FilledWordingForm", (WordingForm,), fields)
    filled = cast(WordingForm, form(obj=survey.wording()))
    for name, rule in text_rules().items():
        # Not "optional": an emptied one becomes the ready-made text again.
        filled[name].flags.required = rule.required
    return filled


def _field(label: str, rule: TextRule, default: str) -> Any:
    attributes = {"maxlength": rule.length, "placeholder": default}
    if rule.lines == 1 and rule.length < LINE_LENGTH:
        return StringField(label, render_kw=attributes)
    # A question is one line, but too long for a field that shows only one.
    return TextAreaField(label, render_kw=attributes | {"rows": 1 if rule.lines == 1 else 3})
