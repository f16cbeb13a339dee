"""Erasing a person: every word goes, every number stays, and the address stays unmailed."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.accounts.commands import add_user
from nps_portal.accounts.models import Role
from nps_portal.batches.commands import start_due_batches
from nps_portal.batches.eligibility import may_be_asked
from nps_portal.batches.inviting import invite_next
from nps_portal.batches.models import Invitation, Reason
from nps_portal.contacts.commands import (
    ContactDetails,
    add_contact,
    edit_contact,
    pause_contact,
    restore_contact,
    upsert_contacts,
)
from nps_portal.contacts.erasures import ContactErased, erased_key
from nps_portal.contacts.models import Contact, Suppression, SuppressionReason
from nps_portal.contacts.suppressions import suppress
from nps_portal.contacts.upserting import ChangeKind
from nps_portal.followups.commands import CallWishes, ask_for_call
from nps_portal.followups.models import Task, TaskState
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.database import Base, db
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.imports.models import (
    Import,
    ImportChange,
    ImportPiece,
    ImportRejection,
    ImportState,
)
from nps_portal.insights.queries import Window, counts_of, distribution, response_rate
from nps_portal.journal.models import Event
from nps_portal.mail.outcomes import Outcome, OutcomeKind, Stage
from nps_portal.mail.parcels import Finished
from nps_portal.outbox import claims
from nps_portal.outbox.bounces import note_report
from nps_portal.outbox.models import Bounce, Message, MessageState
from nps_portal.outbox.settling import record_outcomes
from nps_portal.privacy.commands import (
    erase_contact,
    erase_response,
    months_later,
    pause_surveys,
)
from nps_portal.privacy.models import PersonalView
from nps_portal.privacy.queries import personal_data
from nps_portal.reports.models import Report, ReportKind
from nps_portal.responses.commands import Answer, PublicFacts, take_public_answer
from nps_portal.responses.models import (
    Channel,
    Evidence,
    QuotePermission,
    Response,
    ResponseAnswer,
    ResponseRevision,
    ResponseState,
)
from nps_portal.surveys.models import QuestionKind, Survey, SurveyQuestion
from nps_portal.visits.models import Verdict, Visit, VisitKind
from nps_portal.worker.loop import run_until_idle
from tests.conftest import SECRET
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import NOON, FixedClock

ADDRESS = "Marta.Lindqvist@Nordlys.example"
KEY = "marta.lindqvist@nordlys.example"
# Every text of hers in the database holds one of these.
HERS = ("marta", "lindqvist", "nordlys", "hers:", "203.0.113", "mozilla")
REPLY = "550 5.7.1 <marta.lindqvist@nordlys.example> is full"


@dataclass(frozen=True, kw_only=True)
class Person:
    """A Contact who was asked and has answered."""

    contact_id: int
    invitation_id: int
    response_id: int


def person(
    app: Flask, email: str = ADDRESS, name: str = "Marta Lindqvist", score: int = 3
) -> Person:
    """Let a survey leave to somebody, and let them answer."""
    with factories.work() as work:
        factories.make_business(work)
        contact = factories.make_contact(work, email, name=name)
        factories.make_batch(work, [contact])
    run_until_idle(app)
    with factories.work() as work:
        invitation = work.session.scalars(
            sa.select(Invitation).where(Invitation.contact_id == contact.id)
        ).one()
        response = Response(
            invitation_id=invitation.id,
            contact_id=contact.id,
            survey_id=invitation.survey_id,
            score=score,
            comment=f"Hers: {name} was here",
            state=ResponseState.COUNTED,
            evidence=Evidence.SUBMITTED,
            channel=Channel.EMAIL,
            language="sv",
            public_id=f"answer-{contact.id}",
            quote_permission=QuotePermission.NAME,
            answered_at=work.now,
        )
        work.session.add(response)
        work.session.flush()
        work.session.add(
            ResponseRevision(
                response_id=response.id,
                at=work.now,
                score=score,
                comment="Hers: what she said first",
                actor_kind=work.actor.kind,
            )
        )
        return Person(contact_id=contact.id, invitation_id=invitation.id, response_id=response.id)


def spread(one: Person) -> None:
    """Leave traces of a person in every other table that can hold some."""
    with factories.work() as work:
        session = work.session
        looker = add_user(
            work,
            email="look@er.example",
            name="L",
            password=factories.PASSWORD,
            role=Role.COLLEAGUE,
        )
        for asked in (f"q={KEY}", "q=nothing of theirs", "q=lindqvist"):
            session.add(
                PersonalView(at=work.now, user_id=looker.id, page="contacts.index", asked=asked)
            )
        survey = factories.make_survey(work)
        message = session.scalars(
            sa.select(Message).where(Message.contact_id == one.contact_id)
        ).one()
        report = Report(kind=ReportKind.SOFT, recipient=KEY, status="4.2.2", reason=REPLY)
        note_report(work, report, message, told_by="inbox", dedupe="first")
        stray = Report(kind=ReportKind.SOFT, recipient=KEY, status="", reason=REPLY)
        note_report(work, stray, None, told_by="inbox", dedupe="second")
        session.add(
            Visit(
                invitation_id=one.invitation_id,
                at=work.now,
                kind=VisitKind.SURVEY_PAGE,
                method="GET",
                score=3,
                network="203.0.113.0/24",
                user_agent="Mozilla/5.0",
                purpose="hers: prefetch",
                mail_domain="nordlys.example",
                details={"gestures": ["hers: pointer"]},
                marks={"rules": ["early"]},
            )
        )
        questions = [
            SurveyQuestion(
                survey_id=survey.id,
                position=place,
                kind=kind,
                categories=["detractor"],
                texts={"en": {"question": "More?"}},
            )
            for place, kind in enumerate((QuestionKind.LINE, QuestionKind.SCALE))
        ]
        session.add_all(questions)
        session.flush()
        for question, value in zip(questions, ({"text": "hers: more"}, {"scale": 4}), strict=True):
            session.add(
                ResponseAnswer(
                    response_id=one.response_id, question_id=question.id, at=work.now, value=value
                )
            )
        ask_for_call(work, one.response_id, CallWishes(phone="hers: +47 22 00", times=("noon",)))
        session.add(
            Response(
                survey_id=survey.id,
                score=8,
                comment="somebody who only says so",
                state=ResponseState.COUNTED,
                evidence=Evidence.SUBMITTED,
                channel=Channel.LINK,
                said_to_be=ADDRESS,
                answered_at=work.now,
            )
        )
        kept = Import(
            filename="customers.csv",
            size_bytes=40,
            mapping={},
            state=ImportState.UPLOADED,
            created_at=work.now,
        )
        session.add(kept)
        session.flush()
        content = f"email\n{ADDRESS}\n".encode()
        session.add(ImportPiece(import_id=kept.id, number=0, rows=1, content=content))
        session.add(
            ImportChange(
                import_id=kept.id,
                contact_id=one.contact_id,
                kind=ChangeKind.UPDATED,
                at=work.now,
                before={"fields": {"name": "Marta Lindqvist"}},
                after={"fields": {"name": ""}},
            )
        )
        session.add_all(
            ImportRejection(import_id=kept.id, line=line, reason=reason, text=text)
            for line, (reason, text) in enumerate(
                (
                    (f"«{ADDRESS}» and another.", "x"),
                    ("No address.", "Marta Lindqvist | 12"),
                    ("No address.", "Per Olsen | 13"),
                )
            )
        )


def erase(contact_id: int) -> None:
    with factories.work() as work:
        erase_contact(work, contact_id)


def everything() -> dict[str, list[str]]:
    """Return every row of every table as a text."""
    with factories.work() as work:
        return {
            table.name: [str(tuple(row)).lower() for row in work.session.execute(sa.select(table))]
            for table in Base.metadata.sorted_tables
        }


def traces() -> list[str]:
    """Return the rows of all tables in which something of hers stands."""
    return [
        f"{table}: {row}"
        for table, rows in everything().items()
        for row in rows
        if any(word in row for word in HERS)
    ]


def gate(contact_id: int) -> Reason | None:
    with factories.work() as work:
        survey = work.session.scalars(sa.select(Survey)).one()
        [decision] = may_be_asked(work.session, [contact_id], survey, work.now)
        return decision.reason


def details(email: str = ADDRESS) -> ContactDetails:
    return ContactDetails(email=parse_email(email), name="Marta L")


def test_nothing_of_the_person_is_left_in_any_table(app: Flask) -> None:
    marta = person(app)
    spread(marta)
    before = {row.partition(":")[0] for row in traces()}
    assert before >= {
        "bounces",
        "contacts",
        "import_rejections",
        "import_changes",
        "import_pieces",
        "messages",
        "response_answers",
        "response_revisions",
        "responses",
        "tasks",
        "visits",
    }

    erase(marta.contact_id)

    assert traces() == []


def test_the_rows_of_others_stay_as_they_are(app: Flask) -> None:
    per = person(app, "per@example.org", "Per Olsen", 9)
    marta = person(app)
    spread(marta)
    with factories.work() as work:
        before = personal_data(work.session, per.contact_id)

    erase(marta.contact_id)

    with factories.work() as work:
        assert personal_data(work.session, per.contact_id) == before
        rejected = work.session.scalars(sa.select(ImportRejection.text)).all()
    assert sorted(rejected) == ["", "", "Per Olsen | 13"]


def test_every_sum_stays_exactly_as_it_was(app: Flask) -> None:
    people = [
        person(app, ADDRESS, score=3),
        person(app, "per@example.org", "Per Olsen", 9),
        person(app, "kari@example.org", "Kari Dahl", 10),
    ]
    spread(people[0])

    def sums() -> tuple[object, ...]:
        with factories.work() as work:
            by_state = work.session.execute(
                sa.select(Message.state, sa.func.count()).group_by(Message.state)
            ).all()
            visits = work.session.scalar(sa.select(sa.func.count()).select_from(Visit))
            return (
                distribution(work.session, Window()),
                counts_of(work.session, Window()),
                response_rate(work.session, Window()),
                list(by_state),
                visits,
            )

    before = sums()
    for one in people:
        erase(one.contact_id)

    assert sums() == before
    assert before[0] == [0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1]


def test_a_choice_and_a_number_stay_and_what_was_written_goes(app: Flask) -> None:
    marta = person(app)
    spread(marta)

    erase(marta.contact_id)

    with factories.work() as work:
        values = work.session.scalars(sa.select(ResponseAnswer.value)).all()
    assert values == [{"scale": 4}]


def test_open_tasks_are_closed_and_say_nothing(app: Flask) -> None:
    marta = person(app)
    spread(marta)

    erase(marta.contact_id)

    with factories.work() as work:
        [task] = work.session.scalars(sa.select(Task)).all()
        assert (task.state, task.wishes, task.outcome) == (TaskState.CLOSED, "", "")
        assert task.closed_at == NOON


def test_an_opening_that_was_not_judged_stays_unclear(app: Flask) -> None:
    marta = person(app)
    spread(marta)

    erase(marta.contact_id)

    with factories.work() as work:
        assert work.session.scalars(sa.select(Visit.verdict)).all() == [Verdict.UNCLEAR]


def test_erasing_twice_does_no_more_than_once(app: Flask, clock: FixedClock) -> None:
    marta = person(app)
    erase(marta.contact_id)
    clock.advance(hours=1)

    erase(marta.contact_id)

    with factories.work() as work:
        contact = work.session.get_one(Contact, marta.contact_id)
        assert contact.erased_at == NOON
        kinds = work.session.scalars(
            sa.select(Event.kind).where(Event.kind == "contact.erased")
        ).all()
        assert len(work.session.scalars(sa.select(Suppression)).all()) == 1
    assert kinds == ["contact.erased"]


def test_the_suppression_stays_without_naming_the_address(app: Flask) -> None:
    marta = person(app)
    with factories.work() as work:
        suppress(
            work, KEY, SuppressionReason.UNSUBSCRIBED, source="link", contact_id=marta.contact_id
        )

    erase(marta.contact_id)

    with factories.work() as work:
        kept = work.session.execute(sa.select(Suppression.email_key, Suppression.reason)).all()
    assert [tuple(row) for row in kept] == [
        (erased_key(SECRET.encode(), KEY), SuppressionReason.ERASED)
    ]


def test_the_fingerprint_is_an_hmac_with_the_secret() -> None:
    # printf %s marta@example.org | openssl dgst -sha256 -hmac secret
    expected = "b908b290e214bff7a77b9e09d814f9a8fcd9aba10f63e83123b76a3aa2bc5886"

    assert erased_key(b"secret", "marta@example.org") == f"erased:{expected}"
    assert erased_key(b"other", "marta@example.org") != f"erased:{expected}"


def by_hand() -> int:
    with factories.work() as work:
        return add_contact(work, details(" MARTA.lindqvist@NORDLYS.example"), source="test").id


def by_import() -> int:
    with factories.work() as work:
        others = [details(f"p{number}@example.org") for number in range(5)]
        upsert_contacts(work, [*others, details(), details()], source="import:1")
        found = work.session.scalars(sa.select(Contact.id).where(Contact.email_key == KEY))
        return found.one()


def by_edit() -> int:
    with factories.work() as work:
        contact = factories.make_contact(work, "other@example.org", name="Somebody Else")
        return edit_contact(work, contact.id, details()).id


def by_return() -> int:
    """Bring the address back under a Contact who was removed, and was given it before."""
    contact_id = by_hand()
    with factories.work() as work:
        work.session.get_one(Contact, contact_id).removed_at = work.now
        work.session.execute(
            sa.delete(Suppression).where(Suppression.email_key.not_like("erased:%"))
        )
    assert by_hand() == contact_id
    return contact_id


@pytest.mark.parametrize("again", [by_hand, by_import, by_edit, by_return])
def test_who_is_brought_in_again_is_still_never_asked(
    app: Flask, clock: FixedClock, again: Callable[[], int]
) -> None:
    marta = person(app)
    erase(marta.contact_id)
    clock.advance(days=400)

    contact_id = again()

    assert contact_id != marta.contact_id
    assert gate(contact_id) is Reason.ERASED
    with factories.work() as work:
        others = work.session.scalars(
            sa.select(Suppression.email_key).where(Suppression.email_key.not_like("erased:%"))
        ).all()
        told = work.session.scalars(
            sa.select(Event.facts).where(Event.kind == "contact.suppressed")
        ).all()
    assert others == [KEY]
    assert {"reason": "erased", "source": "erased before"} in told


def test_other_addresses_are_not_touched_by_an_erasure(app: Flask) -> None:
    marta = person(app)
    erase(marta.contact_id)

    with factories.work() as work:
        contact = factories.make_contact(work, "marta.lindqvist@other.example")

    assert gate(contact.id) is None


def test_a_former_address_that_is_somebody_elses_now_stays_theirs(app: Flask) -> None:
    marta = person(app, "shop@nordlys.example")
    with factories.work() as work:
        edit_contact(work, marta.contact_id, details())
        heir = factories.make_contact(work, "shop@nordlys.example", name="The Heir")
        suppress(
            work,
            "shop@nordlys.example",
            SuppressionReason.UNSUBSCRIBED,
            source="link",
            contact_id=heir.id,
        )

    erase(marta.contact_id)

    assert gate(heir.id) is Reason.UNSUBSCRIBED


def test_a_former_address_of_hers_alone_is_kept_unmailed_too(app: Flask) -> None:
    marta = person(app, "old@nordlys.example")
    with factories.work() as work:
        edit_contact(work, marta.contact_id, details())

    erase(marta.contact_id)

    assert traces() == []
    with factories.work() as work:
        contact = factories.make_contact(work, "old@nordlys.example")
    assert gate(contact.id) is Reason.ERASED


def test_of_an_erased_person_nothing_can_be_changed(app: Flask) -> None:
    marta = person(app)
    erase(marta.contact_id)

    for act in (
        lambda work: restore_contact(work, marta.contact_id),
        lambda work: edit_contact(work, marta.contact_id, details()),
        lambda work: pause_contact(work, marta.contact_id, NOON),
        lambda work: pause_surveys(work, marta.contact_id, 3),
    ):
        with pytest.raises(ContactErased), factories.work() as work:
            act(work)


def queued(app: Flask) -> int:
    """Queue an email to Marta that has not left, and return her id."""
    with factories.work() as work:
        factories.make_business(work)
        contact = factories.make_contact(work, ADDRESS)
        factories.make_batch(work, [contact])
    with factories.work() as work:
        start_due_batches(work)
    with factories.work() as work:
        invite_next(work)
    return contact.id


def state() -> MessageState:
    with factories.work() as work:
        return work.session.scalars(sa.select(Message.state)).one()


def test_what_waits_for_an_erased_person_does_not_leave(app: Flask) -> None:
    contact_id = queued(app)

    erase(contact_id)
    run_until_idle(app)

    assert state() is MessageState.CANCELLED
    assert traces() == []


def test_a_message_in_a_workers_hand_does_not_pass_its_commit_point(app: Flask) -> None:
    contact_id = queued(app)
    with factories.work() as work:
        taken = claims.claim(work, claims.new_owner(), 5)

    erase(contact_id)
    with factories.work() as work:
        passed = claims.pass_commit_point(work, taken)
        claims.release(work, taken)

    assert passed == set()
    assert state() is MessageState.CANCELLED
    assert traces() == []


@pytest.mark.parametrize("kind", [OutcomeKind.SENT, OutcomeKind.NEVER, OutcomeKind.LATER])
def test_what_the_server_says_of_a_message_that_was_leaving_brings_nothing_back(
    app: Flask, kind: OutcomeKind
) -> None:
    contact_id = queued(app)
    with factories.work() as work:
        taken = claims.claim(work, claims.new_owner(), 5)
    with factories.work() as work:
        assert len(claims.pass_commit_point(work, taken)) == 1

    erase(contact_id)
    outcome = Outcome(kind=kind, stage=Stage.DATA, code=550, enhanced="5.7.1", reply=REPLY)
    with factories.work() as work:
        record_outcomes(work, [Finished(ticket=taken[0], outcome=outcome)])
    run_until_idle(app)

    assert state() is MessageState.SENT
    assert traces() == []


@pytest.mark.parametrize("kind", [ReportKind.HARD, ReportKind.COMPLAINT, ReportKind.AUTO_REPLY])
def test_a_report_that_comes_late_brings_nothing_back(app: Flask, kind: ReportKind) -> None:
    marta = person(app)
    erase(marta.contact_id)

    with factories.work() as work:
        message = work.session.scalars(sa.select(Message)).one()
        report = Report(kind=kind, recipient=KEY, status="5.1.1", reason=REPLY)
        note_report(work, report, message, told_by="inbox", dedupe="late")

    assert traces() == []
    with factories.work() as work:
        assert len(work.session.scalars(sa.select(Bounce)).all()) == 1


def while_somebody_else(app: Flask, adds: Callable[[Work], object], contact_id: int) -> None:
    """Erase while somebody else's unit of work, which has added something, is still open."""
    faults: list[BaseException] = []
    added, begun = threading.Event(), threading.Event()

    def add() -> None:
        with factories.work() as work:
            adds(work)
            work.session.flush()
            added.set()
            begun.wait(10)

    def take() -> None:
        begun.set()
        erase(contact_id)

    def run(act: Callable[[], None]) -> None:
        with app.app_context():
            try:
                act()
            except PortalError as fault:
                faults.append(fault)
            db.session.remove()

    threads = [threading.Thread(target=run, args=(act,)) for act in (add, take)]
    threads[0].start()
    assert added.wait(10)
    threads[1].start()
    for thread in threads:
        thread.join(30)
    assert faults == []


