"""Past answers of another system come in with their dates, and can be taken back."""

import io
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session
from xlsxwriter import Workbook

from nps_portal.contacts.erasures import forget_addresses
from nps_portal.contacts.models import Contact, Suppression, SuppressionReason
from nps_portal.contacts.suppressions import suppress
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import COMMAND_LINE
from nps_portal.histories.dates import AmbiguousDates, BadDate, DateReader, reader_of
from nps_portal.histories.judging import Rejection
from nps_portal.histories.layouts import Part, UnknownLayout
from nps_portal.histories.models import History
from nps_portal.histories.running import run_history
from nps_portal.histories.taking import Choices, NothingImported
from nps_portal.histories.undoing import NoSuchHistory, Undone, undo_history
from nps_portal.imports.reading import UnreadableFile
from nps_portal.journal.models import Event
from nps_portal.outbox.models import Message
from nps_portal.responses.commands import exclude_response
from nps_portal.responses.models import Channel, Evidence, Response, ResponseRevision, ResponseState
from nps_portal.surveys.commands import create_survey
from nps_portal.worker.loop import run_until_idle
from tests.insights.answers import add_answer
from tests.support import factories
from tests.support.clock import FixedClock

VIENNA = ZoneInfo("Europe/Vienna")
PLAIN = (
    "Email;Score;Date;Comment;Name;Company\n"
    "ada@example.org;9;2024-03-01 10:00;Great;Ada Lovelace;Analytics\n"
    "ada@example.org;4;2025-03-01 10:00;Worse;Ada Lovelace;Analytics\n"
    "bob@example.org;10;2025-04-01;;Bob;\n"
    ";7;2025-05-01;Nobody said who;;\n"
)


@pytest.fixture
def business(app: Flask) -> None:
    """Set a business up."""
    with factories.work() as work:
        factories.make_business(work)
        factories.make_survey(work)


def bring(
    content: str | bytes, filename: str = "answers.csv", choices: Choices | None = None
) -> tuple[History, list[Rejection]]:
    """Bring a file in, and return what came of it and the refused rows."""
    content = content.encode() if isinstance(content, str) else content
    told: list[Rejection] = []
    history = run_history(
        COMMAND_LINE, io.BytesIO(content), filename, choices or Choices(), told.append
    )
    return history, told


def counts(history: History) -> tuple[int, int, int]:
    return history.added, history.known, history.rejected


def answers() -> list[Response]:
    session: Session = reading()
    return list(session.scalars(sa.select(Response).order_by(Response.answered_at, Response.id)))


def person(email: str) -> Contact:
    return reading().scalars(sa.select(Contact).where(Contact.email_key == email)).one()


def test_answers_stand_at_their_own_dates(business: None) -> None:
    history, told = bring(PLAIN)

    assert (counts(history), told, history.layout) == ((4, 0, 0), [], "plain")
    first, second, third, fourth = answers()
    assert first.answered_at == datetime(2024, 3, 1, 9, 0, tzinfo=UTC)
    assert (first.channel, first.evidence) == (Channel.IMPORT, Evidence.SUBMITTED)
    assert (first.state, first.comment) == (ResponseState.COUNTED, "Great")
    assert third.answered_at == datetime(2025, 4, 1, 10, 0, tzinfo=UTC)
    assert fourth.contact_id is None
    revision = reading().scalars(
        sa.select(ResponseRevision).where(ResponseRevision.response_id == second.id)
    )
    assert [(one.at, one.score) for one in revision] == [(second.answered_at, 4)]


def test_contacts_stand_where_their_answers_left_them(business: None) -> None:
    bring(PLAIN)

    ada = person("ada@example.org")
    assert (ada.answers, ada.last_score) == (2, 4)
    assert (ada.name, ada.company_name, ada.source) == ("Ada Lovelace", "Analytics", "history:1")


def test_nobody_is_mailed_or_called_because_of_old_answers(app: Flask, business: None) -> None:
    bring(PLAIN)
    run_until_idle(app)

    session = reading()
    kinds = set(session.scalars(sa.select(Event.kind).where(Event.kind.startswith("response"))))
    assert kinds == {"response.imported"}
    assert session.scalar(sa.select(sa.func.count(Message.id))) == 0


def test_the_same_file_twice_adds_nothing(business: None) -> None:
    bring(PLAIN)
    again, _ = bring(PLAIN)

    assert counts(again) == (0, 4, 0)
    assert len(answers()) == 4


