"""The forms that a customer sends."""

from collections.abc import Sequence

from wtforms import Field, Form, StringField, TextAreaField, ValidationError

from nps_portal.customer_pages.page_content import Draft
from nps_portal.foundation.merging import one_line
from nps_portal.nps import SCORES
from nps_portal.responses.commands import COMMENT_LENGTH, Answer
from nps_portal.responses.comments import clean_comment
from nps_portal.responses.models import QuotePermission
from nps_portal.surveys.wording import FilledWording

SCORES_AS_TEXT = {str(score): score for score in SCORES}
PHONE_LENGTH = 40
FEWEST_DIGITS = 5
ABOUT_LENGTH = 1000
CALL_TIMES = ("morning", "afternoon", "evening")
NOT_TO_QUOTE = "no"


class Ticked(Field):
    """The values of all boxes of one name that were ticked."""

    data: Sequence[str]

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Take the values as they were sent."""
        self.data = list(valuelist)


class AnswerForm(Form):
    """A score and a comment; the page's nonce stands in for the CSRF token of a session.

    `hand` is what the page's script tells of the press on Send.
    """

    score = StringField()
    comment = TextAreaField(filters=[clean_comment])
    nonce = StringField()
    hand = StringField()

    def validate_score(self, field: StringField) -> None:
        """Refuse what is not written exactly as one of the eleven scores."""
        if field.data not in SCORES_AS_TEXT:
            raise ValidationError("no score")

    def validate_comment(self, field: TextAreaField) -> None:
        """Refuse a comment that is too long."""
        _refuse_longer(field, COMMENT_LENGTH)

    def fault_in(self, words: FilledWording) -> str:
        """Return what is wrong, in one sentence of the reader's."""
        if "score" in self.errors:
            return words.no_score
        if "comment" in self.errors:
            return words.counted("comment_too_long", len(self.comment.data or ""))
        return ""

    def draft(self) -> Draft:
        """Return what was sent, to be shown again."""
        return Draft(
            score=SCORES_AS_TEXT.get(self.score.data or ""), comment=self.comment.data or ""
        )

    def answer(self) -> Answer:
        """Return what the command takes; only of a valid form."""
        return Answer(score=SCORES_AS_TEXT[self.score.data or ""], comment=self.comment.data or "")


class CallForm(Form):
    """A number that can be called, when it suits, and what it is about."""

    phone = StringField(filters=[lambda text: one_line(text or "")])
    times = Ticked(default=())
    about = TextAreaField(filters=[clean_comment])

    def validate_phone(self, field: StringField) -> None:
        """Refuse what nobody can call."""
        digits = sum(character.isdecimal() for character in field.data or "")
        if digits < FEWEST_DIGITS or len(field.data or "") > PHONE_LENGTH:
            raise ValidationError("no number")

    def validate_about(self, field: TextAreaField) -> None:
        """Refuse a note that is too long."""
        _refuse_longer(field, ABOUT_LENGTH)

    def fault_in(self, words: FilledWording) -> str:
        """Return what is wrong, in one sentence of the reader's."""
        if "phone" in self.errors:
            return words.call_no_phone
        if "about" in self.errors:
            return words.too_long
        return ""

    def chosen_times(self) -> list[str]:
        """Return the times that suit, in the order of the day."""
        return [time for time in CALL_TIMES if time in (self.times.data)]


class QuoteForm(Form):
    """How the customer's words may be quoted, if at all."""

    permission = StringField(default=NOT_TO_QUOTE)

    def validate_permission(self, field: StringField) -> None:
        """Refuse what is none of the choices."""
        if field.data not in {*(one.value for one in QuotePermission), NOT_TO_QUOTE}:
            raise ValidationError("no choice")

    def wish(self) -> QuotePermission | None:
        """Return the permission, None for not at all; only of a valid form."""
        wish = self.permission.data
        return None if wish == NOT_TO_QUOTE else QuotePermission(wish)


def _refuse_longer(field: TextAreaField, length: int) -> None:
    if len(field.data or "") > length:
        raise ValidationError("too long")
