"""The forms of a Survey: its texts in one language, and how often it may be asked."""

from typing import Any, cast

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, IntegerField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from nps_portal.foundation.errors import PortalError
from nps_portal.surveys.commands import Cadence, refuse_rewards
from nps_portal.surveys.models import Survey
from nps_portal.surveys.text_rules import LINE_LENGTH, TextGroup, TextRule
from nps_portal.surveys.wording import TEXTS, Wording


class TextsForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """A group of texts in one language, one field each; `texts_form` makes it with its fields."""

    wording: Wording
    group: TextGroup

    def validate(self, extra_validators: Any = None) -> bool:
        """Judge each text alone, so that every fault stands beside its field."""
        good = bool(super().validate(extra_validators))
        for name, text in self.to_texts().items():
            alone = Wording(self.wording.language, self.wording.address, **{name: text})
            try:
                alone.check()
                refuse_rewards(alone)
            except PortalError as error:
                self[name].errors = [str(error)]
                good = False
        return good

    def to_texts(self) -> dict[str, str]:
        """Return the texts that the fields hold; a needed one that is empty is the ready-made."""
        return {text.name: self._text(text.name) for text in self.group.texts}

    def to_wording(self) -> Wording:
        """Return the whole wording with these texts in it."""
        return self.wording.changed(**self.to_texts())

    @property
    def fields(self) -> list[Field]:
        """Return the fields as the page shows them."""
        return [self[text.name] for text in self.group.texts]

    def _text(self, name: str) -> str:
        text = "\n".join(str(self[name].data or "").splitlines()).strip()
        if TEXTS[name].rule.lines == 1:
            text = " ".join(text.split())
        if text or not TEXTS[name].rule.required:
            return text
        return self.wording.ready_made(name)


class CadenceForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """A Survey's title, and how often one person or company may be asked."""

    title = StringField("Title", validators=[DataRequired("Give it a title."), Length(max=120)])
    days_between = IntegerField(
        "Days between two surveys to one person",
        validators=[
            InputRequired("Write a number of days; 0 switches the rule off."),
            NumberRange(min=0, max=730, message="Write a number from 0 to 730."),
        ],
    )
    company_weekly_cap = IntegerField(
        "People of one company in a week",
        validators=[
            InputRequired("Write a number of people; 0 switches the rule off."),
            NumberRange(min=0, max=100, message="Write a number from 0 to 100."),
        ],
    )

    def to_cadence(self) -> Cadence:
        """Return the rules that the fields hold."""
        return Cadence(
            days_between=self.days_between.data or 0,
            company_weekly_cap=self.company_weekly_cap.data or 0,
        )


class NewSurveyForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """A new Survey: what it is called, and whether it keeps who answered."""

    title = StringField(
        "Title",
        validators=[DataRequired("Give it a title."), Length(max=120)],
        description="You read it here; customers do not.",
    )
    anonymous = BooleanField(
        "Anonymous: nobody sees whose an answer is",
        description="Answers are kept without name, link and hour. You can send it to five people "
        "or more; nobody is reminded or can be called back, and an answer can be sent once. "
        "This choice is for good: what you promise cannot be taken back.",
    )

    def to_title(self) -> str:
        """Return the title on one line."""
        return " ".join((self.title.data or "").split())


def texts_form(survey: Survey, group: TextGroup, language: str) -> TextsForm:
    """Return the form of a group of a Survey's texts, filled with those in force."""
    wording = survey.wording(language)
    changed = wording.texts()
    fields = {
        text.name: _field(
            text.label,
            text.rule,
            wording.ready_made(text.name),
            note=_READY_MADE.format(wording.ready_made(text.name)) if text.name in changed else "",
        )
        for text in group.texts
    }
    # WTForms takes a form's fields from its class, so they cannot be added to an object.
    form = type("FilledTextsForm", (TextsForm,), fields)
    filled = cast(TextsForm, form(obj=wording))
    filled.wording, filled.group = wording, group
    for text in group.texts:
        # Not "optional": an emptied one becomes the ready-made text again.
        filled[text.name].flags.required = text.rule.required
    return filled


_READY_MADE = "You changed this. Ready-made: “{}”"


def _field(label: str, rule: TextRule, ready_made: str, *, note: str) -> Any:
    attributes = {"maxlength": rule.length, "placeholder": ready_made}
    if rule.lines == 1 and rule.length < LINE_LENGTH:
        return StringField(label, render_kw=attributes, description=note)
    # A question is one line, but too long for a field that shows only one.
    rows = {"rows": 1 if rule.lines == 1 else 3}
    return TextAreaField(label, render_kw=attributes | rows, description=note)