def test_words_that_are_being_sent_meanwhile_are_erased_too(app: Flask) -> None:
    marta = person(app)

    def change(work: Work) -> None:
        work.session.get_one(Invitation, marta.invitation_id, with_for_update={"of": Invitation})
        response = work.session.get_one(Response, marta.response_id)
        response.comment = "hers: the very last words"

    while_somebody_else(app, change, marta.contact_id)

    assert traces() == []


def test_an_invitation_that_is_being_made_meanwhile_is_erased_too(app: Flask) -> None:
    with factories.work() as work:
        factories.make_business(work)
        contact = factories.make_contact(work, ADDRESS)
        factories.make_batch(work, [contact])
    with factories.work() as work:
        start_due_batches(work)

    while_somebody_else(app, invite_next, contact.id)
    run_until_idle(app)

    assert traces() == []
    assert state() is MessageState.CANCELLED


def test_a_pause_ends_on_the_same_day_or_the_last_of_a_shorter_month() -> None:
    assert months_later(NOON.replace(month=8, day=31), 6) == NOON.replace(
        year=2027, month=2, day=28
    )
    assert months_later(NOON.replace(month=12, day=1), 12) == NOON.replace(
        year=2027, month=12, day=1
    )
    assert months_later(NOON.replace(month=9, day=30), 3) == NOON.replace(month=12, day=30)


