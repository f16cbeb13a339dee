"""Further questions: what can be asked, and that no answer ever changes its meaning."""

import pytest
from flask import Flask

from nps_portal.foundation.database import reading
from nps_portal.journal.models import Event
from nps_portal.nps import Category
from nps_portal.surveys import questions
from nps_portal.surveys.models import QuestionKind, Survey, SurveyQuestion
from nps_portal.surveys.queries import archived_questions, questions_of
from nps_portal.surveys.questions import (
    Direction,
    QuestionDraft,
    QuestionText,
    UnusableQuestion,
)
from tests.support import factories
from tests.support.client import PortalClient

FORM = {
    "question": "What did you buy?",
    "kind": "choice",
    "categories": ["promoter", "detractor"],
    "choices": "Tools\r\n\r\n  Timber \r\nPaint",
}


def draft(
    *choices: str, question: str = "What did you buy?", kind: QuestionKind | None = None
) -> QuestionDraft:
    return QuestionDraft(
        kind=kind or (QuestionKind.CHOICE if choices else QuestionKind.LINE),
        categories=tuple(Category),
        language="en",
        text=QuestionText(question=question, choices=choices),
    )


def add(*choices: str, question: str = "What did you buy?") -> int:
    with factories.work() as work:
        survey = factories.make_survey(work)
        return questions.add_question(work, survey.id, draft(*choices, question=question)).id


def change(question_id: int, new: QuestionDraft) -> int:
    with factories.work() as work:
        return questions.change_question(work, question_id, new).id


def asked() -> list[SurveyQuestion]:
    return list(questions_of(reading(), survey().id))


def survey() -> Survey:
    with factories.work() as work:
        return factories.make_survey(work)


def test_a_question_is_added_in_the_form(owner: PortalClient) -> None:
    before = survey().version

    answer = owner.post_form(f"/surveys/{survey().id}/questions", FORM)

    [question] = asked()
    assert answer.status_code == 303
    assert question.kind is QuestionKind.CHOICE
    assert question.categories == ["promoter", "detractor"]
    assert question.texts == {
        "en": {"question": "What did you buy?", "choices": ["Tools", "Timber", "Paint"]}
    }
    assert survey().version == before + 1
    page = owner.get(f"/surveys/{survey().id}/questions").text
    assert "promoters and detractors" in page


def test_what_is_done_with_a_question_is_written_down(app: Flask) -> None:
    number = add("Tools", "Timber")
    with factories.work() as work:
        questions.translate_question(
            work, number, "de", QuestionText(question="Was?", choices=("Werkzeug", "Holz"))
        )
        questions.archive_question(work, number)
        questions.restore_question(work, number)

    kinds = [event.kind for event in reading().query(Event).order_by(Event.id)]
    assert kinds[-4:] == [
        "survey.question_added",
        "survey.question_translated",
        "survey.question_archived",
        "survey.question_restored",
    ]


@pytest.mark.parametrize(
    ("field", "changes", "fault"),
    [
        ("question", {"question": " "}, "Write the question"),
        ("question", {"question": "x" * 301}, "301 characters; 300 are possible"),
        ("categories", {"categories": []}, "Choose who is asked"),
        ("choices", {"choices": "One"}, "these are 1"),
        ("choices", {"choices": "\n".join("abcdefghijk")}, "these are 11"),
        ("choices", {"choices": "Paint\npaint"}, "Two of the choices are the same"),
        ("choices", {"choices": f"{'x' * 121}\ny"}, "121 characters; 120 are possible"),
        ("low", {"kind": "scale", "low": "x" * 61}, "61 characters; 60 are possible"),
    ],
)
def test_a_fault_stands_beside_its_field(
    owner: PortalClient, field: str, changes: dict[str, object], fault: str
) -> None:
    answer = owner.post_form(f"/surveys/{survey().id}/questions", FORM | changes)

    assert answer.status_code == 422
    assert fault in answer.text[answer.text.index(f'id="{field}-error"') :][:600]
    assert asked() == []


def test_ten_questions_are_the_most(owner: PortalClient) -> None:
    for number in range(10):
        add(question=f"Question {number}?")

    answer = owner.post_form(f"/surveys/{survey().id}/questions", FORM)

    assert answer.status_code == 422
    assert "There are 10 questions already" in answer.text
    assert "Add a question" not in owner.get(f"/surveys/{survey().id}/questions").text
    assert len(asked()) == 10


