"""The local mailbox: what is sent to it can be read in it."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nps_portal.mail.mime import build
from nps_portal.mailbox.catch_all import LocalMailbox
from nps_portal.outbox.transport import OutcomeKind, Relay, open_relay
from tests.delivery.conftest import envelope_to, leave, mail


@pytest.fixture
def mailbox(tmp_path: Path) -> LocalMailbox:
    return LocalMailbox(tmp_path / "mailbox")


@pytest.fixture
def served(mailbox: LocalMailbox) -> Iterator[Relay]:
    yield mailbox.start()
    mailbox.stop()


def fill(mailbox: LocalMailbox, count: int) -> None:
    for number in range(count):
        letter = mail(subject=f"Number {number}", recipient_email=f"c{number}@example.org")
        mailbox.keep("b@acme.example", f"c{number}@example.org", build(letter))


def test_an_email_sent_to_the_mailbox_can_be_read_in_it(
    mailbox: LocalMailbox, served: Relay
) -> None:
    content = build(mail(subject="Grüße von Acme", text="Größe 10\n", html="<p>Größe</p>\n"))
    before = datetime.now(UTC) - timedelta(seconds=1)

    with open_relay(served) as connection:
        outcome = connection.deliver(envelope_to("zoe@example.org"), content, leave)

    assert outcome.kind is OutcomeKind.SENT
    (caught,) = mailbox.messages(limit=10, offset=0)
    assert caught.sender == "b+9f3kQ2@bounces.acme.example"
    assert caught.recipient == "zoe@example.org"
    assert caught.subject == "Grüße von Acme"
    assert caught.text == "Größe 10\n"
    assert caught.html == "<p>Größe</p>\n"
    assert caught.headers["to"] == "Zoë Müller <zoe@example.org>"
    assert caught.raw == content
    assert before <= caught.received_at <= datetime.now(UTC)


def test_an_address_outside_ascii_is_caught_too(mailbox: LocalMailbox, served: Relay) -> None:
    content = build(mail(recipient_email="zoë@example.org"))

    with open_relay(served) as connection:
        outcome = connection.deliver(envelope_to("zoë@example.org"), content, leave)

    assert outcome.kind is OutcomeKind.SENT
    assert mailbox.messages(limit=1, offset=0)[0].recipient == "zoë@example.org"


def test_a_mailbox_can_be_started_again_and_keeps_what_it_has(mailbox: LocalMailbox) -> None:
    for _ in range(2):
        with open_relay(mailbox.start()) as connection:
            connection.deliver(envelope_to(), build(mail()), leave)
        mailbox.stop()

    assert mailbox.count() == 2


def test_the_newest_emails_come_first_page_by_page(mailbox: LocalMailbox) -> None:
    fill(mailbox, 5)

    first = mailbox.messages(limit=2, offset=0)
    second = mailbox.messages(limit=2, offset=2)
    last = mailbox.messages(limit=2, offset=4)

    pages = [[one.subject for one in page] for page in (first, second, last)]
    assert pages == [["Number 4", "Number 3"], ["Number 2", "Number 1"], ["Number 0"]]


def test_emails_are_found_by_recipient_and_subject(mailbox: LocalMailbox) -> None:
    fill(mailbox, 12)

    by_recipient = mailbox.messages(limit=10, offset=0, search="C11@EXAMPLE")
    by_subject = mailbox.messages(limit=1, offset=1, search="number 1")

    assert [one.subject for one in by_recipient] == ["Number 11"]
    assert [one.subject for one in by_subject] == ["Number 10"]
    assert mailbox.messages(limit=10, offset=0, search="nowhere") == []


def test_one_email_is_found_by_its_id(mailbox: LocalMailbox) -> None:
    fill(mailbox, 2)
    newest = mailbox.messages(limit=1, offset=0)[0]

    found = mailbox.message(newest.id)

    assert found == newest


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "..",
        "../secret",
        "/etc/passwd",
        "1.M1P1Q1.x/../../../secret",
        "1.M1P1Q1.unknown",
        "%2e%2e%2fsecret",
        "secret\0",
    ],
)
def test_an_id_reaches_nothing_outside_the_mailbox(
    mailbox: LocalMailbox, tmp_path: Path, wanted: str
) -> None:
    (tmp_path / "secret").write_text("X-Envelope-From: a\r\n\r\n\r\n")
    fill(mailbox, 1)

    assert mailbox.message(wanted) is None


def test_only_the_newest_emails_are_kept(tmp_path: Path) -> None:
    mailbox = LocalMailbox(tmp_path / "mailbox", kept_messages=3)

    fill(mailbox, 5)

    kept = mailbox.messages(limit=10, offset=0)
    assert [one.subject for one in kept] == ["Number 4", "Number 3", "Number 2"]
    assert mailbox.count() == 3


def test_a_cleared_mailbox_is_empty(mailbox: LocalMailbox) -> None:
    fill(mailbox, 3)

    mailbox.clear()

    assert mailbox.count() == 0
    assert mailbox.messages(limit=10, offset=0) == []


def test_several_processes_fill_one_mailbox(mailbox: LocalMailbox, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; "
        "from nps_portal.mailbox.catch_all import LocalMailbox\n"
        "box = LocalMailbox(Path(sys.argv[1]))\n"
        "for _ in range(50): box.keep('a@b.example', 'c@d.example', b'Subject: x\\r\\n\\r\\n')"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "mailbox")]

    writers = [subprocess.Popen(command) for _ in range(2)]
    results = [writer.wait(timeout=30) for writer in writers]

    assert results == [0, 0]
    assert mailbox.count() == 100