def test_a_pause_takes_back_what_waits(app: Flask) -> None:
    contact_id = queued(app)

    with factories.work() as work:
        pause_surveys(work, contact_id, 3)
    run_until_idle(app)

    assert state() is MessageState.CANCELLED
    assert gate(contact_id) is Reason.PAUSED


def test_an_owner_erases_a_person_on_request(app: Flask, owner: PortalClient) -> None:
    marta = person(app)
    page = owner.get(f"/contacts/{marta.contact_id}")

    answer = owner.post_form(f"/contacts/{marta.contact_id}/erasure")
    after = owner.get(answer.headers["Location"])

    assert f'action="/contacts/{marta.contact_id}/erasure"' in page.text
    assert answer.status_code == 303
    assert after.status_code == 200
    assert "This person was erased." in after.text
    assert "Bring back" not in after.text
    assert "erasure" not in after.text
    assert traces() == []
    for act in ("restoration", "edit", "removal"):
        assert owner.post_form(f"/contacts/{marta.contact_id}/{act}").status_code == 404
    assert owner.post_form("/contacts/99/erasure").status_code == 404


def test_a_colleague_may_not_erase_anybody(app: Flask, client: PortalClient) -> None:
    marta = person(app)
    with factories.work() as work:
        add_user(
            work,
            email="kim@acme.example",
            name="Kim",
            password=factories.PASSWORD,
            role=Role.COLLEAGUE,
        )
    client.sign_in("kim@acme.example", factories.PASSWORD)

    page = client.get(f"/contacts/{marta.contact_id}")
    answer = client.post_form(f"/contacts/{marta.contact_id}/erasure")

    assert "erasure" not in page.text
    assert answer.status_code == 403
    with factories.work() as work:
        assert work.session.get_one(Contact, marta.contact_id).erased_at is None


@pytest.mark.parametrize("belongs_to_somebody", [True, False])
def test_a_page_that_still_lies_open_cannot_write_into_an_erased_answer(
    app: Flask, belongs_to_somebody: bool
) -> None:
    with factories.work() as work:
        factories.make_business(work)
        survey = factories.make_survey(work)
        contact = factories.make_contact(work, ADDRESS)

    def send(comment: str) -> Response:
        facts = PublicFacts(
            network="192.0.2.0/24",
            user_agent="",
            seconds_on_page=20,
            contact_id=contact.id if belongs_to_somebody else None,
        )
        with factories.work() as work:
            said = Answer(score=3, comment=comment)
            return take_public_answer(
                work, survey.id, said, Channel.LINK, key="link-1-page", facts=facts
            )

    first = send("Hers: the first")
    with factories.work() as work:
        if belongs_to_somebody:
            erase_contact(work, contact.id)
        else:
            erase_response(work, first.id)
    with factories.work() as work:
        erased = work.session.get_one(Response, first.id)
        assert (erased.submission_key, erased.comment) == (None, "")
    assert send("Another").id != first.id
