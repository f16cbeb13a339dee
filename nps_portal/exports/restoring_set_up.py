"""Bringing back what an account has set up: users, properties, tags, segments, surveys."""

import base64
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from nps_portal.accounts.models import User, UserState
from nps_portal.accounts.passwords import hash_password
from nps_portal.contacts.companies import name_key
from nps_portal.contacts.models import Property, Tag
from nps_portal.contacts.properties import property_key
from nps_portal.contacts.tags import tag_key
from nps_portal.exports.archive_rows import Archive, Row
from nps_portal.exports.cells import Field
from nps_portal.exports.restoring_known import Known, address_key
from nps_portal.exports.set_up_tables import (
    LOST,
    PROPERTY_FIELDS,
    SEGMENT,
    SURVEY,
    TAG,
    USER,
)
from nps_portal.foundation.work import Work
from nps_portal.segments.fields import PROPERTY
from nps_portal.segments.models import Segment
from nps_portal.segments.queries import segment_by_name
from nps_portal.surveys.models import (
    QuestionKind,
    Survey,
    SurveyLogo,
    SurveyQuestion,
    SurveyWording,
)
from nps_portal.surveys.queries import survey_by_name


def restore_set_up(work: Work, archive: Archive, known: Known) -> None:
    """Bring back what does not hang on anybody; what is there under the same name is replaced.

    A user who is not there yet comes without a password, and so cannot sign in before one is set.
    """
    _users(work, archive, known)
    by_name = _properties(work, archive, known)
    _tags(work, archive, known)
    for row in archive.all("segments"):
        _segment(work, row, known, by_name)
    for row in archive.all("surveys"):
        _survey(work, row, known)


def _users(work: Work, archive: Archive, known: Known) -> None:
    for row in archive.all("users"):
        key = address_key(row["email"])
        user = work.session.scalar(sa.select(User).where(User.email_key == key))
        if user is None:
            user = User(
                **_named(USER, row),
                email_key=key,
                # Nobody knows it; a new one is set by «nps-portal user password».
                password_hash=hash_password(secrets.token_urlsafe(16)),
                state=UserState.ACTIVE,
                created_at=work.now,
            )
            work.session.add(user)
            work.session.flush()
        known.users[row["email"]] = user.id


def _properties(work: Work, archive: Archive, known: Known) -> dict[str, int]:
    by_name: dict[str, int] = {}
    for row in archive.all("properties"):
        key = property_key(row["name"])
        found = work.session.scalar(sa.select(Property).where(Property.name_key == key))
        kept = found or Property(name_key=key)
        _set(kept, _named(PROPERTY_FIELDS, row))
        work.session.add(kept)
        work.session.flush()
        known.properties.append((kept.id, kept.kind))
        by_name[kept.name] = kept.id
    return by_name


def _tags(work: Work, archive: Archive, known: Known) -> None:
    for row in archive.all("tags"):
        key = tag_key(row["name"])
        found = work.session.scalar(sa.select(Tag).where(Tag.name_key == key))
        tag = found or Tag(name_key=key)
        _set(tag, _named(TAG, row))
        work.session.add(tag)
        work.session.flush()
        known.tags[row["name"]] = tag.id


def _segment(work: Work, row: Row, known: Known, by_name: Mapping[str, int]) -> None:
    segment = segment_by_name(work.session, row["name"])
    segment = segment or Segment(name_key=name_key(row["name"])[:120])
    _set(segment, _named(SEGMENT, row))
    with row.checked():
        segment.rules = _rules(json.loads(row["rules"]), known, by_name)
        segment.created_by = known.user(row["created_by"])
    work.session.add(segment)
    work.session.flush()


def _rules(rules: dict[str, Any], known: Known, by_name: Mapping[str, int]) -> dict[str, Any]:
    """Return rules with the ids of this portal where the file has names."""
    for group in rules["groups"]:
        for condition in group["conditions"]:
            field = condition["field"]
            if field.startswith(LOST):
                # No property has a number below zero: it stays one that was deleted.
                condition["field"] = f"{PROPERTY}-{int(field.removeprefix(LOST))}"
            elif field.startswith(PROPERTY):
                condition["field"] = f"{PROPERTY}{by_name[field.removeprefix(PROPERTY)]}"
            elif field == "owner" and condition.get("value") in known.users:
                condition["value"] = str(known.users[condition["value"]])
    return rules


def _survey(work: Work, row: Row, known: Known) -> None:
    survey = survey_by_name(work.session, row["name"]) or Survey()
    _set(survey, _named(SURVEY, row))
    work.session.add(survey)
    work.session.flush()
    known.surveys[survey.name] = survey.id
    for model in (SurveyWording, SurveyQuestion, SurveyLogo):
        work.session.execute(sa.delete(model).where(model.survey_id == survey.id))
    work.session.expire(survey, ["wordings"])
    with row.checked():
        work.session.add_all(_wordings(survey.id, json.loads(row["wordings"])))
        for place, told in enumerate(json.loads(row["questions"]), start=1):
            question = _question(survey.id, told)
            work.session.add(question)
            work.session.flush()
            known.questions[survey.name, place] = question.id
        if row["logo"]:
            work.session.add(_logo(survey.id, json.loads(row["logo"])))


def _wordings(survey_id: int, told: Mapping[str, Any]) -> list[SurveyWording]:
    return [
        SurveyWording(
            survey_id=survey_id,
            language=language,
            texts=one["texts"],
            changed_at=datetime.fromisoformat(one["changed_at"]),
        )
        for language, one in told.items()
    ]


def _question(survey_id: int, told: Mapping[str, Any]) -> SurveyQuestion:
    archived_at = told["archived_at"]
    return SurveyQuestion(
        survey_id=survey_id,
        position=int(told["position"]),
        kind=QuestionKind(told["kind"]),
        categories=told["categories"],
        texts=told["texts"],
        archived_at=datetime.fromisoformat(archived_at) if archived_at else None,
    )


def _logo(survey_id: int, told: Mapping[str, Any]) -> SurveyLogo:
    return SurveyLogo(
        survey_id=survey_id,
        digest=told["digest"],
        media_type=told["media_type"],
        width=int(told["width"]),
        height=int(told["height"]),
        image=base64.b64decode(told["image"], validate=True),
        changed_at=datetime.fromisoformat(told["changed_at"]),
    )


def _named(fields: tuple[Field, ...], row: Row) -> dict[str, Any]:
    return dict(zip((one.name for one in fields), row.values(fields), strict=True))


def _set(target: object, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(target, name, value)
