"""Bytes that were made to hurt: nothing is raised, and no message takes long."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps_portal.reports.models import ReportKind
from nps_portal.reports.reading import read_reports
from tests.reports.letters import failed

NOTICE = b"From: MAILER-DAEMON@x.example\nReturn-Path: <>\nSubject: failure notice\n\n"
FRAGMENTS = [
    NOTICE,
    failed("550 5.1.1 user unknown"),
    b"Content-Type: multipart/report; boundary=b\n\n--b\n",
    b"--b--\n",
    b"Content-Transfer-Encoding: base64\n\n",
    b"Content-Type: text/html; charset=punycode\n\n<style <p>",
    b"Subject: =?utf-8?b?=F?= =?x-no?q?=zz?=\n",
    b"Final-Recipient: rfc822;\nAction:\nStatus: 9.9.9\n",
    b"Feedback-Type: abuse\n",
    b"\x1b$B\xff\xfe\x00",
    b"<@>:\n",
    b"\n\n",
]


def nested(depth: int) -> bytes:
    """Return a message in a message in a message."""
    levels = (
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level)
        for level in range(depth)
    )
    return b"".join(levels)


HOSTILE = {
    "deep nesting": nested(5_000),
    "50,000 parts": b"Content-Type: multipart/mixed; boundary=b\n\n"
    + b"--b\nContent-Type: text/plain\n\nx\n" * 50_000,
    "ten megabytes of one letter": NOTICE + b"a" * 10_000_000,
    "addresses without end": NOTICE + b"a@" * 2_000_000,
    "openings without end": b"Content-Type: text/html\n" + NOTICE + b"<style" * 500_000,
    "dashes without end": NOTICE + b"-" * 2_000_000,
    "quotes without end": NOTICE + b"> " * 1_000_000,
    "brackets without end": NOTICE + b"<" * 2_000_000,
    "line ends without end": NOTICE + b" \n" * 1_000_000,
    "words that nearly match": NOTICE + b"the user could not sender " * 200_000,
    "mailboxes that are never full": NOTICE + b"mailbox " * 500_000,
    "a subject without end": b"From: a@b.example\nSubject: " + b"delivery " * 200_000 + b"\n\nx",
    "headers without end": b"X: y\n" * 1_000_000,
    "encoded words without end": b"Subject: " + b"=?utf-8?q?" * 200_000 + b"\n\nx",
    "recipients without end": failed(
        "550 user\n\n" + "Final-Recipient: rfc822; a@b.example\nAction: failed\n\n" * 50_000
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_message_takes_less_than_a_second(name: str) -> None:
    before = time.process_time()

    reports = read_reports(HOSTILE[name])

    assert time.process_time() - before < 1.0
    assert 1 <= len(reports) <= 60


@pytest.mark.parametrize("raw", [b"", b"\n", b"\x00", b"\xff\xfe" * 100, b"From ", b":", b"--"])
def test_what_is_no_message_is_one_unknown_report(raw: bytes) -> None:
    assert [one.kind for one in read_reports(raw)] == [ReportKind.UNKNOWN]


@given(raw=st.binary(max_size=2_000))
@settings(max_examples=200)
def test_any_bytes_give_at_least_one_report(raw: bytes) -> None:
    assert read_reports(raw)


@given(pieces=st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=40)), max_size=12))
@settings(max_examples=200)
def test_any_mixture_of_broken_pieces_gives_at_least_one_report(pieces: list[bytes]) -> None:
    reports = read_reports(b"".join(pieces))

    assert reports
    assert all(len(one.reason) <= 500 and "\n" not in one.reason for one in reports)
