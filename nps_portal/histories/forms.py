"""The form that takes a file of past answers."""

from collections.abc import Sequence
from typing import Any, Self

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types

from nps_portal.histories.taking import Choices
from nps_portal.surveys.models import Survey


class HistoryForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """A file of past answers, and what it does not say itself."""

    file = FileField(
        "File",
        [FileRequired("Choose a file.")],
        description="CSV, XLSX, XLS, ODS or JSON, up to 200 MB.",
    )
    survey = SelectField("Survey")
    dates = SelectField(
        "Dates like 03/04/2026",
        choices=[
            SelectChoice("", "The file tells by its other dates"),
            SelectChoice("day", "3 April: the day first"),
            SelectChoice("month", "March 4: the month first"),
        ],
    )

    @classmethod
    def of(cls, surveys: Sequence[Survey]) -> Self:
        """Return the form with the surveys to choose from."""
        form: Self = cls()
        choices: list[Any] = [SelectChoice("", "As the file says, or the ready-made one")]
        choices += [SelectChoice(str(one.id), one.title) for one in surveys]
        form.survey.choices = choices
        return form

    def to_choices(self) -> Choices:
        """Return what was said about the file."""
        return Choices(
            survey_id=int(self.survey.data) if self.survey.data else None,
            day_first=self.dates.data == "day" if self.dates.data else None,
        )
