"""The tables of what an account has set up: users, properties, tags, segments and surveys."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from nps_portal.accounts.models import User
from nps_portal.contacts.models import Property, Tag
from nps_portal.exports.cells import fields_of, written_instant, written_json
from nps_portal.exports.reader import Reader
from nps_portal.exports.table import Table, cells_of, columns_of
from nps_portal.foundation.database import Model
from nps_portal.segments.fields import PROPERTY
from nps_portal.segments.models import Segment
from nps_portal.surveys.models import Survey, SurveyLogo, SurveyQuestion, SurveyWording

USER = fields_of(User, "email", "name", "role")
PROPERTY_FIELDS = fields_of(
    Property, "name", "kind", "choices", "currency", "position", "source", "created_at"
)
TAG = fields_of(Tag, "name", "created_at")
SEGMENT = fields_of(Segment, "name", "created_at", "changed_at")
# Its secret is none of them: whoever has it can answer in anybody's name.
SURVEY = fields_of(
    Survey,
    *("name", "title", "state", "days_between", "company_weekly_cap", "version", "language"),
    *("anonymous", "address", "accent_colour", "counting", "hold_minutes", "delivery_seconds"),
    *("decoy_link", "reminder", "reminder_days", "review_links", "referral_url", "offers_call"),
    *("asks_to_quote", "link_is_open", "kiosk_is_open", "widget_is_open", "created_at"),
)
LOST = "deleted property:"


def _all(model: type[Model], *order: Any) -> Any:
    def rows(reader: Reader) -> Sequence[Any]:
        return reader.session.scalars(sa.select(model).order_by(*order)).all()

    return rows


_users = _all(User, User.id)
_properties = _all(Property, Property.position, Property.name_key)
_tags = _all(Tag, Tag.id)
_segments = _all(Segment, Segment.id)
_surveys = _all(Survey, Survey.id)


def named_rules(
    rules: Mapping[str, Any], names: Mapping[int, str], users: Mapping[int, str]
) -> dict[str, Any]:
    """Return the rules of a Segment with names where they have ids."""

    def named(condition: Mapping[str, Any]) -> dict[str, Any]:
        condition = dict(condition)
        field = str(condition["field"])
        if field.startswith(PROPERTY):
            number = int(field.removeprefix(PROPERTY))
            known = number in names
            condition["field"] = PROPERTY + names[number] if known else f"{LOST}{abs(number)}"
        if field == "owner" and str(condition.get("value", "")).isdecimal():
            condition["value"] = users.get(int(condition["value"]), "nobody")
        return condition

    groups = [
        {**group, "conditions": [named(one) for one in group["conditions"]]}
        for group in rules.get("groups", ())
    ]
    return {**rules, "groups": groups}


def _segment_rows(reader: Reader) -> Iterator[Sequence[str]]:
    names = {one.id: one.name for one in _properties(reader)}
    for one in _segments(reader):
        rules = named_rules(one.rules, names, reader.users)
        author = reader.user(one.created_by)
        yield (*cells_of(SEGMENT, one), written_json(rules), author)


def _survey_rows(reader: Reader) -> Iterator[Sequence[str]]:
    for one in _surveys(reader):
        yield (
            *cells_of(SURVEY, one),
            written_json(_wordings(reader, one.id)),
            written_json(_questions(reader, one.id)),
            _logo(reader, one.id),
        )


def _wordings(reader: Reader, survey_id: int) -> dict[str, Any]:
    rows = reader.session.scalars(
        sa.select(SurveyWording).where(SurveyWording.survey_id == survey_id)
    )
    return {
        row.language: {"texts": row.texts, "changed_at": written_instant(row.changed_at)}
        for row in rows
    }


def _questions(reader: Reader, survey_id: int) -> list[dict[str, Any]]:
    rows = reader.session.scalars(
        sa.select(SurveyQuestion)
        .where(SurveyQuestion.survey_id == survey_id)
        .order_by(SurveyQuestion.id)
    )
    return [
        {
            "position": row.position,
            "kind": row.kind.value,
            "categories": row.categories,
            "texts": row.texts,
            "archived_at": written_instant(row.archived_at) if row.archived_at else None,
        }
        for row in rows
    ]


def _logo(reader: Reader, survey_id: int) -> str:
    logo = reader.session.get(SurveyLogo, survey_id)
    if logo is None:
        return ""
    return written_json(
        {
            "digest": logo.digest,
            "media_type": logo.media_type,
            "width": logo.width,
            "height": logo.height,
            "image": base64.b64encode(logo.image).decode(),
            "changed_at": written_instant(logo.changed_at),
        }
    )


USERS = Table(
    name="users",
    words="Users",
    columns=lambda reader: columns_of(USER),
    rows=lambda reader: (cells_of(USER, one) for one in _users(reader)),
)
PROPERTIES = Table(
    name="properties",
    words="Properties",
    columns=lambda reader: columns_of(PROPERTY_FIELDS),
    rows=lambda reader: (cells_of(PROPERTY_FIELDS, one) for one in _properties(reader)),
)
TAGS = Table(
    name="tags",
    words="Tags",
    columns=lambda reader: columns_of(TAG),
    rows=lambda reader: (cells_of(TAG, one) for one in _tags(reader)),
)
SEGMENTS = Table(
    name="segments",
    words="Segments",
    columns=lambda reader: columns_of(SEGMENT, "rules", "created_by"),
    rows=_segment_rows,
)
SURVEYS = Table(
    name="surveys",
    words="Surveys",
    columns=lambda reader: columns_of(SURVEY, "wordings", "questions", "logo"),
    rows=_survey_rows,
)
