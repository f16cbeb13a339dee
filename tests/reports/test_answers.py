"""Complaints, wishes to unsubscribe, auto-replies, replies, and what is none of them."""

import pytest

from nps_portal.reports.models import ReportKind
from nps_portal.reports.reading import read_reports
from tests.reports.letters import MESSAGE_ID, ORIGINAL, RECIPIENT, TOKEN, letter

PERSON = "Zoe <zoe@customer.example>"


def feedback(fields: str, original: str = ORIGINAL) -> bytes:
    """Return an abuse report of RFC 5965."""
    body = (
        "--=_b\nContent-Type: text/plain\n\nThis is an email abuse report.\n"
        f"--=_b\nContent-Type: message/feedback-report\n\n{fields}\n"
        f"--=_b\nContent-Type: message/rfc822\n\n{original}\n--=_b--\n"
    )
    kind = 'multipart/report; report-type=feedback-report; boundary="=_b"'
    return letter(body, sender="staff@provider.example", subject="FW: Survey", content_type=kind)


@pytest.mark.parametrize(
    ("feedback_type", "kind"),
    [
        ("abuse", ReportKind.COMPLAINT),
        ("fraud", ReportKind.COMPLAINT),
        ("other", ReportKind.COMPLAINT),
        ("opt-out", ReportKind.UNSUBSCRIBE),
        ("auth-failure", ReportKind.UNKNOWN),
        ("not-spam", ReportKind.UNKNOWN),
    ],
)
def test_the_feedback_type_tells_a_complaint_from_other_feedback(
    feedback_type: str, kind: ReportKind
) -> None:
    raw = feedback(
        f"Feedback-Type: {feedback_type}\nUser-Agent: FBL/1.0\n"
        "Original-Rcpt-To: <zoe@customer.example>\n"
    )

    [one] = read_reports(raw)

    assert (one.kind, one.recipient) == (kind, RECIPIENT)
    assert (one.token, one.message_id) == (TOKEN, MESSAGE_ID)


def test_a_complaint_that_names_nobody_is_about_the_returned_message() -> None:
    [one] = read_reports(feedback("Feedback-Type: abuse\nUser-Agent: FBL/1.0\n"))

    assert (one.kind, one.recipient) == (ReportKind.COMPLAINT, RECIPIENT)


def test_the_old_form_of_a_complaint_is_understood() -> None:
    body = (
        "--=_b\nContent-Type: message/rfc822\n\n"
        f"X-HmXmrOriginalRecipient: <zoe@hotmail.example>\n{ORIGINAL}\n--=_b--\n"
    )
    raw = letter(
        body,
        sender="staff@hotmail.example",
        subject="complaint about message from 192.0.2.1",
        content_type='multipart/mixed; boundary="=_b"',
    )

    [one] = read_reports(raw)

    assert (one.kind, one.recipient) == (ReportKind.COMPLAINT, "zoe@hotmail.example")


def test_a_message_to_the_unsubscribe_address_is_a_wish_to_unsubscribe() -> None:
    raw = letter("", sender=PERSON, subject="unsubscribe", to=f"<u+{TOKEN}@mail.acme.example>")

    [one] = read_reports(raw)

    assert (one.kind, one.token) == (ReportKind.UNSUBSCRIBE, TOKEN)


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: auto-replied\n",
        "Auto-Submitted: auto-generated (vacation)\n",
        "X-Autoreply: yes\n",
        "X-Autorespond: away\n",
        "X-Auto-Response-Suppress: All\n",
        "Precedence: auto_reply\n",
        "Return-Path: <>\n",
    ],
)
def test_a_machines_answer_is_no_failure_and_no_reply(headers: str) -> None:
    raw = letter("I am back on Monday.", sender=PERSON, subject="Re: Survey", headers=headers)

    assert [one.kind for one in read_reports(raw)] == [ReportKind.AUTO_REPLY]


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: How likely are you to recommend Acme?",
        "Out of Office Re: Survey",
        "Automatische Antwort: Survey",
        "Abwesenheitsnotiz: Survey",
        "Réponse automatique : Survey",
        "Respuesta automática: Survey",
        "Risposta automatica: Survey",
        "Autosvar: Survey",
        "=?utf-8?B?0JDQstGC0L7QvtGC0LLQtdGC?=",
        "不在のお知らせ",
    ],
)
def test_an_auto_reply_is_known_by_its_subject_in_many_languages(subject: str) -> None:
    words = "I cannot answer. Mail to bob@customer.example is delivered; mine is not."
    raw = letter(words, sender=PERSON, subject=subject)

    assert [one.kind for one in read_reports(raw)] == [ReportKind.AUTO_REPLY]


def test_a_read_receipt_is_an_auto_reply() -> None:
    body = (
        "--=_b\nContent-Type: text/plain\n\nYour message was displayed.\n"
        "--=_b\nContent-Type: message/disposition-notification\n\n"
        "Final-Recipient: rfc822; zoe@customer.example\nDisposition: manual-action; displayed\n"
        "--=_b--\n"
    )
    kind = 'multipart/report; report-type=disposition-notification; boundary="=_b"'
    raw = letter(body, sender=PERSON, subject="Read: Survey", content_type=kind)

    assert [one.kind for one in read_reports(raw)] == [ReportKind.AUTO_REPLY]


def test_a_persons_answer_is_a_reply_to_our_message() -> None:
    raw = letter(
        "We were not able to reach your support; delivery failed twice!\n\n> Hello Zoe\n",
        sender=PERSON,
        subject="Re: How likely are you to recommend Acme?",
        to="support@acme.example",
        headers=f"In-Reply-To: <{MESSAGE_ID}>\nReturn-Path: <zoe@customer.example>\n",
    )

    [one] = read_reports(raw)

    assert (one.kind, one.message_id) == (ReportKind.REPLY, MESSAGE_ID)


def test_a_newsletter_is_unknown() -> None:
    raw = letter(
        "Ten tips.",
        sender="News <news@shop.example>",
        subject="Ten tips",
        headers="List-Id: <news.shop.example>\nPrecedence: bulk\n",
    )

    assert [one.kind for one in read_reports(raw)] == [ReportKind.UNKNOWN]
