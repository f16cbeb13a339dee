"""A portal that holds everything an export must carry, with the cells that break careless ones."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from nps_portal.accounts.models import User
from nps_portal.contacts.changes import Changed, note_changes
from nps_portal.contacts.erasures import anonymise, forget_addresses
from nps_portal.contacts.models import (
    Company,
    CompanyDomain,
    ConsentBasis,
    Contact,
    ContactTag,
    PropertyKind,
    PropertyValue,
    SuppressionReason,
    Tag,
)
from nps_portal.contacts.properties import add_property
from nps_portal.contacts.suppressions import suppress
from nps_portal.contacts.values import PropertySpec, parse_value
from nps_portal.followups.models import Task, TaskKind, TaskState
from nps_portal.foundation.work import Actor, ActorKind, Work
from nps_portal.responses.models import (
    Channel,
    Evidence,
    QuotePermission,
    Response,
    ResponseAnswer,
    ResponseRevision,
    ResponseState,
)
from nps_portal.responses.standings import refresh_standings
from nps_portal.segments.models import Segment
from nps_portal.surveys.models import (
    QuestionKind,
    Survey,
    SurveyLogo,
    SurveyQuestion,
    SurveyState,
    SurveyWording,
)
from tests.support import factories

FORMULA = '=HYPERLINK("https://evil.example","x")'
HOSTILE = (
    FORMULA,
    "+43 1 234",
    "-1+1",
    "@SUM(A1)",
    "'=already guarded",
    "''=twice",
    "'plain",
    '"quoted", and a comma; and more',
    "two\r\nlines\nand\tmore",
    "＝1+1",
    "_x0041_ \x07 bell",
    "עברית 日本 🙂 e\u0301",
    " spaces around ",
)
_SPECS = (
    (PropertySpec(name=FORMULA, kind=PropertyKind.TEXT), "-1+1"),
    (PropertySpec(name="Email", kind=PropertyKind.TEXT), "'=x"),
    (PropertySpec(name="Seats", kind=PropertyKind.NUMBER), "-1234.5"),
    (PropertySpec(name="Spent", kind=PropertyKind.MONEY, currency="EUR"), "1.2340"),
    (PropertySpec(name="Since", kind=PropertyKind.DATE), "2024-02-29"),
    (PropertySpec(name="Member", kind=PropertyKind.YES_NO), "no"),
    (PropertySpec(name="Plan", kind=PropertyKind.CHOICE, choices=("Gold", "@Home")), "@Home"),
)
EARLIER = datetime(2026, 3, 29, 0, 59, 59, 123456, tzinfo=UTC)


def fill(work: Work, user: User) -> None:
    """Put one of everything into an empty portal."""
    people = [
        factories.make_contact(work, f"person{number}@example.org", name=text.strip()[:200])
        for number, text in enumerate(HOSTILE)
    ]
    work.session.flush()
    _describe(work, people, user)
    _properties_and_tags(work, people)
    _changes(work, people, user)
    _segments(work, user)
    survey, questions = _survey(work)
    _answers(work, people, survey, questions, user)
    for number in (7, 9):
        key = people[number].email_key
        forget_addresses(work, [key])
        anonymise(work, people[number])
    work.session.flush()
    refresh_standings(work, [one.id for one in people])


def _describe(work: Work, people: list[Contact], user: User) -> None:
    company = Company(
        name=FORMULA,
        name_key=FORMULA.casefold(),
        revenue=Decimal("1250000.5"),
        owner_id=user.id,
        source="import:3",
        created_at=EARLIER,
    )
    lone = Company(name="Ünlü & Söhne", name_key="ünlü & söhne", source="", created_at=work.now)
    work.session.add_all([company, lone])
    work.session.flush()
    work.session.add_all(
        CompanyDomain(domain=domain, company_id=company.id)
        for domain in ("zeta.example", "acme.example")
    )
    first = people[0]
    first.company_id, first.owner_id = company.id, user.id
    first.consent_basis, first.consent_on = ConsentBasis.CONTRACT, date(2025, 12, 31)
    first.decides = first.pays = True
    first.language, first.time_zone = "de", "Europe/Vienna"
    people[1].removed_at = EARLIER
    people[2].paused_until = work.now + timedelta(days=30)
    people[3].removed_at, people[3].merged_into_id = work.now, people[5].id
    people[5].last_asked_at = EARLIER
    for number, reason in enumerate(SuppressionReason):
        key = people[number].email_key
        suppress(work, key, reason, source=FORMULA, contact_id=people[number].id)


def _properties_and_tags(work: Work, people: list[Contact]) -> None:
    for place, (spec, written) in enumerate(_SPECS):
        made = add_property(work, spec, source="import:1")
        value = parse_value(spec, written)
        assert value is not None
        for person in people[place : place + 3]:
            work.session.add(
                PropertyValue(
                    contact_id=person.id,
                    property_id=made.id,
                    text=value.text,
                    key=value.key,
                    number=value.number,
                )
            )
    for place, name in enumerate(["VIP", "a; b\\; c", "=2+2"]):
        tag = Tag(name=name, name_key=name.casefold(), created_at=EARLIER)
        work.session.add(tag)
        work.session.flush()
        work.session.add_all(
            ContactTag(contact_id=one.id, tag_id=tag.id) for one in people[place : place + 2]
        )


def _changes(work: Work, people: list[Contact], user: User) -> None:
    by_user = replace(work, actor=Actor(kind=ActorKind.USER, id=user.id), now=EARLIER)
    for place, text in enumerate(HOSTILE):
        note_changes(
            by_user if place % 2 else work,
            [
                Changed(contact_id=people[place].id, field="name", former=text, new="-2+2"),
                Changed(
                    contact_id=people[place].id,
                    field="property",
                    property_id=1 + place % len(_SPECS),
                    former="",
                    new=text,
                ),
            ],
        )


def _segments(work: Work, user: User) -> None:
    conditions = [
        {"field": "property:3", "op": "greater", "value": "10"},
        {"field": "property:4711", "op": "filled", "value": None},
        {"field": "owner", "op": "is", "value": str(user.id)},
        {"field": "company", "op": "is", "value": FORMULA},
    ]
    rules = {"match": "all", "groups": [{"match": "any", "conditions": conditions}]}
    work.session.add(
        Segment(
            name="=Big ones",
            name_key="=big ones",
            rules=rules,
            created_at=EARLIER,
            changed_at=work.now,
            created_by=user.id,
        )
    )


def _survey(work: Work) -> tuple[Survey, list[SurveyQuestion]]:
    survey = Survey(
        name="support",
        title="After support",
        state=SurveyState.ACTIVE,
        hold_minutes=45,
        review_links=[{"label": "=Here", "url": "https://reviews.example"}],
        widget_secret="never in a file",
        created_at=EARLIER,
    )
    work.session.add(survey)
    work.session.flush()
    texts = {"question": "Wie wahrscheinlich …? =1+1"}
    work.session.add_all(
        [
            SurveyWording(survey_id=survey.id, language="de", texts=texts, changed_at=EARLIER),
            SurveyWording(survey_id=survey.id, language="en", texts={}, changed_at=work.now),
            SurveyLogo(
                survey_id=survey.id,
                digest="d1",
                media_type="image/png",
                width=10,
                height=5,
                image=bytes(range(256)) * 800,
                changed_at=EARLIER,
            ),
        ]
    )
    questions = [
        SurveyQuestion(
            survey_id=survey.id,
            position=2 - place,
            kind=kind,
            categories=["detractor"],
            texts={"en": {"question": f"={kind.value}?", "choices": ["a", "b"]}},
            archived_at=EARLIER if place else None,
        )
        for place, kind in enumerate([QuestionKind.SEVERAL, QuestionKind.TEXT])
    ]
    for question in questions:
        work.session.add(question)
        work.session.flush()
    return survey, questions


def _answers(
    work: Work,
    people: list[Contact],
    survey: Survey,
    questions: list[SurveyQuestion],
    user: User,
) -> None:
    for place, text in enumerate(HOSTILE):
        response = Response(
            contact_id=people[place].id if place else None,
            survey_id=survey.id,
            score=place % 11,
            comment=text,
            state=list(ResponseState)[place % 4],
            evidence=list(Evidence)[place % 2],
            channel=list(Channel)[place % 7],
            late=place == 4,
            first_clicked_score=3 if place == 5 else None,
            public_id=f"public{place}" if place % 2 else None,
            submission_key=f"key{place}" if place == 6 else None,
            language="de",
            marks={"rules": ["=rule"], "rejected": True} if place == 3 else {},
            quote_permission=QuotePermission.INITIALS if place == 8 else None,
            said_to_be="somebody@example.org" if place == 0 else "",
            answered_at=EARLIER + timedelta(days=place),
            changed_at=work.now if place == 2 else None,
        )
        work.session.add(response)
        work.session.flush()
        _revise(work, response, people[place], user)
        work.session.add_all(
            ResponseAnswer(
                response_id=response.id, question_id=one.id, at=work.now, value={"text": text}
            )
            for one in questions[: place % 3]
        )
    work.session.add(
        Task(
            kind=TaskKind.CALL,
            state=TaskState.CLOSED,
            contact_id=people[9].id,
            response_id=response.id,
            title=FORMULA,
            wishes="=call me",
            due_at=work.now,
            outcome="spoken",
            created_at=EARLIER,
            closed_at=work.now,
            closed_by=user.id,
        )
    )


def _revise(work: Work, response: Response, person: Contact, user: User) -> None:
    kinds = (
        (ActorKind.CUSTOMER, person.id),
        (ActorKind.USER, user.id),
        (ActorKind.WORKER, None),
    )
    for place, (kind, actor_id) in enumerate(kinds):
        revision = ResponseRevision(
            response_id=response.id,
            at=response.answered_at + timedelta(minutes=place),
            score=place,
            comment=response.comment,
            actor_kind=kind,
            actor_id=actor_id,
            held=place == 1,
        )
        work.session.add(revision)
        work.session.flush()
        if place == 1 and response.score == 2:
            response.marks = {**response.marks, "reviewed_revision": revision.id}
