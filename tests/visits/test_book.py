"""The visit book: many openings at once are all kept, in few transactions, or all refused."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Connection

from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import DatabaseUnavailable, db, reading
from nps_portal.outbox.models import Message, MessageState
from nps_portal.visits.book import VisitBook
from nps_portal.visits.commands import VisitFacts
from nps_portal.visits.models import Visit, VisitKind
from tests.customer_pages.asking import ask
from tests.support import factories

READERS = 24


def facts(score: int | None = 9) -> VisitFacts:
    return VisitFacts(
        kind=VisitKind.SURVEY_PAGE,
        method="GET",
        network="192.0.2.0/24",
        user_agent="Firefox",
        purpose="",
        score=score,
    )


def test_openings_at_the_same_moment_share_transactions(app: Flask) -> None:
    invitation_id = ask(app).invitation_id
    book, together = VisitBook(), threading.Barrier(READERS)
    commits: list[Connection] = []

    def open_page(score: int) -> None:
        with app.app_context():
            together.wait()
            book.write(invitation_id, facts(score % 11), current_clock().now())

    event.listen(db.engine, "commit", commits.append)
    with ThreadPoolExecutor(READERS) as readers:
        list(readers.map(open_page, range(READERS)))

    scores = reading().scalars(sa.select(Visit.score).order_by(Visit.score)).all()
    assert list(scores) == sorted(number % 11 for number in range(READERS))
    assert len(commits) <= READERS


def test_what_could_not_be_written_is_said_to_everybody_who_waits(app: Flask) -> None:
    invitation_id = ask(app).invitation_id
    book = VisitBook()
    with factories.work() as work:
        work.session.execute(sa.text("ALTER TABLE visits RENAME TO lost_visits"))

    with pytest.raises(DatabaseUnavailable):
        book.write(invitation_id, facts(), current_clock().now())
    with factories.work() as work:
        work.session.execute(sa.text("ALTER TABLE lost_visits RENAME TO visits"))
    book.write(invitation_id, facts(), current_clock().now())

    assert reading().scalar(sa.select(sa.func.count(Visit.id))) == 1


def test_a_visit_knows_how_long_after_the_email_it_came_and_of_which_domain(
    app: Flask, clock: object
) -> None:
    invitation_id = ask(app).invitation_id

    VisitBook().write(invitation_id, facts(), current_clock().now())

    visit = reading().scalars(sa.select(Visit)).one()
    assert visit.seconds_since_sent == 0
    assert visit.mail_domain == "example.org"
    assert visit.verdict is None


def test_an_opened_score_shows_that_an_uncertain_email_had_left(app: Flask) -> None:
    invitation_id = ask(app).invitation_id
    with factories.work() as work:
        work.session.execute(sa.update(Message).values(state=MessageState.UNCERTAIN, sent_at=None))

    VisitBook().write(invitation_id, facts(score=None), current_clock().now())
    unsure = reading().scalars(sa.select(Message.state)).all()
    VisitBook().write(invitation_id, facts(score=3), current_clock().now())

    assert list(unsure) == [MessageState.UNCERTAIN]
    assert reading().scalars(sa.select(Message.state)).all() == [MessageState.SENT]
