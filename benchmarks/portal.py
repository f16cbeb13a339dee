"""The portal as a contestant: what its commands and duties do, each in a process of its own."""

import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask

from benchmarks.send.letter import Letter
from benchmarks.support import Measured, measure
from nps_portal import create_app
from nps_portal.accounts.commands import create_first_owner
from nps_portal.accounts.portal_settings import change_settings
from nps_portal.batches.audience import EVERYBODY
from nps_portal.batches.commands import BatchPlan, schedule_batch, start_due_batches
from nps_portal.batches.inviting import invite_next
from nps_portal.batches.models import Invitation
from nps_portal.config import load_settings
from nps_portal.contacts.commands import ContactDetails, upsert_contacts
from nps_portal.contacts.models import Contact, PropertyKind
from nps_portal.contacts.properties import PropertySpec
from nps_portal.delivery.turns import deliver_due_messages
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.database import reading
from nps_portal.foundation.merging import MergeChoice, MergeField, Piece, pieces_of
from nps_portal.foundation.tokens import Purpose, make_token
from nps_portal.foundation.work import COMMAND_LINE, WORKER, unit_of_work
from nps_portal.imports.commands import Choice, choice_of, confirm_import
from nps_portal.imports.mapping import Mapping as ColumnMapping
from nps_portal.imports.queries import import_by_id
from nps_portal.imports.running import run_import
from nps_portal.imports.taking_in import take_in
from nps_portal.imports.undo_commands import start_undo
from nps_portal.mail import dkim
from nps_portal.outbox.models import EmailContent
from nps_portal.responses.models import Response, ResponseState
from nps_portal.surveys.commands import ensure_default_survey
from nps_portal.surveys.email import Look, compile_invitation
from nps_portal.surveys.wording import Wording
from nps_portal.visits.models import Visit

BUSINESS = "Acme Supplies"
POSTAL_ADDRESS = "1 High Street, Anytown"

Environment = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What an import brought, and what it and its Undo needed; who is left after the Undo."""

    measured: Measured
    undo: Measured
    left: int
    added: int
    updated: int
    rejected: int


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What the survey pages have left in the database."""

    responses: int
    counted: int
    visits: int


def add_known(environment: Environment, emails: list[str]) -> None:
    """Add contacts of whom nothing but the address is known."""
    with _application(environment).app_context(), unit_of_work(COMMAND_LINE) as work:
        details = [ContactDetails(email=parse_email(email)) for email in emails]
        upsert_contacts(work, details, source="benchmark")


def bring_people(environment: Environment, path: Path) -> None:
    """Bring the people of a file in, for a benchmark of what comes after."""
    with _application(environment).app_context():
        with path.open("rb") as file:
            import_id = take_in(COMMAND_LINE, file, path.name)
        with unit_of_work(COMMAND_LINE) as work:
            kept = import_by_id(work.session, import_id)
            assert kept is not None
            confirm_import(work, import_id, choice_of(kept))
        run_import(import_id, WORKER, threading.Event())


def import_file(environment: Environment, path: Path) -> Imported:
    """Bring a file in the way an owner does: upload, confirm, and let the worker run it."""
    with _application(environment).app_context():
        import_ids: list[int] = []

        def bring_in() -> int:
            with path.open("rb") as file:
                import_ids.append(take_in(COMMAND_LINE, file, path.name))
            with unit_of_work(COMMAND_LINE) as work:
                confirm_import(work, import_ids[0], _with_properties(import_ids[0]))
            return run_import(import_ids[0], WORKER, threading.Event())

        def undo() -> int:
            with unit_of_work(COMMAND_LINE) as work:
                start_undo(work, import_ids[0])
            return run_import(import_ids[0], WORKER, threading.Event())

        measured = measure(bring_in)
        done = import_by_id(reading(), import_ids[0])
        assert done is not None
        counts = {"added": done.added, "updated": done.updated, "rejected": done.rejected}
        undone = measure(undo)
        left = reading().scalar(sa.select(sa.func.count(Contact.id))) or 0
        return Imported(measured=measured, undo=undone, left=left, **counts)


def add_owner(environment: Environment, email: str, password: str) -> None:
    """Add an owner who can sign in."""
    with _application(environment).app_context(), unit_of_work(COMMAND_LINE) as work:
        create_first_owner(work, email=email, name="Jo Baker", password=password)


def confirm_upload(environment: Environment, import_id: int) -> None:
    """Agree to what was guessed for a file, with two columns as new properties."""
    with _application(environment).app_context(), unit_of_work(COMMAND_LINE) as work:
        confirm_import(work, import_id, _with_properties(import_id))