def test_a_known_contact_stays_as_it_is_and_suppressed(business: None) -> None:
    with factories.work() as work:
        known = factories.make_contact(work, "bob@example.org", name="Robert")
        suppress(
            work,
            known.email_key,
            SuppressionReason.UNSUBSCRIBED,
            source="link",
            contact_id=known.id,
        )

    bring(PLAIN)

    assert person("bob@example.org").name == "Robert"
    reasons = reading().scalars(sa.select(Suppression.reason)).all()
    assert reasons == [SuppressionReason.UNSUBSCRIBED]


def test_an_erased_person_does_not_come_back(business: None) -> None:
    with factories.work() as work:
        forget_addresses(work, ["ada@example.org"])

    history, told = bring(PLAIN)

    assert counts(history) == (2, 0, 2)
    assert {one.line for one in told} == {2, 3}
    assert "asked to be erased" in told[0].reason


def test_refused_rows_are_told_by_line_and_reason(business: None) -> None:
    content = (
        "Email,Score,Date\n"
        "not an address,9,2025-01-01\n"
        "a@example.org,11,2025-01-01\n"
        "a@example.org,,2025-01-01\n"
        "a@example.org,9,soon\n"
        "a@example.org,9,2099-01-01\n"
        "a@example.org,9,2025-01-01\n"
    )

    history, told = bring(content)

    assert counts(history) == (1, 0, 5)
    assert [one.line for one in told] == [2, 3, 4, 5, 6]
    assert "«11» is not a score" in told[1].reason
    assert told[2].reason == "There is no score."
    assert "soon" in told[3].reason
    assert "in the future" in told[4].reason


def test_nothing_imported_is_an_error(business: None) -> None:
    with pytest.raises(NothingImported, match="0 imported"):
        bring("Email,Score,Date\na@example.org,99,2025-01-01\n")


def test_a_table_without_a_score_is_refused_with_its_columns(business: None) -> None:
    with pytest.raises(UnknownLayout, match=r"score.*--column score=.*The columns are: Email, Pts"):
        bring("Email,Pts,Date\na@example.org,9,2025-01-01\n")


def test_columns_can_be_named(business: None) -> None:
    chosen = Choices(columns={Part.SCORE: "pts", Part.DATE: "When"})

    history, _ = bring("Email,Pts,When\na@example.org,9,2025-01-31\n", choices=chosen)

    assert counts(history) == (1, 0, 0)


def test_a_survey_that_is_not_there_is_told(business: None) -> None:
    content = "Email,Score,Date,Survey\na@example.org,9,2025-01-01,Onboarding\n" + (
        "b@example.org,9,2025-01-01,default\n"
    )

    history, told = bring(content)

    assert counts(history) == (1, 0, 1)
    assert "no survey called «Onboarding»" in told[0].reason


def test_the_list_of_delighteds_api(business: None) -> None:
    listed = [
        {
            "id": "1",
            "person": {"id": "10", "email": "ada@example.org", "name": "Ada"},
            "survey_type": "nps",
            "score": 0,
            "comment": None,
            "created_at": 1713418460,
            "person_properties": {"country": "USA"},
        },
        {"id": "2", "person": "11", "survey_type": "nps", "score": 9, "created_at": 1713418461},
        {"id": "3", "person": "12", "survey_type": "csat", "score": 5, "created_at": 1713418462},
    ]

    history, told = bring(json.dumps(listed), "survey_responses.json")

    assert counts(history) == (2, 0, 1)
    assert "another kind of question" in told[0].reason
    first, second = answers()
    assert first.answered_at == datetime.fromtimestamp(1713418460, UTC)
    assert (first.contact_id, second.contact_id) == (person("ada@example.org").id, None)


def test_an_answer_is_known_by_the_other_systems_id(business: None) -> None:
    one = {"id": "1", "score": 9, "created_at": 1713418460, "comment": "before"}
    bring(json.dumps([one]), "a.json")

    again, _ = bring(json.dumps([one | {"comment": "after"}]), "b.json")

    assert counts(again) == (0, 1, 0)


