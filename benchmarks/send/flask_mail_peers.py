"""The same email sent with Flask-Mail: as its tutorials write it, and as well as it can be."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import flask_mail
from flask import Flask, render_template
from flask_sqlalchemy import SQLAlchemy
from jinja2 import DictLoader
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from benchmarks.send.job import Job
from benchmarks.send.letter import SENDER_EMAIL, SENDER_NAME, Address
from benchmarks.support import SECRET, Measured, measure

PAGE = 500


class _Base(DeclarativeBase):
    """The root of the peers' one table."""


db = SQLAlchemy(model_class=_Base)
mail = flask_mail.Mail()


class Recipient(db.Model):  # type: ignore[name-defined, misc]  # made by the extension at run time
    """Somebody to write to."""

    __tablename__ = "recipients"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    name: Mapped[str]
    first_name: Mapped[str]
    token: Mapped[str]
    sent_at: Mapped[datetime | None]


def connection_each(job: Job) -> Measured:
    """Send as the first page of the documentation does: a connection for each message."""
    return _measured(job, _connection_each)


def one_connection(job: Job) -> Measured:
    """Send as its page on bulk emails does: all over one connection."""
    return _measured(job, _one_connection)


def commit_a_page(job: Job) -> Measured:
    """Send over one connection, reading and committing 500 rows at a time.

    A crash would send up to 500 people their email again.
    """
    return _measured(job, _commit_a_page)


def _connection_each() -> int:
    waiting = Recipient.query.filter_by(sent_at=None).all()
    for recipient in waiting:
        mail.send(_message(recipient))
        recipient.sent_at = datetime.now(UTC)
        db.session.commit()
    return len(waiting)


def _one_connection() -> int:
    waiting = Recipient.query.filter_by(sent_at=None).all()
    with mail.connect() as connection:
        for recipient in waiting:
            connection.send(_message(recipient))
            recipient.sent_at = datetime.now(UTC)
            db.session.commit()
    return len(waiting)


def _commit_a_page() -> int:
    sent = 0
    with mail.connect() as connection:
        while page := Recipient.query.filter_by(sent_at=None).limit(PAGE).all():
            for recipient in page:
                connection.send(_message(recipient))
                recipient.sent_at = datetime.now(UTC)
            db.session.commit()
            sent += len(page)
    return sent


def _message(recipient: Recipient) -> flask_mail.Message:
    values = Address(
        email=recipient.email,
        name=recipient.name,
        first_name=recipient.first_name,
        token=recipient.token,
    ).values()
    return flask_mail.Message(
        subject=render_template("subject.txt", **values),
        sender=(SENDER_NAME, SENDER_EMAIL),
        recipients=[(recipient.name, recipient.email)],
        body=render_template("body.txt", **values),
        html=render_template("body.html", **values),
        extra_headers={
            "List-Unsubscribe": f"<{values['unsubscribe_url']}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )


def _measured(job: Job, send: Callable[[], int]) -> Measured:
    with _application(job):
        return measure(send)


@contextmanager
def _application(job: Job) -> Iterator[None]:
    app = Flask(__name__)
    app.config.from_mapping(
        SECRET_KEY=SECRET,
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{job.database}",
        MAIL_SERVER="127.0.0.1",
        MAIL_PORT=job.port,
    )
    letter = job.letter
    templates = {"subject.txt": letter.subject, "body.txt": letter.text, "body.html": letter.html}
    app.jinja_loader = DictLoader(templates)
    db.init_app(app)
    mail.init_app(app)
    with app.app_context():
        yield
        db.session.remove()
        db.engine.dispose()