def _with_properties(import_id: int) -> Choice:
    """Return the columns as they are guessed, and the other two as new properties."""
    kept = import_by_id(reading(), import_id)
    assert kept is not None
    guessed = choice_of(kept).mapping
    kinds = {"Revenue": PropertyKind.NUMBER, "Customer since": PropertyKind.DATE}
    properties = {
        guessed.headers.index(name): PropertySpec(name=name, kind=kind)
        for name, kind in kinds.items()
    }
    return Choice(
        mapping=ColumnMapping(
            headers=guessed.headers, columns=guessed.columns, properties=properties
        )
    )


def plan_batch(environment: Environment) -> Measured:
    """Schedule a batch for everybody and invite them all, up to the queued messages."""
    with _application(environment).app_context():
        with unit_of_work(COMMAND_LINE) as work:
            change_settings(
                work,
                {
                    "business_name": BUSINESS,
                    "postal_address": POSTAL_ADDRESS,
                    "mail_from": "feedback@acme.example",
                    "sender_name": "Jo at Acme",
                },
            )
        return measure(_plan)


def deliver(environment: Environment, workers: int = 1) -> Measured:
    """Deliver with the worker's duty until nothing is due, as one of so many that begin at once."""
    app, stopping = _application(environment), threading.Event()
    ready = Path(environment["NPS_INSTANCE_DIR"])
    (ready / f"ready-{os.getpid()}").touch()
    while len(list(ready.glob("ready-*"))) < workers:
        time.sleep(0.01)

    def deliver_all() -> int:
        total = 0
        while done := deliver_due_messages(app, stopping):
            total += done
        return total

    return measure(deliver_all)


def product_letter() -> Letter:
    """Return the product's own email, its choices decided: everybody here has a name."""
    source = compile_invitation(Wording(), Look(business=BUSINESS, postal_address=POSTAL_ADDRESS))
    subject, text, html = (
        _decided(pieces_of(one)) for one in (source.subject, source.text, source.html)
    )
    return Letter(subject=subject, text=text, html=html)


def change_letter(environment: Environment, letter: Letter) -> None:
    """Let the planned batch send this letter instead of the product's own."""
    with _application(environment).app_context(), unit_of_work(COMMAND_LINE) as work:
        for content in work.session.scalars(sa.select(EmailContent)):
            content.subject, content.text, content.html = letter.subject, letter.text, letter.html


def make_dkim_key(key_file: Path, algorithm: str) -> None:
    """Make a key that signs: `rsa` of 2048 bits, or `ed25519`."""
    if algorithm == "rsa":
        dkim.make_key(key_file)
        return
    key_file.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def survey_paths(environment: Environment) -> list[str]:
    """Return the path of each invitation's survey link, without a score."""
    with _application(environment).app_context():
        public_ids = reading().scalars(sa.select(Invitation.public_id).order_by(Invitation.id))
        return [f"/s/{make_token(Purpose.SURVEY, public_id)}" for public_id in public_ids]


def stored(environment: Environment) -> Stored:
    """Count what the survey pages have stored."""
    with _application(environment).app_context():
        counts = sa.select(sa.func.count()).where(Response.state == ResponseState.COUNTED)
        return Stored(
            responses=_count(Response),
            counted=reading().scalar(counts) or 0,
            visits=_count(Visit),
        )


def _application(environment: Environment) -> Flask:
    return create_app(load_settings(environment))


def _decided(pieces: Sequence[Piece]) -> str:
    """Return a template without choices, each decided for somebody who has a name."""
    texts = []
    for piece in pieces:
        match piece:
            case str(literal):
                texts.append(literal)
            case MergeField(name=name):
                texts.append(f"{{{{ {name} }}}}")
            case MergeChoice(named=named):
                texts.append(_decided(named))
    return "".join(texts)


def _plan() -> int:
    with unit_of_work(COMMAND_LINE) as work:
        survey = ensure_default_survey(work)
        schedule_batch(work, BatchPlan(survey_id=survey.id, audience=EVERYBODY, name="Benchmark"))
    with unit_of_work(WORKER) as work:
        start_due_batches(work)
    planned = 1
    while planned:
        with unit_of_work(WORKER) as work:
            planned = invite_next(work)
    return reading().scalar(sa.select(sa.func.count(Invitation.id))) or 0


def _count(table: type[Response] | type[Visit]) -> int:
    return reading().scalar(sa.select(sa.func.count(table.id))) or 0
