"""The form that a customer sends."""

import re

from wtforms import Form, StringField, TextAreaField, ValidationError

from nps_portal.nps import SCORES
from nps_portal.responses.commands import COMMENT_LENGTH, Answer
from nps_portal.responses.page_content import Draft

SCORES_AS_TEXT = {str(score): score for score in SCORES}

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
CHOOSE_A_SCORE = "Please choose a number from 0 to 10."


def clean_comment(text: str | None) -> str:
    """Return a comment with its line breaks, without the characters that cannot be shown.

    A browser sends line ends as CR LF, which would count twice towards the length.
    """
    lines = (text or "").replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return _CONTROL.sub("", lines).strip()


class AnswerForm(Form):
    """A score and a comment; the page's nonce stands in for the CSRF token of a session."""

    score = StringField()
    comment = TextAreaField(filters=[clean_comment])
    nonce = StringField()

    def validate_score(self, field: StringField) -> None:
        """Refuse what is not written exactly as one of the eleven scores."""
        if field.data not in SCORES_AS_TEXT:
            raise ValidationError(CHOOSE_A_SCORE)

    def validate_comment(self, field: TextAreaField) -> None:
        """Refuse a comment that is too long, saying how long it is."""
        if (length := len(field.data or "")) > COMMENT_LENGTH:
            raise ValidationError(
                f"Your comment has {length:,} characters; {COMMENT_LENGTH:,} are possible."
            )

    @property
    def fault(self) -> str:
        """Return what is wrong, in one sentence."""
        return next((str(fault) for faults in self.errors.values() for fault in faults), "")

    def draft(self) -> Draft:
        """Return what was sent, to be shown again."""
        return Draft(
            score=SCORES_AS_TEXT.get(self.score.data or ""), comment=self.comment.data or ""
        )

    def answer(self) -> Answer:
        """Return what the command takes; only of a valid form."""
        return Answer(score=SCORES_AS_TEXT[self.score.data or ""], comment=self.comment.data or "")
