"""The layouts in which other systems hand answers out, and what stands in them besides."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.contacts.models import Contact
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import COMMAND_LINE
from nps_portal.histories.judging import Rejection
from nps_portal.histories.layouts import Part, UnknownLayout
from nps_portal.histories.listed import listed_objects
from nps_portal.histories.models import History
from nps_portal.histories.running import run_history
from nps_portal.histories.taking import Choices
from nps_portal.histories.undoing import undo_history
from nps_portal.imports.reading import UnreadableFile
from nps_portal.responses.models import Response, ResponseAnswer
from nps_portal.surveys.models import SurveyQuestion
from tests.support import factories

VIENNA = ZoneInfo("Europe/Vienna")


@pytest.fixture(autouse=True)
def business(app: Flask) -> None:
    """Set a business up."""
    with factories.work() as work:
        factories.make_business(work)
        factories.make_survey(work)


def bring(content: str, filename: str = "answers.csv", **columns: str) -> History:
    chosen = Choices(columns={Part(part): header for part, header in columns.items()})
    told: list[Rejection] = []
    history = run_history(COMMAND_LINE, io.BytesIO(content.encode()), filename, chosen, told.append)
    assert told == []
    return history


def answers() -> list[Response]:
    return list(reading().scalars(sa.select(Response).order_by(Response.answered_at, Response.id)))


def further() -> list[tuple[int, str, str]]:
    rows = reading().execute(
        sa.select(Response.score, SurveyQuestion.texts, ResponseAnswer.value)
        .join(ResponseAnswer, ResponseAnswer.response_id == Response.id)
        .join(SurveyQuestion, SurveyQuestion.id == ResponseAnswer.question_id)
        .order_by(ResponseAnswer.id)
    )
    return [(score, texts["en"]["question"], value["text"]) for score, texts, value in rows]


def email_of(answer: Response) -> str:
    return reading().get_one(Contact, answer.contact_id).email


def test_qualtrics_three_rows_of_headers() -> None:
    history = bring(
        "StartDate,EndDate,Status,IPAddress,Progress,Finished,RecordedDate,ResponseId,"
        "RecipientEmail,Q1_NPS_GROUP,Q1,Q2,Q3\n"
        "Start Date,End Date,Response Type,IP Address,Progress,Finished,Recorded Date,Response ID,"
        "Recipient Email,How likely are you to recommend us? - Group,"
        "How likely are you to recommend us?,Why?,Which shop?\n"
        '"{""ImportId"":""startDate"",""timeZone"":""Z""}",x,x,x,x,x,x,x,x,x,x,x,x\n'
        "2025-01-31 08:00:00,2025-01-31 08:05:00,IP Address,192.0.2.1,100,True,"
        "2025-01-31 08:05:01,R_1,ada@example.org,Promoter,9,Kind people,Vienna\n"
    )

    (answer,) = answers()
    assert (history.layout, answer.score, answer.comment) == ("qualtrics", 9, "Kind people")
    assert answer.answered_at == datetime(2025, 1, 31, 8, 5, 1, tzinfo=VIENNA)
    assert email_of(answer) == "ada@example.org"
    assert further() == [(9, "Which shop?", "Vienna")]


def test_typeform() -> None:
    history = bring(
        "#,How likely are you to recommend Acme to a friend?,What is the reason?,Your email?,"
        "Email,Start Date (UTC),Submit Date (UTC),Network ID,Tags\n"
        "abc,10,Fast,,ada@example.org,2025-01-31 08:00:00,2025-01-31 08:01:00,f00,\n"
    )

    (answer,) = answers()
    assert (history.layout, answer.score, answer.comment) == ("typeform", 10, "Fast")
    assert email_of(answer) == "ada@example.org"


@pytest.mark.parametrize("stamp", ["2025/01/31 9:00:00 AM MEZ", "2025/01/31 09:00:00 GMT+1"])
def test_google_forms(stamp: str) -> None:
    bring(
        "Timestamp,Email Address,How likely are you to recommend us?,Anything else?\n"
        f"{stamp},ada@example.org,7,Good\n"
    )

    (answer,) = answers()
    assert (answer.score, answer.comment) == (7, "Good")
    assert answer.answered_at == datetime(2025, 1, 31, 8, tzinfo=UTC)


def test_google_forms_in_german() -> None:
    bring(
        "Zeitstempel;E-Mail-Adresse;Würden Sie uns weiterempfehlen?;Warum?\n"
        "31.01.2025 09:00:00;ada@example.org;7;Gut\n"
    )

    (answer,) = answers()
    assert (answer.score, answer.comment) == (7, "Gut")


def test_surveymonkeys_questions_over_several_columns() -> None:
    bring(
        "Respondent ID,Collector ID,Date Created,Date Modified,Email Address,"
        "How likely is it that you would recommend us?,Why?,Which did you buy?,\n"
        ",,,,,,Open-Ended Response,Bread,Cake\n"
        "1,5,2025-01-31 09:00:00,2025-01-31 09:05:00,ada@example.org,9,Tasty,Bread,Cake\n"
    )

    assert answers()[0].comment == "Tasty"
    assert further() == [
        (9, "Which did you buy?: Bread", "Bread"),
        (9, "Which did you buy?: Cake", "Cake"),
    ]


@pytest.mark.parametrize(
    ("headers", "row"),
    [
        ("Email,Score,Feedback,Created At,Survey", "ada@example.org,9,Fine,2025-01-31,default"),
        ("Date Submitted,Respondent Email,NPS,Comment", "2025-01-31,ada@example.org,9,Fine"),
        (
            "Customer email,NPS score,Feedback text,Response date",
            "ada@example.org,9,Fine,2025-01-31",
        ),
        ("Recipient Email,Rating,Text,Responded At", "ada@example.org,9,Fine,2025-01-31"),
        ("E-Mail;Punktzahl;Kommentar;Datum", "ada@example.org;9;Fine;31.01.2025"),
    ],
)
def test_tables_of_smaller_systems(headers: str, row: str) -> None:
    bring(f"{headers}\n{row}\n")

    (answer,) = answers()
    assert (answer.score, answer.comment, email_of(answer)) == (9, "Fine", "ada@example.org")


def test_what_stands_beside_an_answer_is_kept_and_where_somebody_was_is_not() -> None:
    bring(
        "Email,Score,Date,Comment,What do you miss?,Plan,IP Address,User Agent,Permalink\n"
        "ada@example.org,9,2025-01-31,Fine,Bread,Gold,192.0.2.1,Firefox,somewhere\n"
        "bob@example.org,3,2025-01-31,,,Silver,192.0.2.1,Firefox,somewhere\n"
    )

    assert further() == [
        (9, "What do you miss?", "Bread"),
        (9, "Plan", "Gold"),
        (3, "Plan", "Silver"),
    ]
    questions = reading().scalars(sa.select(SurveyQuestion)).all()
    assert all(one.archived_at is not None for one in questions)


def test_delighteds_properties_and_further_answers() -> None:
    bring(
        json.dumps(
            [
                {
                    "id": "1",
                    "person": {"email": "ada@example.org"},
                    "score": 9,
                    "created_at": 1713418460,
                    "person_properties": {"Country": "Austria", "Visits": 3, "Empty": None},
                    "additional_answers": [
                        {
                            "id": "q1",
                            "question": {"id": "q1", "type": "free_response", "text": "Why us?"},
                            "value": {"free_response": "near", "text": "near"},
                        }
                    ],
                }
            ]
        ),
        "survey_responses.json",
    )

    assert further() == [(9, "Country", "Austria"), (9, "Visits", "3"), (9, "Why us?", "near")]


def test_undo_takes_further_answers_and_their_questions_too() -> None:
    content = "Email,Score,Date,Plan\nada@example.org,9,2025-01-31,Gold\n"
    history = bring(content)

    undone = undo_history(COMMAND_LINE, history.id)

    assert (undone.answers, undone.left) == (1, 0)
    for model in (Response, ResponseAnswer, SurveyQuestion, Contact):
        assert reading().scalar(sa.select(sa.func.count()).select_from(model)) == 0


def test_a_second_file_asks_the_same_archived_questions() -> None:
    bring("Email,Score,Date,Plan\nada@example.org,9,2025-01-31,Gold\n")
    bring("Email,Score,Date,Plan\nada@example.org,8,2025-02-28,Silver\n")

    assert further() == [(9, "Plan", "Gold"), (8, "Plan", "Silver")]
    assert reading().scalar(sa.select(sa.func.count(SurveyQuestion.id))) == 1


def test_stars_are_not_taken_for_scores() -> None:
    rows = "".join(f"c{n}@example.org,{n % 5 + 1},2025-01-31\n" for n in range(20))

    with pytest.raises(UnknownLayout, match="from 1 to 5"):
        bring(f"Email,Rating,Date\n{rows}")


def test_stars_beside_a_score_leave_the_score_its_column() -> None:
    rows = "".join(f"c{n}@example.org,{n % 5 + 1},10,2025-01-31\n" for n in range(20))

    bring(f"Email,Rating,NPS,Date\n{rows}")

    assert {one.score for one in answers()} == {10}


def test_the_column_of_scores_is_told_by_its_cells() -> None:
    bring("Email,Score,Answer,Date\nada@example.org,promoter,9,2025-01-31\n")

    assert answers()[0].score == 9


class TestLists:
    def listed(self, text: str) -> Iterator[object]:
        return listed_objects(io.BytesIO(text.encode()), "a.json")

    def test_a_long_list_is_read_piece_by_piece(self) -> None:
        text = json.dumps({"total": 9, "data": [{"n": n, "text": "é" * 99} for n in range(9000)]})

        numbers = [one["n"] for one in self.listed(text) if isinstance(one, dict)]

        assert numbers == list(range(9000))

    @pytest.mark.parametrize("text", ['[{"a": 1}', '[{"a": 1},', "[{broken}]", '{"a": 1}', "{"])
    def test_what_breaks_off_is_refused(self, text: str) -> None:
        with pytest.raises(UnreadableFile, match="Nothing was imported"):
            list(self.listed(text))