def test_surveymonkeys_two_rows_of_headers(business: None) -> None:
    content = (
        "Respondent ID,Collector ID,Date Created,Date Modified,IP Address,Email Address,"
        "First Name,Last Name,Custom Data 1,How likely is it that you would recommend us?,"
        "What could we do better?\n"
        ",,,,,,,,,,Open-Ended Response\n"
        "118,5,01/31/2025 09:10:11 AM,01/31/2025 02:15:00 PM,192.0.2.1,ada@example.org,Ada,"
        "Lovelace,,10 - Extremely likely,Nothing\n"
        "119,5,02/01/2025 09:10:11 AM,02/01/2025 12:05:00 AM,192.0.2.1,,,,,3,Everything\n"
    )

    history, told = bring(content)

    assert (history.layout, told) == ("surveymonkey", [])
    first, second = answers()
    assert (first.score, first.comment, second.score) == (10, "Nothing", 3)
    assert first.answered_at == datetime(2025, 1, 31, 14, 15, tzinfo=VIENNA)
    assert second.answered_at == datetime(2025, 2, 1, 0, 5, tzinfo=VIENNA)
    assert person("ada@example.org").name == "Ada Lovelace"


@pytest.mark.parametrize(
    ("layout", "content"),
    [
        (
            "retently",
            "id,email,firstName,lastName,companyName,score,comments,createdDate\n"
            "x1,ada@example.org,Ada,L,Analytics,8,Fine,2024-05-06T07:08:09.000Z\n",
        ),
        (
            "asknicely",
            "response_id,person_id,email,name,question_type,answer,comment,sent,responded\n"
            "7,9,ada@example.org,Ada,nps,8,Fine,1714979000,1714979289\n",
        ),
        (
            "delighted",
            "Response ID,Person ID,Person Name,Person Email,Score,Comment,Created at\n"
            "1,9,Ada,ada@example.org,8,Fine,2024-05-06 07:08:09 UTC\n",
        ),
    ],
)
def test_files_of_other_systems(business: None, layout: str, content: str) -> None:
    history, told = bring(content)

    assert (history.layout, told) == (layout, [])
    (answer,) = answers()
    assert (answer.score, answer.comment) == (8, "Fine")
    assert answer.answered_at == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


def test_a_workbook_with_real_dates(business: None) -> None:
    file = io.BytesIO()
    book = Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Email", "Score", "Date"])
    sheet.write_row(1, 0, ["ada@example.org", 9])
    style = book.add_format({"num_format": "dd.mm.yyyy hh:mm"})
    sheet.write_datetime(1, 2, datetime(2025, 4, 3, 17, 30), style)  # noqa: DTZ001 - a sheet has none
    book.close()

    bring(file.getvalue(), "answers.xlsx")

    assert answers()[0].answered_at == datetime(2025, 4, 3, 17, 30, tzinfo=VIENNA)


@pytest.mark.parametrize("content", ["", "{broken", '{"a": 1}', "%PDF-1.7"])
def test_what_is_no_list_of_answers_is_refused(business: None, content: str) -> None:
    with pytest.raises(UnreadableFile):
        bring(content)


class TestUndo:
    def test_what_came_in_goes(self, business: None) -> None:
        history, _ = bring(PLAIN)

        assert undo_history(COMMAND_LINE, history.id) == Undone(answers=4, contacts=2, left=0)

        assert answers() == []
        assert reading().scalar(sa.select(sa.func.count(Contact.id))) == 0

    def test_what_was_there_before_stays(self, business: None) -> None:
        with factories.work() as work:
            bob = factories.make_contact(work, "bob@example.org")
            add_answer(work, 3, datetime(2023, 1, 1, tzinfo=UTC), bob)
        history, _ = bring(PLAIN)

        undone = undo_history(COMMAND_LINE, history.id)

        assert undone == Undone(answers=4, contacts=1, left=0)
        bob = person("bob@example.org")
        assert (bob.answers, bob.last_score) == (1, 3)

    def test_what_somebody_has_worked_with_stays(self, business: None) -> None:
        history, _ = bring(PLAIN)
        touched = answers()[2]
        with factories.work() as work:
            exclude_response(work, touched.id)

        undone = undo_history(COMMAND_LINE, history.id)

        assert undone == Undone(answers=3, contacts=1, left=1)
        assert [one.id for one in answers()] == [touched.id]
        assert person("bob@example.org").id == touched.contact_id

    def test_people_of_another_portals_export_stay(self, business: None, clock: FixedClock) -> None:
        with factories.work() as work:
            factories.make_contact(work, "old@example.org").source = "history:1"
        clock.advance(minutes=1)
        history, _ = bring(PLAIN)
        assert history.source == "history:1"

        undo_history(COMMAND_LINE, history.id)

        assert person("old@example.org").source == "history:1"

    def test_it_can_come_in_again(self, business: None) -> None:
        history, _ = bring(PLAIN)
        undo_history(COMMAND_LINE, history.id)

        again, _ = bring(PLAIN)

        assert counts(again) == (4, 0, 0)

    def test_an_unknown_number_is_told(self, business: None) -> None:
        with pytest.raises(NoSuchHistory, match="4711"):
            undo_history(COMMAND_LINE, 4711)


