"""Deleting the kept emails that name somebody who is erased."""

from pathlib import Path

import pytest

from nps_portal.inbox.maildir import deliver
from nps_portal.mailbox.catch_all import LocalMailbox
from nps_portal.mailbox.forgetting import forget_in

ADA = "ada.lovelace@example.org"


@pytest.mark.parametrize(
    "content",
    [
        "To: ada.lovelace@example.org\r\n\r\nHello\r\n",
        "To: Ada <ADA.Lovelace@Example.org>\r\n\r\nHello\r\n",
        "To: jo@example.org\r\n\r\nAnswer of ada.love=\r\nlace@example.org\r\n",
        "To: jo@example.org\r\n\r\nAnswer of ada.lovelace=\n@example.org\r\n",
    ],
)
def test_an_email_that_names_the_address_goes(tmp_path: Path, content: str) -> None:
    deliver(tmp_path, content.encode())
    kept = deliver(tmp_path, b"To: bob@example.org\r\n\r\nHello\r\n")

    assert forget_in(tmp_path, [ADA]) == 1
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [kept]


def test_what_was_caught_for_an_address_goes(tmp_path: Path) -> None:
    mailbox = LocalMailbox(tmp_path)
    mailbox.keep("jo@acme.example", ADA, b"Subject: One\r\n\r\nHello\r\n")
    mailbox.keep("jo@acme.example", "bob@example.org", b"Subject: Two\r\n\r\nHello\r\n")

    forget_in(tmp_path, [ADA])

    assert [one.recipient for one in mailbox.messages(10, 0)] == ["bob@example.org"]


def test_nothing_goes_for_nobody_or_from_nowhere(tmp_path: Path) -> None:
    deliver(tmp_path, b"To: bob@example.org\r\n\r\nHello\r\n")

    assert forget_in(tmp_path, []) == 0
    assert forget_in(tmp_path, [""]) == 0
    assert forget_in(tmp_path / "none", [ADA]) == 0


def test_an_email_of_somebody_written_alike_stays(tmp_path: Path) -> None:
    for other in ("joann@kunde.example", "ann@kunde.example.org", "jo.ann@kunde.example"):
        deliver(tmp_path, f"To: {other}\r\n\r\nHello\r\n".encode())
    hers = deliver(tmp_path, b"To: jo@example.org\r\n\r\n<a href=3D'x?to=3Dann@kunde.example'>")

    assert forget_in(tmp_path, ["ann@kunde.example"]) == 1
    assert not hers.exists()


def test_the_senders_own_address_deletes_only_what_was_caught_for_it(tmp_path: Path) -> None:
    mailbox = LocalMailbox(tmp_path)
    mailbox.keep(ADA, ADA, b"Subject: One\r\n\r\nHello\r\n")
    mailbox.keep(ADA, "bob@example.org", f"From: {ADA}\r\n\r\nHello\r\n".encode())

    assert forget_in(tmp_path, [ADA], [ADA, ""]) == 1
    assert [one.recipient for one in mailbox.messages(10, 0)] == ["bob@example.org"]
