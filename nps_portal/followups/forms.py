"""The form of a Task's end."""

from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import DataRequired, Length

OUTCOME_LENGTH = 2000


class ClosingForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """What came of a Task."""

    outcome = TextAreaField(
        "What came of it?",
        validators=[
            DataRequired("Write a word on what came of it."),
            Length(max=OUTCOME_LENGTH, message=f"Use at most {OUTCOME_LENGTH} characters."),
        ],
        render_kw={"rows": 3, "maxlength": OUTCOME_LENGTH},
    )

    def to_outcome(self) -> str:
        """Return the words."""
        return str(self.outcome.data or "").strip()
