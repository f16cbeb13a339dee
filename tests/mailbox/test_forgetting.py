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
