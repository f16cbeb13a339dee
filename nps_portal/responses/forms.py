"""The form of a score that staff type in."""

import re
import secrets
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import Length

from nps_portal.foundation.merging import one_line
from nps_portal.nps import SCORES
from nps_portal.responses.commands import COMMENT_LENGTH, Answer
from nps_portal.responses.comments import clean_comment

SAID_TO_BE_LENGTH = 320
KEY_BYTES = 12
SCORES_AS_TEXT = {str(score): score for score in SCORES}

_KEY = re.compile(r"[A-Za-z0-9_-]{8,48}")


class PhoneForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """What somebody said on the telephone; the key makes two presses of the button one answer."""

    survey = SelectField("Survey", coerce=int)
    score = RadioField("Score", validate_choice=False)
    comment = TextAreaField(
        "Why?",
        filters=[clean_comment],
        validators=[
            Length(max=COMMENT_LENGTH, message=f"Use at most {COMMENT_LENGTH:,} characters.")
        ],
        description="In their own words.",
        render_kw={"rows": 4, "dir": "auto"},
    )
    said_to_be = StringField(
        "Who it was",
        filters=[lambda text: one_line(text or "")],
        validators=[
            Length(max=SAID_TO_BE_LENGTH, message=f"Use at most {SAID_TO_BE_LENGTH} characters.")
        ],
        description="A name, a number or an address, if they gave one.",
    )
    key = HiddenField()

    def __init__(self, surveys: list[tuple[int, str]], chosen: int | None = None) -> None:
        super().__init__(data={"survey": chosen, "key": secrets.token_urlsafe(KEY_BYTES)})
        self.survey.choices = [SelectChoice(number, title) for number, title in surveys]
        self.score.choices = [SelectChoice(text, text) for text in SCORES_AS_TEXT]
        self.score.flags.required = True

    def validate_score(self, field: Any) -> None:
        """Refuse what is none of the eleven scores."""
        if field.data not in SCORES_AS_TEXT:
            raise ValidationError("Choose the score they gave, from 0 to 10.")

    def validate_key(self, field: Any) -> None:
        """Refuse a key that this form has not made."""
        if not _KEY.fullmatch(field.data or ""):
            raise ValidationError("The form was incomplete. Reload the page and try again.")

    def submission_key(self, contact_id: int | None) -> str:
        """Return what names this sending: no answer of another person or Survey has the same."""
        return f"phone-{self.key.data}-{self.survey.data}-{contact_id or 0}"

    def to_answer(self) -> Answer:
        """Return what was said; only of a valid form."""
        return Answer(score=SCORES_AS_TEXT[self.score.data], comment=self.comment.data or "")
