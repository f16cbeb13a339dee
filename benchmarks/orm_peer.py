"""Bringing the same file in with Flask-SQLAlchemy: a look-up and a change for each row."""

import csv
from datetime import UTC, datetime
from pathlib import Path

from email_validator import EmailNotValidError, validate_email
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from benchmarks.sqlite3_peer import Counted
from benchmarks.support import measure


class _Base(DeclarativeBase):
    """The root of the peer's one table."""


db = SQLAlchemy(model_class=_Base)


class Contact(db.Model):  # type: ignore[name-defined, misc]  # made by the extension at run time
    """Somebody who may be asked."""

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    first_name: Mapped[str] = mapped_column(default="")
    last_name: Mapped[str] = mapped_column(default="")
    company: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]


def import_file(database_url: str, path: Path, known: list[str]) -> Counted:
    """Look each row's address up, add or change it, and commit once at the end."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = database_url
    db.init_app(app)
    with app.app_context():
        db.create_all()
        now = datetime.now(UTC)
        db.session.add_all(Contact(email=email, created_at=now) for email in known)
        db.session.commit()
        db.session.remove()
        measured = measure(lambda: _bring_in(path, now))
        counted = Counted(measured=measured, contacts=Contact.query.count())
        db.session.remove()
        db.engine.dispose()
        return counted


def _bring_in(path: Path, now: datetime) -> int:
    rows_read = 0
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rows_read += 1
            try:
                email = validate_email(row["Email"], check_deliverability=False).normalized
            except EmailNotValidError:
                continue
            contact = Contact.query.filter_by(email=email).first()
            if contact is None:
                contact = Contact(email=email, created_at=now)
                db.session.add(contact)
            contact.first_name = row["First name"]
            contact.last_name = row["Last name"]
            contact.company = row["Company"]
            contact.language = row["Language"]
    db.session.commit()
    return rows_read
