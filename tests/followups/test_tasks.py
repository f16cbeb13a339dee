"""Tasks: a call that a customer asked for, from the wish to its end."""

import pytest
from flask import Flask

from nps_portal.followups.commands import CallWishes, ask_for_call, close_task, start_task
from nps_portal.followups.models import Task, TaskIsClosed, TaskState
from nps_portal.foundation.database import reading
from nps_portal.responses.commands import Answer, submit_answer
from tests.customer_pages.asking import ask
from tests.support import factories
from tests.support.client import PortalClient

WISHES = CallWishes(
    phone="+49 30 1234", times=("In the morning, 9 to 12",), about="<b>The bill</b>"
)


def asked(app: Flask, name: str = "Marta Berg") -> int:
    """Return the Task of a customer who has answered and asked for a call."""
    invitation_id = ask(app, name).invitation_id
    with factories.work() as work:
        response = submit_answer(work, invitation_id, Answer(score=3, comment=""))
        return ask_for_call(work, response.id, WISHES).id


def task(task_id: int) -> Task:
    return reading().get_one(Task, task_id, populate_existing=True)


def test_a_wish_for_a_call_becomes_a_task_that_is_due_in_two_days(
    app: Flask, owner: PortalClient
) -> None:
    made = task(asked(app))

    assert made.state is TaskState.OPEN
    assert (made.due_at - made.created_at).days == 2
    assert made.wishes == "+49 30 1234\nIn the morning, 9 to 12\n<b>The bill</b>"


def test_what_is_wished_later_stands_above_what_was_wished_before(
    app: Flask, owner: PortalClient
) -> None:
    first = asked(app)
    with factories.work() as work:
        response_id = work.session.get_one(Task, first).response_id
        assert response_id is not None
        again = [
            ask_for_call(work, response_id, wishes).id
            for wishes in (WISHES, CallWishes(phone="0800"), CallWishes(phone="0800"))
        ]

    assert set(again) == {first}
    assert task(first).wishes == ("0800\n\n+49 30 1234\nIn the morning, 9 to 12\n<b>The bill</b>")


def test_the_list_shows_who_is_to_be_called_and_counts_them_in_the_navigation(
    app: Flask, owner: PortalClient
) -> None:
    asked(app, "<i>Marta</i>")

    page = owner.get("/tasks").text

    assert "Call back: &lt;i&gt;Marta&lt;/i&gt;" in page
    assert "&lt;b&gt;The bill&lt;/b&gt;" in page


def test_a_task_is_started_and_closed_with_what_came_of_it(app: Flask, owner: PortalClient) -> None:
    task_id = asked(app)

    owner.post_form(f"/tasks/{task_id}/start")
    started = task(task_id).state
    refused = owner.post_form(f"/tasks/{task_id}/closure", {"outcome": " "})
    closed = owner.post_form(f"/tasks/{task_id}/closure", {"outcome": "All is well again."})

    assert started is TaskState.IN_PROGRESS
    assert refused.status_code == 422
    assert closed.status_code == 303
    assert task(task_id).outcome == "All is well again."
    assert "Nothing to do" in owner.get("/tasks").text
    assert "Call back" in owner.get("/tasks?state=closed").text


def test_a_closed_task_stays_as_it_is(app: Flask, owner: PortalClient) -> None:
    task_id = asked(app)
    with factories.work() as work:
        close_task(work, task_id, "Done.")

    with pytest.raises(TaskIsClosed), factories.work() as work:
        start_task(work, task_id)
    answer = owner.post_form(f"/tasks/{task_id}/closure", {"outcome": "Once more"})

    assert answer.status_code == 303
    assert task(task_id).outcome == "Done."


def test_a_task_that_does_not_exist_is_not_found(app: Flask, owner: PortalClient) -> None:
    assert owner.get("/tasks/99").status_code == 404
