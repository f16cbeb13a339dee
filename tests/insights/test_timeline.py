"""Events and visits put into words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nps_portal.foundation.work import ActorKind
from nps_portal.insights.timeline import entry_of, import_id_of, openings, timeline
from nps_portal.journal.models import Event
from nps_portal.visits.models import Verdict, Visit, VisitKind

AT = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
NAMES = {1: "Jo Baker"}


def link(endpoint: str, **values: object) -> str:
    return f"{endpoint} {values}"


def event(
    kind: str, actor: ActorKind = ActorKind.WORKER, actor_id: int | None = None, **facts: Any
) -> Event:
    return Event(kind=kind, at=AT, actor_kind=actor, actor_id=actor_id, contact_id=5, facts=facts)


def visit(
    at: datetime = AT,
    score: int | None = None,
    *,
    kind: VisitKind = VisitKind.SURVEY_PAGE,
    verdict: Verdict | None = None,
    invitation_id: int = 1,
) -> Visit:
    return Visit(invitation_id=invitation_id, at=at, kind=kind, score=score, verdict=verdict)


def words(kind: str, **facts: Any) -> tuple[str, str, str]:
    entry = entry_of(event(kind, **facts), NAMES, link)
    return entry.title, entry.text, entry.kind


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("contact.added", "Added to your contacts"),
        ("contact.imported", "Imported"),
        ("contact.updated", "Changed by an import"),
        ("contact.import_undone", "An import taken back"),
        ("contact.edited", "Details changed"),
        ("contact.removed", "Removed from your contacts"),
        ("contact.restored", "Brought back"),
        ("contact.invited", "Chosen for a survey"),
        ("response.excluded", "Answer taken out of the score"),
        ("response.counted", "Answer counted"),
        ("contact.suppression_lifted", "May be mailed again"),
    ],
)
def test_what_happens_to_a_contact_has_its_words(kind: str, title: str) -> None:
    assert words(kind)[0] == title


@pytest.mark.parametrize(
    ("kind", "mail", "title"),
    [
        ("message.sent", "invitation", "Survey email sent"),
        ("message.sent", "reminder", "Reminder sent"),
        ("message.failed", "invitation", "Survey email failed"),
        ("message.uncertain", None, "Email uncertain"),
        ("message.requeued", "follow_up", "Follow-up email queued once more"),
        ("message.cancelled", "something new", "Email cancelled"),
        ("message.delayed", "invitation", "Survey email delayed"),
        ("message.resolved", "invitation", "Survey email has left after all"),
        ("message.complained", "reminder", "Reminder reported as spam"),
        ("message.auto_replied", "invitation", "Survey email answered by an automatic reply"),
        ("message.replied", "invitation", "Survey email answered by email"),
    ],
)
def test_a_message_is_named_by_what_it_was(kind: str, mail: str | None, title: str) -> None:
    assert words(kind, **({"mail": mail} if mail else {}))[0] == title


def test_what_came_back_says_why() -> None:
    hard = words("message.bounced", mail="invitation", bounce="hard", status="5.1.1")
    soft = words("message.bounced", mail="reminder", bounce="soft", status="4.2.2")

    assert hard == ("Survey email came back", "The address does not exist.", "red")
    assert soft == ("Reminder came back", "The mailbox could not take it.", "red")


@pytest.mark.parametrize(
    ("reason", "title"),
    [
        ("unsubscribed", "Unsubscribed"),
        ("hard_bounce", "The address does not exist"),
        ("complaint", "Reported an email as spam"),
        ("erased", "Asked to be erased"),
        ("blocked_by_hand", "Blocked by hand"),
    ],
)
def test_a_suppression_is_told_with_its_reason(reason: str, title: str) -> None:
    assert words("contact.suppressed", reason=reason)[0] == title


@pytest.mark.parametrize(
    ("score", "has_comment", "told"),
    [
        (10, True, ("Answered 10", "A promoter, with a comment.", "green")),
        (8, False, ("Answered 8", "A passive.", "amber")),
        (0, False, ("Answered 0", "A detractor.", "red")),
    ],
)
def test_an_answer_is_told_with_score_and_category(
    score: int, has_comment: bool, told: tuple[str, str, str]
) -> None:
    assert words("response.submitted", score=score, has_comment=has_comment) == told


def test_a_changed_answer_is_told_as_a_change() -> None:
    assert words("response.changed", score=3)[0] == "Changed the answer to 3"


def test_a_kind_that_is_not_known_shows_in_plain_words() -> None:
    assert words("task.closed_by_phone", outcome=1)[0] == "Task closed by phone"


def test_facts_that_are_missing_hide_nothing() -> None:
    assert words("response.submitted")[0] == "Response submitted"
    assert words("contact.suppressed", reason="new reason")[0] == "Contact suppressed"


def test_who_acted_is_named() -> None:
    by_user = entry_of(event("contact.edited", ActorKind.USER, 1), NAMES, link)
    by_stranger = entry_of(event("contact.edited", ActorKind.USER, 9), NAMES, link)
    by_command = entry_of(event("contact.edited", ActorKind.COMMAND_LINE), NAMES, link)

    assert by_user.text == "By Jo Baker."
    assert by_stranger.text == ""
    assert by_command.text == "From the command line."


@pytest.mark.parametrize(
    ("facts", "url"),
    [
        ({"response_id": 4, "survey_id": 2}, "responses.show {'response_id': 4}"),
        ({"batch_id": 7}, "batches.show {'batch_id': 7}"),
        ({"source": "import:3"}, "imports.show {'import_id': 3}"),
        ({"source": "by hand"}, None),
        ({}, None),
    ],
)
def test_an_entry_leads_to_the_thing_itself(facts: dict[str, Any], url: str | None) -> None:
    assert entry_of(event("contact.thing", **facts), NAMES, link).url == url


@pytest.mark.parametrize(
    ("source", "found"), [("import:12", 12), ("import", None), ("import:x", None), (None, None)]
)
def test_a_source_may_name_its_import(source: str | None, found: int | None) -> None:
    assert import_id_of(source) == found


def test_an_opening_names_the_score_in_the_link_and_is_not_counted() -> None:
    [entry] = openings([visit(score=9)])

    assert entry.title == "Opened the link"
    assert entry.text == "Score in the link: 9, not counted."


def test_openings_of_one_sitting_are_one_entry() -> None:
    newest_first = [visit(AT + timedelta(seconds=10 - n), 10 - n) for n in range(11)]

    [entry] = openings(newest_first)

    assert entry.title == "Opened the link 11 times"
    assert entry.text == "Score in the link: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, not counted."
    assert entry.at == AT + timedelta(seconds=10)


def test_later_openings_and_those_of_other_links_stand_alone() -> None:
    newest_first = [
        visit(AT + timedelta(minutes=11), 9),
        visit(AT, 9),
        visit(AT, 9, invitation_id=2),
    ]

    assert [entry.title for entry in openings(newest_first)] == ["Opened the link"] * 3


def test_a_machine_is_called_a_machine() -> None:
    [entry] = openings([visit(verdict=Verdict.MACHINE)])

    assert entry.title == "A machine opened the link"
    assert entry.icon == "robot"


def test_the_unsubscribe_page_is_told_apart() -> None:
    [entry] = openings([visit(kind=VisitKind.UNSUBSCRIBE_PAGE)])

    assert (entry.title, entry.text) == ("Opened the unsubscribe page", "")


def test_what_was_sent_from_a_page_is_not_told_twice() -> None:
    sent = [visit(kind=VisitKind.SUBMISSION), visit(kind=VisitKind.UNSUBSCRIBE)]

    assert openings(sent) == []


def test_events_and_openings_are_one_story_newest_first() -> None:
    early, late = event("contact.added"), event("response.submitted", score=9)
    late.at = AT + timedelta(hours=2)

    entries = timeline([late, early], [visit(AT + timedelta(hours=1))], NAMES, link)

    assert [entry.title for entry in entries] == [
        "Answered 9",
        "Opened the link",
        "Added to your contacts",
    ]


@pytest.mark.parametrize(
    ("kind", "facts", "title"),
    [
        ("contact.reminded", {}, "Reminded"),
        ("contact.paused", {"until": "2026-06-01T00:00:00+00:00"}, "Paused surveys"),
        ("contact.pause_ended", {}, "May be asked again"),
        ("contact.erased", {}, "Erased"),
        ("task.opened", {"task_id": 3}, "Task opened"),
        ("task.closed", {"task_id": 3}, "Task closed"),
        ("response.held", {"score": 3}, "An answer of 3 was held"),
        ("response.change_held", {"score": 9}, "A change was held; the answer stays 9"),
        ("response.clicked", {"score": 8}, "Clicked 8, not sent"),
        ("response.counted", {"score": 8}, "Answer counted: 8"),
        ("response.held", {"score": "<b>"}, "Response held"),
    ],
)
def test_what_people_and_machines_did_has_its_words(
    kind: str, facts: dict[str, Any], title: str
) -> None:
    assert words(kind, **facts)[0] == title


def test_a_pause_says_until_when() -> None:
    known = words("contact.paused", until="2026-06-01T00:00:00+00:00")
    unknown = words("contact.paused", until=None)

    assert known[1] == "Nothing is sent before 01 June 2026."
    assert unknown[1] == ""


def test_a_task_leads_to_its_page() -> None:
    entry = entry_of(event("task.opened", task_id=3, response_id=4), NAMES, link)

    assert entry.url == "tasks.show {'task_id': 3}"


def test_a_machine_is_told_with_all_its_signs() -> None:
    burst = [
        visit(AT + timedelta(seconds=2), kind=VisitKind.DECOY, verdict=Verdict.MACHINE),
        visit(AT + timedelta(seconds=1), 1, verdict=Verdict.MACHINE),
        visit(AT, 0, verdict=Verdict.MACHINE),
    ]
    burst[0].marks = {"rules": ["decoy"]}
    burst[1].marks = {"rules": ["head", "decoy"]}
    burst[2].marks = {}

    [entry] = openings(burst)

    assert entry.title == "A machine opened the link 3 times"
    assert entry.text == (
        "Score in the link: 0, 1, not counted. Why: asked for the headers of the page only; "
        "opened the link that people cannot see."
    )


def test_an_unclear_opening_says_so() -> None:
    [entry] = openings([visit(score=9, verdict=Verdict.UNCLEAR)])

    assert entry.text.endswith("Whether a person or a machine is unclear.")


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({}, ""),
        ({"fields": ["email", "time_zone"]}, "Email, time zone."),
        ({"fields": ["company"], "properties": [3]}, "Company, one property."),
        ({"fields": [], "properties": [3, 4]}, "2 properties."),
    ],
)
def test_an_edit_says_which_fields_were_changed(facts: dict[str, Any], text: str) -> None:
    assert words("contact.edited", **facts) == ("Details changed", text, "neutral")
