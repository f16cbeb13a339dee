"""The same email sent with Flask-Mail: as its tutorials write it, and as well as it can be."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import flask_mail
from flask import Flask, render_template
from flask_sqlalchemy import SQLAlchemy
from itsdangerous import URLSafeSerializer
from jinja2 import DictLoader
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from benchmarks.people import people
from benchmarks.support import SECRET, Measured, measure

PUBLIC_URL = "https://feedback.acme.example"
PAGE = 500


class _Base(DeclarativeBase):
    """The root of the peers' one table."""


db = SQLAlchemy(model_class=_Base)
mail = flask_mail.Mail()


class Recipient(db.Model):  # type: ignore[name-defined, misc]  # made by the extension at run time
    """Somebody to write to."""

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    name: Mapped[str]
    first_name: Mapped[str]
    company: Mapped[str]
    sent_at: Mapped[datetime | None]


def fill(database_url: str, count: int) -> None:
    """Make the table and add the recipients."""
    with _application(database_url, port=0, templates={}):
        db.create_all()
        db.session.add_all(
            Recipient(
                email=one.email,
                name=f"{one.first_name} {one.last_name}",
                first_name=one.first_name,
                company=one.company,
            )
            for one in people(count)
        )
        db.session.commit()


def forget_sent(database_url: str) -> None:
    """Let everybody be written to once more."""
    with _application(database_url, port=0, templates={}):
        db.session.query(Recipient).update({"sent_at": None})
        db.session.commit()


def connection_each(database_url: str, port: int, templates: Mapping[str, str]) -> Measured:
    """Send as the first page of the documentation does: a connection for each message."""
    return _measured(database_url, port, templates, _connection_each)


def one_connection(database_url: str, port: int, templates: Mapping[str, str]) -> Measured:
    """Send as its page on bulk emails does: all over one connection."""
    return _measured(database_url, port, templates, _one_connection)


def commit_a_page(database_url: str, port: int, templates: Mapping[str, str]) -> Measured:
    """Send over one connection, reading and committing 500 rows at a time.

    A crash would send up to 500 people their email again.
    """
    return _measured(database_url, port, templates, _commit_a_page)


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
    token = URLSafeSerializer(SECRET, salt="survey").dumps(recipient.id)
    unsubscribe_url = f"{PUBLIC_URL}/u/{token}"
    values = {
        "name": recipient.name,
        "first_name": recipient.first_name,
        "company": recipient.company,
        "survey_url": f"{PUBLIC_URL}/s/{token}",
        "unsubscribe_url": unsubscribe_url,
        "image_url": f"{PUBLIC_URL}/static/score_images",
    }
    return flask_mail.Message(
        subject=render_template("subject.txt", **values).strip(),
        sender=("Jo at Acme", "feedback@acme.example"),
        recipients=[recipient.email],
        body=render_template("body.txt", **values),
        html=render_template("body.html", **values),
        extra_headers={
            "List-Unsubscribe": f"<{unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )


@contextmanager
def _application(database_url: str, port: int, templates: Mapping[str, str]) -> Iterator[None]:
    app = Flask(__name__)
    app.config.from_mapping(
        SECRET_KEY=SECRET,
        SQLALCHEMY_DATABASE_URI=database_url,
        MAIL_SERVER="127.0.0.1",
        MAIL_PORT=port,
    )
    app.jinja_loader = DictLoader(templates)
    db.init_app(app)
    mail.init_app(app)
    with app.app_context():
        yield
        db.session.remove()
        db.engine.dispose()


def _measured(
    database_url: str, port: int, templates: Mapping[str, str], send: Callable[[], int]
) -> Measured:
    with _application(database_url, port, templates):
        return measure(send)
