"""The form of a send: who, what and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import DateTimeLocalField, Field, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import Length, ValidationError

from nps_portal.batches.audience import Audience, SegmentAudience
from nps_portal.batches.commands import BatchPlan
from nps_portal.batches.wall_clock import instant_of
from nps_portal.segments.models import Segment
from nps_portal.surveys.models import Survey

MOST_CHOSEN = 5_000
# The choice among the segments that is none of them.
EVERYBODY = 0
WALL_FORMAT = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, kw_only=True)
class SendTerms:
    """What a form of a send is judged by: surveys and segments, the zone and the present."""

    surveys: Sequence[Survey]
    segments: Sequence[Segment]
    zone: ZoneInfo
    now: datetime


class ContactIdsField(Field):
    """Chosen contacts by id, repeated or with commas between; None means that nobody was chosen.

    Chosen and empty is not the same as absent, which stands for everybody.
    """

    data: tuple[int, ...] | None

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Read the ids."""
        if not valuelist:
            self.data = None
            return
        words = [word.strip() for value in valuelist for word in value.split(",") if word.strip()]
        self.data = ()
        if len(words) > MOST_CHOSEN:
            raise ValueError(f"Choose at most {MOST_CHOSEN:,} contacts, or everybody.")
        if not all(word.isascii() and word.isdigit() and len(word) < 10 for word in words):
            raise ValueError("One of the chosen contacts cannot be read.")
        self.data = tuple(dict.fromkeys(int(word) for word in words))


class WallTimeField(DateTimeLocalField):
    """A local date and time, which may be left empty."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Read the time."""
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        try:
            # The zone is added by `instant_of`, which knows what a local time can mean.
            self.data = datetime.strptime(valuelist[0].strip()[:16], WALL_FORMAT)  # noqa: DTZ007
        except ValueError:
            raise ValueError("Write the time as 2026-03-10T09:00.") from None


class SendForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """Who gets which Survey, and when."""

    contact_ids = ContactIdsField("Who")
    segment_id = SelectField("Who", coerce=int, default=EVERYBODY)
    survey_id = SelectField("Survey", coerce=int)
    name = StringField("Name of this send", validators=[Length(max=120)])
    when = RadioField(
        "When",
        choices=[SelectChoice("now", "Now"), SelectChoice("later", "At a date and time")],
        default="now",
    )
    at = WallTimeField("Date and time", format=WALL_FORMAT)

    terms: SendTerms

    def validate_contact_ids(self, field: ContactIdsField) -> None:
        """Refuse a choice of nobody."""
        if field.data == () and not field.errors:
            raise ValidationError("Choose at least one contact.")

    def validate_segment_id(self, field: SelectField) -> None:
        """Refuse two audiences at once: neither must win unseen."""
        if field.data and self.contact_ids.data is not None:
            raise ValidationError("Choose contacts or a segment, not both.")

    def validate_at(self, field: WallTimeField) -> None:
        """Refuse a missing time and one that has passed."""
        if self.when.data != "later" or field.process_errors:
            return
        at = self.leaves_at
        if at is None:
            raise ValidationError("Say on which day and at what time.")
        if at <= self.terms.now:
            raise ValidationError("This time has passed. Choose a later one, or send now.")

    @property
    def leaves_at(self) -> datetime | None:
        """Return the instant of the send, None for now."""
        if self.when.data != "later" or self.at.data is None:
            return None
        return instant_of(self.at.data, self.terms.zone)

    @property
    def time_was_moved(self) -> bool:
        """Tell whether the wished time does not exist, because clocks jump over it."""
        at = self.leaves_at
        return (
            at is not None and at.astimezone(self.terms.zone).replace(tzinfo=None) != self.at.data
        )

    @property
    def survey(self) -> Survey:
        """Return the chosen Survey, the first one when there was no valid choice."""
        return next(
            (one for one in self.terms.surveys if one.id == self.survey_id.data),
            self.terms.surveys[0],
        )

    @property
    def audience(self) -> Audience:
        """Return who is meant."""
        segment = self.segment
        return Audience(
            contact_ids=self.contact_ids.data,
            segment=SegmentAudience.of(segment) if segment else None,
        )

    @property
    def segment(self) -> Segment | None:
        """Return the chosen Segment, None for any other audience."""
        return next((one for one in self.terms.segments if one.id == self.segment_id.data), None)

    def to_plan(self) -> BatchPlan:
        """Return what the form asks for."""
        return BatchPlan(
            survey_id=self.survey.id,
            audience=self.audience,
            name=" ".join((self.name.data or "").split()),
            at=self.leaves_at,
        )

    def as_query(self) -> dict[str, str]:
        """Return the fields as an address or another form carries them."""
        query = {"survey_id": str(self.survey.id)}
        if self.contact_ids.data is not None:
            query["contact_ids"] = ",".join(map(str, self.contact_ids.data))
        if self.segment_id.data:
            query["segment_id"] = str(self.segment_id.data)
        if self.name.data:
            query["name"] = self.name.data
        if self.when.data == "later":
            query["when"] = "later"
            query["at"] = self.at.data.strftime(WALL_FORMAT) if self.at.data else ""
        return query


def asked_for(terms: SendTerms, query: MultiDict[str, str]) -> SendForm:
    """Return the form that an address describes; it changes nothing, so it carries no token."""
    return _judged_by(terms, SendForm(query, data=_defaults(terms), meta={"csrf": False}))


def posted(terms: SendTerms) -> SendForm:
    """Return the form that was sent."""
    return _judged_by(terms, SendForm(data=_defaults(terms)))


def _defaults(terms: SendTerms) -> Mapping[str, object]:
    return {"survey_id": terms.surveys[0].id}


def _judged_by(terms: SendTerms, form: SendForm) -> SendForm:
    form.terms = terms
    form.segment_id.choices = [
        SelectChoice(EVERYBODY, "Everybody in your contacts"),
        *(SelectChoice(one.id, one.name) for one in terms.segments),
    ]
    form.survey_id.choices = [SelectChoice(one.id, one.title) for one in terms.surveys]
    for field in (form.survey_id, form.segment_id, form.when, form.at):
        # They have a value whatever is chosen, so the page must not call them optional.
        field.flags.required = True
    return form