def test_other_words_and_a_choice_at_the_end_keep_the_question(app: Flask) -> None:
    number = add("Tools", "Timber")

    same = change(number, draft("Hand tools", "Timber", "Paint", question="What was it?"))

    [question] = asked()
    assert same == question.id == number
    assert question.texts["en"]["choices"] == ["Hand tools", "Timber", "Paint"]


@pytest.mark.parametrize(
    "new",
    [
        draft("Timber", "Tools"),
        draft("Timber", "Paint"),
        draft("Tools", "Timber", kind=QuestionKind.SEVERAL),
        draft(kind=QuestionKind.TEXT),
    ],
    ids=["moved", "gone", "several", "text"],
)
def test_where_an_answer_would_mean_something_else_a_new_question_follows(
    app: Flask, new: QuestionDraft
) -> None:
    first, last = add("Tools", "Timber"), add(question="Who helped you?")

    follower = change(first, new)

    [former] = archived_questions(reading(), survey().id)
    assert [question.id for question in asked()] == [follower, last]
    assert former.id == first != follower
    assert former.kind is QuestionKind.CHOICE
    assert former.texts["en"]["choices"] == ["Tools", "Timber"]


def test_a_translation_has_as_many_choices_as_the_original(owner: PortalClient) -> None:
    number = add("Tools", "Timber")
    address = f"/surveys/{survey().id}/questions/{number}?language=de"

    page = owner.get(address).text
    faulty = owner.post_form(address, {"question": "Was?", "choices": "Werkzeug"})
    good = owner.post_form(address, {"question": "Was?", "choices": "Werkzeug\nHolz"})

    assert "What did you buy?" in page
    assert faulty.status_code == 422
    assert "Write 2 choices, in the same order" in faulty.text
    assert good.status_code == 303
    [question] = asked()
    assert question.texts["de"] == {"question": "Was?", "choices": ["Werkzeug", "Holz"]}


def test_a_choice_that_a_translation_lacks_is_shown(owner: PortalClient) -> None:
    number = add("Tools", "Timber")
    with factories.work() as work:
        german = QuestionText(question="Was?", choices=("Werkzeug", "Holz"))
        questions.translate_question(work, number, "de", german)

    change(number, draft("Tools", "Timber", "Paint"))

    page = owner.get(f"/surveys/{survey().id}/questions").text
    assert "choices missing: Deutsch" in page


def test_questions_change_places(owner: PortalClient) -> None:
    one, two, three = (add(question=f"{name}?") for name in ("One", "Two", "Three"))
    address = f"/surveys/{survey().id}/questions"

    owner.post_form(f"{address}/{three}/up")
    owner.post_form(f"{address}/{one}/down")

    assert [question.id for question in asked()] == [three, one, two]
    page = owner.get(address).text
    assert "Move up: Three?" not in page
    assert "Move down: Two?" not in page


def test_the_first_question_cannot_go_further_up(app: Flask) -> None:
    one, two = add(question="One?"), add(question="Two?")
    before = survey().version

    with factories.work() as work:
        questions.move_question(work, one, Direction.UP)

    assert [question.id for question in asked()] == [one, two]
    assert survey().version == before


def test_an_archived_question_can_be_asked_again_after_the_others(owner: PortalClient) -> None:
    one, two = add(question="One?"), add(question="Two?")
    address = f"/surveys/{survey().id}/questions"

    owner.post_form(f"{address}/{one}/archive")
    without = [question.id for question in asked()]
    owner.post_form(f"{address}/{one}/return")

    assert without == [two]
    assert [question.id for question in asked()] == [two, one]


def test_an_eleventh_question_is_not_taken_back(app: Flask) -> None:
    archived = add(question="Old?")
    with factories.work() as work:
        questions.archive_question(work, archived)
    for number in range(10):
        add(question=f"Question {number}?")

    with pytest.raises(UnusableQuestion, match="10 questions already"), factories.work() as work:
        questions.restore_question(work, archived)


def test_a_question_of_another_survey_is_not_found(owner: PortalClient) -> None:
    number = add()

    assert owner.get(f"/surveys/{survey().id + 1}/questions/{number}").status_code == 404
    assert owner.get(f"/surveys/{survey().id}/questions/{number + 1}").status_code == 404
