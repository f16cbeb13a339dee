"""Delivery status notifications: their fields, malformed ones, several recipients, our names."""

import pytest

from nps_portal.reports.models import ReportKind
from nps_portal.reports.reading import read_reports
from tests.reports.letters import MESSAGE_ID, ORIGINAL, RECIPIENT, TOKEN, failed, letter, report


def test_a_failed_recipient_carries_everything_that_the_report_names() -> None:
    raw = report(
        f"Original-Recipient: rfc822;{RECIPIENT}\n"
        f"Final-Recipient: rfc822; {RECIPIENT}\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 <zoe@customer.example>: Recipient address rejected:\n"
        "    User unknown in virtual mailbox table\n"
    ).replace(b"dns; mx.acme.example", b"dns; mx.acme.example\nOriginal-Envelope-Id: o+2D01jd8x")

    [one] = read_reports(raw)

    assert one.kind is ReportKind.HARD
    assert one.recipient == RECIPIENT
    assert one.status == "5.1.1"
    assert one.reason.startswith(
        "550 5.1.1 <zoe@customer.example>: Recipient address rejected: User"
    )
    assert one.token == TOKEN
    assert one.message_id == MESSAGE_ID
    assert one.envelope_id == "o-01jd8x"


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("failed", ReportKind.HARD),
        ("Failed (user unknown)", ReportKind.HARD),
        ("delayed", ReportKind.DELAYED),
        ("delivered", ReportKind.DELIVERED),
        ("relayed", ReportKind.DELIVERED),
        ("expanded", ReportKind.DELIVERED),
    ],
)
def test_the_action_decides_between_failure_delay_and_success(
    action: str, kind: ReportKind
) -> None:
    raw = report(
        f"Final-Recipient: rfc822; {RECIPIENT}\nAction: {action}\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown\n"
    )

    assert [one.kind for one in read_reports(raw)] == [kind]


def test_each_failed_recipient_has_its_own_report() -> None:
    raw = report(
        "Final-Recipient: rfc822; a@customer.example\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 user unknown\n\n"
        "Final-Recipient: rfc822; b@customer.example\nAction: failed\nStatus: 5.2.2\n"
        "Diagnostic-Code: smtp; 552 5.2.2 over quota\n\n"
        "Final-Recipient: rfc822; c@customer.example\nAction: delivered\nStatus: 2.0.0\n"
    )

    found = [(one.recipient, one.kind) for one in read_reports(raw)]

    assert found == [
        ("a@customer.example", ReportKind.HARD),
        ("b@customer.example", ReportKind.SOFT),
        ("c@customer.example", ReportKind.DELIVERED),
    ]


def test_the_diagnostic_may_stand_before_the_recipient() -> None:
    raw = report(
        "Diagnostic-Code: smtp; 550 5.1.1 RCP-P2 Refused due to recipient preferences\n"
        "Status: 5.1.1\nFinal-Recipient: rfc822; a@social.example\nAction: failed\n\n"
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown\n"
        "Status: 5.1.1\nFinal-Recipient: rfc822; b@social.example\nAction: failed\n"
    )

    found = [(one.recipient, one.kind) for one in read_reports(raw)]

    assert found == [
        ("a@social.example", ReportKind.BLOCKED),
        ("b@social.example", ReportKind.HARD),
    ]


def test_the_address_we_wrote_to_is_named_before_the_one_it_was_forwarded_to() -> None:
    raw = report(
        "Original-Recipient: rfc822; zoe@customer.example\n"
        "Final-Recipient: rfc822; z.miller@elsewhere.example\nAction: failed\nStatus: 5.1.1\n"
    )

    assert read_reports(raw)[0].recipient == "zoe@customer.example"


def test_status_fields_in_a_plain_text_are_read_too() -> None:
    raw = letter(
        "Delivery report follows\n\n"
        "Final-Recipient: RFC822; <zoe@customer.example>\n"
        "Action: failed\nStatus: 5.4.7 (expired)\n"
    )

    [one] = read_reports(raw)

    assert (one.kind, one.recipient, one.status) == (ReportKind.SOFT, RECIPIENT, "5.4.7")


def test_a_recipient_that_the_fields_leave_out_is_taken_from_the_returned_message() -> None:
    raw = report("Final-Recipient: system;<>\nAction: failed\nStatus: 5.1.1\n")

    [one] = read_reports(raw)

    assert (one.kind, one.recipient) == (ReportKind.HARD, RECIPIENT)


def test_a_report_without_a_closing_boundary_and_with_bare_carriage_returns_is_read() -> None:
    raw = failed("550 5.1.1 no such user").replace(b"--=_b--\n", b"")

    for ending in (b"\r\n", b"\r"):
        [one] = read_reports(raw.replace(b"\n", ending))

        assert (one.kind, one.recipient) == (ReportKind.HARD, RECIPIENT)


def test_our_names_are_found_in_the_headers_alone_and_in_a_rewritten_return_path() -> None:
    headers = ORIGINAL.partition("\n\n")[0].replace("<b+", "<SRS0=HHH=TT=bounces.acme.example=b+")
    raw = failed("550 5.1.1 no such user").replace(b"To: b+", b"To: postmaster+")
    raw = raw.replace(b"message/rfc822", b"text/rfc822-headers")
    raw = raw.replace(ORIGINAL.encode(), headers.encode())

    [one] = read_reports(raw)

    assert (one.token, one.message_id) == (TOKEN, MESSAGE_ID)


def test_the_reason_is_one_line_of_at_most_500_characters() -> None:
    [one] = read_reports(failed("550 5.1.1 user unknown " + "again and\n  again " * 200))

    assert len(one.reason) == 500
    assert "\n" not in one.reason


def test_a_reason_that_the_fields_leave_out_is_taken_from_the_prose() -> None:
    raw = report(
        f"Final-Recipient: rfc822;<{RECIPIENT}>\nAction: failed\nStatus: 5.0.0\n",
        words=f"Failed to deliver to '{RECIPIENT}'\n host mx says:\n 550 unknown user account\n",
    )

    [one] = read_reports(raw)

    assert (one.kind, one.reason) == (ReportKind.HARD, "550 unknown user account")