class TestDates:
    NOW = datetime(2026, 11, 22, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("2025-07-01T12:00:00Z", datetime(2025, 7, 1, 12, tzinfo=UTC)),
            ("2025-07-01 12:00:00 +0200", datetime(2025, 7, 1, 10, tzinfo=UTC)),
            ("2025-07-01 12:00", datetime(2025, 7, 1, 10, tzinfo=UTC)),
            ("2025-01-01 12:00", datetime(2025, 1, 1, 11, tzinfo=UTC)),
            ("1713418460", datetime(2024, 4, 18, 5, 34, 20, tzinfo=UTC)),
            ("1713418460000", datetime(2024, 4, 18, 5, 34, 20, tzinfo=UTC)),
            ("31.12.2024", datetime(2024, 12, 31, 11, tzinfo=UTC)),
            ("Dec 31, 2024 11:30 pm", datetime(2024, 12, 31, 22, 30, tzinfo=UTC)),
        ],
    )
    def test_a_date_is_read_in_the_accounts_zone(self, written: str, meant: datetime) -> None:
        assert DateReader(zone=VIENNA).read(written, self.NOW) == meant

    @pytest.mark.parametrize("written", ["", "soon", "2025-13-01", "1970-01-01", "2027-01-01", "5"])
    def test_what_is_none_is_refused(self, written: str) -> None:
        with pytest.raises(BadDate):
            DateReader(zone=VIENNA).read(written, self.NOW)

    def test_one_date_tells_the_order_of_all(self) -> None:
        reader = reader_of(["03/04/2025", "13/04/2025"], VIENNA)

        assert reader.read("03/04/2025", self.NOW).date().isoformat() == "2025-04-03"

    def test_dates_that_do_not_tell_are_refused(self) -> None:
        with pytest.raises(AmbiguousDates, match="«03/04/2025» can be read in two ways"):
            reader_of(["03/04/2025 10:00 AM", "2025-01-01", ""], VIENNA)

    def test_what_somebody_says_counts(self) -> None:
        reader = reader_of(["03/04/2025"], VIENNA, day_first=False)

        assert reader.read("03/04/2025", self.NOW).date().isoformat() == "2025-03-04"

    def test_dates_that_contradict_each_other_are_refused(self) -> None:
        with pytest.raises(AmbiguousDates, match="Some dates"):
            reader_of(["13/04/2025", "04/13/2025"], VIENNA)


def test_half_a_letter_in_a_dump_stops_nobody(business: None) -> None:
    rows = [
        {
            "id": f"a{one}",
            "score": 9,
            "created_at": 1_700_000_000 + one,
            "comment": "cut \ud83d" if one == 1 else "whole",
            "person": {"email": f"p{one}@example.org"},
        }
        for one in range(3)
    ]

    history, told = bring(json.dumps(rows), "delighted.json")

    assert (history.added, told) == (3, [])
    comments = reading().scalars(sa.select(Response.comment).order_by(Response.answered_at)).all()
    assert comments == ["whole", "cut", "whole"]


def test_a_comment_that_no_page_could_show_is_refused(business: None) -> None:
    content = f"Email;Score;Date;Comment\na@example.org;9;2024-03-01;{'x' * 60_000}\n"
    content += "b@example.org;8;2024-03-02;short\n"

    history, told = bring(content)

    assert history.added == 1
    assert [one.reason for one in told] == ["The comment is longer than 50,000 characters."]


def test_an_anonymous_survey_takes_no_answers_with_names(business: None) -> None:
    with factories.work() as work:
        quiet = create_survey(work, "Quiet", anonymous=True)

    history, told = bring(PLAIN.replace("Company", "Survey").replace("Analytics", "Quiet"))

    assert history.added == 2
    assert "There is no survey called «Quiet»" in told[0].reason
    assert quiet.id not in reading().scalars(sa.select(Response.survey_id)).all()
