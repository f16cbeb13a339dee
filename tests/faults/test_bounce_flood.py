"""R23: thousands of reports, most of them repeated or forged, and a worker that is killed."""

import random
from pathlib import Path

import sqlalchemy as sa

from nps_portal.contacts.models import Suppression, SuppressionReason
from nps_portal.foundation.database import reading
from nps_portal.foundation.tokens import Purpose, make_token, new_public_id
from nps_portal.outbox.models import Bounce
from nps_portal.worker.loop import run_until_idle
from tests.conftest import MakeDatabase
from tests.faults.installation import ask, open_installation, people_by_state
from tests.inbox.returned import delivery_report
from tests.support.portal import wait_until
from tests.support.smtp_record import Accepted

PEOPLE = 60
DEAD = 20
FULL = 20
COPIES = 20
FORGED = 1200


def test_r23_a_flood_of_reports_counts_each_once_and_believes_no_forgery(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    with open_installation(
        tmp_path,
        make_database(tmp_path, "flood"),
        NPS_BOUNCE_DOMAIN="bounces.acme.example",
        NPS_INBOX_URL=f"maildir:{inbox}",
    ) as installation:
        fill(inbox, [])
        ask(PEOPLE)
        run_until_idle(installation.app)
        sent = {one.recipient: one for one in installation.sink.accepted}
        people = [sent[f"p{number}@example.org"] for number in range(PEOPLE)]
        dead, boxes, well = people[:DEAD], people[DEAD : DEAD + FULL], people[DEAD + FULL :]
        flood = [report(one, "5.1.1") for one in dead for _ in range(COPIES)]
        flood += [report(one, "4.2.2", note=f"n{n}") for one in boxes for n in range(COPIES)]
        flood += [forged(well[number % len(well)], number) for number in range(FORGED)]
        random.Random(23).shuffle(flood)
        fill(inbox, flood)

        worker = installation.portal.start("worker")
        wait_until(lambda: report_count() > 200, 60, f"some reports; {installation.log}")
        installation.portal.kill(worker)
        installation.portal.start("worker")
        wait_until(lambda: not any((inbox / "new").iterdir()), 60, "an empty inbox")
        wait_until(lambda: report_count() >= DEAD + FULL * COPIES + FORGED, 30, "every report")

        by_state = people_by_state()
        suppressed = dict(
            reading().execute(sa.select(Suppression.email_key, Suppression.reason)).all()
        )
        told = report_count()
    assert by_state["failed"] == {one.recipient for one in [*dead, *boxes]}
    assert by_state["sent"] == {one.recipient for one in well}
    assert suppressed == {one.recipient: SuppressionReason.HARD_BOUNCE for one in dead}
    assert told == DEAD + FULL * COPIES + FORGED


def report(about: Accepted, status: str, note: str = "") -> bytes:
    """Return what a mail server sends back to the address that the email came from."""
    return delivery_report(recipient=about.recipient, status=status, to=about.sender, note=note)


def forged(about: Accepted, number: int) -> bytes:
    """Return a report about a customer by somebody who has not seen the email."""
    public_id = str(about.message["Message-ID"])[3:15]
    tokens = (
        f"{public_id}.{'A' * 22}",
        make_token(Purpose.SURVEY, public_id),
        make_token(Purpose.BOUNCE, new_public_id()),
        "x" * 300,
        "",
    )
    return delivery_report(
        recipient=about.recipient,
        to=f"b+{tokens[number % len(tokens)]}@bounces.acme.example",
        original_id=f"o-{new_public_id()}@acme.example",
        note=str(number),
    )


def fill(inbox: Path, mails: list[bytes]) -> None:
    """Put emails into a Maildir as a mail server on this machine would."""
    for name in ("tmp", "new", "cur"):
        (inbox / name).mkdir(parents=True, exist_ok=True)
    for number, mail in enumerate(mails):
        (inbox / "new" / f"{number:06}.flood").write_bytes(mail)


def report_count() -> int:
    """Return how many reports were kept."""
    reading().rollback()
    return reading().scalar(sa.select(sa.func.count()).select_from(Bounce)) or 0
