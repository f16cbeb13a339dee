"""Failures told in prose, in the manner of each large mail system."""

import pytest

from nps_portal.reports.models import ReportKind
from nps_portal.reports.reading import read_reports
from tests.reports.letters import MESSAGE_ID, ORIGINAL, RECIPIENT, TOKEN, failed, letter

HARD, SOFT, BLOCKED, DELAYED = (
    ReportKind.HARD,
    ReportKind.SOFT,
    ReportKind.BLOCKED,
    ReportKind.DELAYED,
)
NOTICES: dict[str, tuple[ReportKind, str]] = {
    "qmail": (
        HARD,
        "Hi. This is the qmail-send program at mx.customer.example.\nI'm afraid I wasn't able to "
        "deliver your message to the following addresses.\nThis is a permanent error; I've given "
        "up.\n\n<{to}>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
        "--- Below this line is a copy of the message.\n\n",
    ),
    "qmail, a clone": (
        SOFT,
        "We're sorry. There's a problem with the e-mail address(es) you're trying to send to.\n"
        "Please verify the address(es) and try again.\n\n<{to}>:\nmailbox is full\n\n"
        "--- Enclosed are the original headers of the message.\n\n",
    ),
    "Postfix": (
        HARD,
        "I'm sorry to have to inform you that your message could not be delivered.\n\n"
        "<{to}>: host mx.customer.example[192.0.2.1] said: 550 5.1.1\n    <{to}>: Recipient "
        "address rejected: User unknown (in reply to RCPT TO\n    command)\n\n",
    ),
    "Exim": (
        HARD,
        "A message that you sent could not be delivered to one or more of its recipients.\n"
        "This is a permanent error. The following address(es) failed:\n\n  {to}\n    Unrouteable "
        "address\n\n------ This is a copy of the message, including all the headers. ------\n\n",
    ),
    "Exim, waiting": (
        DELAYED,
        "A message that you sent has not yet been delivered to one or more of its recipients.\n"
        "The address to which the message has not yet been delivered is:\n\n  {to}\n    Delay "
        "reason: mailbox is full\n\nNo action is required on your part. Delivery attempts will "
        "continue for\nsome time. Eventually the mail delivery software will give up, and then the "
        "message will be returned to you.\n\n",
    ),
    "Sendmail": (
        HARD,
        "   ----- The following addresses had permanent fatal errors -----\n<{to}>\n    (reason: "
        "550 5.1.1 User unknown)\n\n   ----- Transcript of session follows -----\n... while "
        "talking to mx.customer.example.:\n>>> RCPT To:<{to}>\n<<< 550 5.1.1 User unknown\n"
        "550 5.1.1 <{to}>... User unknown\n\n   ----- Original message follows -----\n\n",
    ),
    "Sendmail, waiting": (
        DELAYED,
        "    **********************************************\n    **      THIS IS A WARNING "
        "MESSAGE ONLY      **\n    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n\n"
        "   ----- The following addresses had transient non-fatal errors -----\n<{to}>\n\n",
    ),
    "Exchange 2003": (
        HARD,
        "Your message\n\n  To:      Zoe\n  Subject: Survey\n  Sent:    Sat, 21 Nov 2026\n\n"
        "did not reach the following recipient(s):\n\n{to} on Sat, 21 Nov 2026 18:00:02 +0000\n"
        "    The recipient name is not recognized\n    MSEXCH:IMS:Customer:MAIN:MX 0 (000C05A6) "
        "Unknown Recipient\n\n",
    ),
    "Exchange 2010": (
        HARD,
        "Delivery has failed to these recipients or groups:\n\nZoe<mailto:{to}>\nThe e-mail "
        "address you entered couldn't be found.\n\nDiagnostic information for administrators:\n\n"
        "Generating server: ex.customer.example\n\n{to}\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; "
        "not found ##\n\nOriginal message headers:\n\n",
    ),
    "Domino": (
        HARD,
        "Your message\n\n  Subject: Survey\n\nwas not delivered to:\n\n  {to}\n\nbecause:\n\n"
        "  User zoe ({to}) not listed in Domino Directory\n\n",
    ),
    "Notes": (
        HARD,
        "------- Failure Reasons  --------\n\nUser not listed in public Name & Address Book\n{to}"
        "\n\n\n------- Returned Message --------\n\n",
    ),
    "Gmail": (
        HARD,
        "Delivery to the following recipient failed permanently:\n\n     {to}\n\nTechnical details "
        "of permanent failure:\nGoogle tried to deliver your message, but it was rejected by the "
        "server. The error that the other server returned was:\n550-5.1.1 The email account that "
        "you tried to reach does not exist.\n550 5.1.1 gsmtp\n\n----- Original message -----\n\n",
    ),
    "Yahoo": (
        BLOCKED,
        "Sorry, we were unable to deliver your message to the following address.\n\n<{to}>:\n"
        "Remote host said: 554 Message not allowed - [PH01] Email not accepted for policy "
        "reasons. [MAIL_FROM]\n\n--- Below this line is a copy of the message.\n\n",
    ),
    "AOL": (
        BLOCKED,
        "Your mail to the following recipients could not be delivered because they are not "
        "accepting mail from feedback:\n\t{to}\n\n",
    ),
    "GMX, 1&1 and web.de": (
        HARD,
        "This message was created automatically by mail delivery software.\n\nA message that you "
        "sent could not be delivered to one or more of its recipients. The following address "
        'failed:\n\n"{to}":\nSMTP error from remote server after RCPT command:\nhost '
        "mx.customer.example[192.0.2.1]\n550 user unknown\n\n--- The header of the original "
        "message is following. ---\n\n",
    ),
    "Mail.ru": (
        HARD,
        "Это письмо создано автоматически сервером Mail.Ru.\nК сожалению, Ваше письмо не может "
        "быть доставлено:\n\n  {to}\n    SMTP error from remote mail server after RCPT TO:<{to}>:"
        "\n    550 Message was not accepted -- invalid mailbox. user not found\n\n",
    ),
    "Amazon SES": (
        HARD,
        "An error occurred while trying to deliver the mail to the following recipients:\n{to}\n\n"
        "550 5.1.1 user does not exist\n\n",
    ),
    "Zoho": (
        HARD,
        "This message was created automatically by mail delivery software.\nA message that you "
        "sent could not be delivered to one or more of its recipients. This is a permanent error."
        "\n\n{to} Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 user does not exist\n\n",
    ),
    "Courier": (
        HARD,
        "UNDELIVERABLE MAIL\n\nYour message to the following recipients cannot be delivered:\n\n"
        "<{to}>:\n    mx.customer.example [192.0.2.1]:\n>>> RCPT TO:<{to}>\n<<< 550 5.1.1 User "
        "unknown.\n\n",
    ),
    "IMail": (HARD, "Unknown user: {to}\n\n\nOriginal message follows.\n\n"),
    "IMail, full": (
        SOFT,
        "User mailbox exceeds allowed size: {to}\n\nOriginal message follows.\n\n",
    ),
    "MDaemon": (
        HARD,
        "The following data may contain sections which represent BASE64 encoded file "
        "attachments.\n\n{to} - no such user here.\n\n",
    ),
    "MailMarshal": (
        HARD,
        "Your message:\n   From:    feedback@mail.acme.example\n   Subject: Survey\nCould not be "
        "delivered because of\n\n550 5.1.1 User unknown\n\nThe following recipients were "
        "affected:\n    {to}\n\n",
    ),
    "Trend Micro InterScan": (
        HARD,
        "Sent <<< RCPT TO:<{to}>\nReceived >>> 550 5.1.1 unknown user.\n\nUnable to deliver "
        "message to <{to}>.\n\n",
    ),
    "McAfee": (
        HARD,
        "This message was undeliverable for the following reason:\n\n--- The following addresses "
        "had delivery problems ---\n\n<{to}>   (User unknown {to})\n\n",
    ),
    "OpenSMTPD": (
        HARD,
        "    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this email.\n\n    An "
        "error has occurred while attempting to deliver a message for\n    the following list of "
        "recipients:\n\n{to}: 550 5.1.1 user unknown\n\n    Below is a copy of the original "
        "message:\n\n",
    ),
    "Apache James": (
        HARD,
        "I was unable to deliver your message.\n\nFailed recipient(s):\n{to}\n\nError message:\n"
        "550 5.1.1 user unknown\n\n",
    ),
    "DragonFly": (
        HARD,
        "This is the DragonFly Mail Agent at mx.acme.example.\n\nThere was an error delivering "
        "your mail to <{to}>.\n\nmx.customer.example did not like our RCPT TO:\n550 5.1.1 user "
        "unknown\n\n",
    ),
    "Mimecast and others that name the code": (
        BLOCKED,
        "Your message to <{to}> was rejected by the recipient's gateway:\n554 Email rejected due "
        "to security policies - https://community.example/codes\n\n",
    ),
    "KDDI": (
        SOFT,
        "送信先のメールボックスが一杯のため、送信できませんでした。\n\nYour mail sent on: Sat, 21 "
        "Nov 2026\n     Could not be delivered to: <{to}>\n     As their mailbox is full.\n\n",
    ),
    "Biglobe": (
        SOFT,
        "   ----- The following addresses had delivery problems -----\n{to}\n\n   ----- "
        "Non-delivered information -----\nThe number of messages in recipient's mailbox exceeded "
        "the local limit.\n\n",
    ),
    "a carrier that names the reason in Japanese only": (
        HARD,
        "次のあて先へのメッセージはエラーのため送信できませんでした。\n\n宛先が見つかりません。\n\n"
        "<{to}>\n\n",
    ),
    "a German gateway": (
        HARD,
        "Ihre Nachricht konnte nicht zugestellt werden (undeliverable).\n\nAn: {to}\n"
        "Der Empfänger ist unbekannt.\n\n",
    ),
}


@pytest.mark.parametrize("system", NOTICES)
def test_the_notice_of_each_system_is_understood(system: str) -> None:
    kind, words = NOTICES[system]

    [one] = read_reports(letter(words.replace("{to}", RECIPIENT) + ORIGINAL))

    assert (one.kind, one.recipient) == (kind, RECIPIENT)
    assert one.reason
    assert (one.token, one.message_id) == (TOKEN, MESSAGE_ID)


def test_each_recipient_of_a_notice_has_the_words_said_about_it() -> None:
    words = (
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n\n"
        "<a@customer.example>:\nuser unknown (#5.1.1)\n\n"
        "<b@customer.example>:\nmailbox is full (#5.2.2)\n"
    )

    found = [(one.recipient, one.kind, one.status) for one in read_reports(letter(words))]

    assert found == [
        ("a@customer.example", HARD, "5.1.1"),
        ("b@customer.example", SOFT, "5.2.2"),
    ]


def test_the_failed_recipients_header_is_believed() -> None:
    raw = letter(
        "Your message did not get through.\n\n550 5.1.1 no such user\n",
        headers=f"X-Failed-Recipients: {RECIPIENT}\n",
    )

    [one] = read_reports(raw)

    assert (one.kind, one.recipient) == (HARD, RECIPIENT)


def test_japanese_in_its_old_charset_is_read_with_and_without_its_name() -> None:
    text = f"宛先が見つかりません。送信できませんでした。\n\n<{RECIPIENT}>\n".encode("iso2022_jp")
    head = b"From: Postmaster@carrier.example\nSubject: Mail System Error - Returned Mail\n"

    for kind in (b'Content-Type: text/plain; charset="ISO-2022-JP"\n\n', b"\n"):
        [one] = read_reports(head + kind + text)

        assert (one.kind, one.recipient) == (HARD, RECIPIENT)


def test_a_notice_in_html_or_base64_is_read() -> None:
    html = (
        "<html><style>p {color: red}</style><p>Your message to <b>zoe@customer.example</b> "
        "couldn't be delivered.</p><p>550 5.1.1 user&nbsp;unknown</p></html>"
    )
    encoded = "WW91ciBtZXNzYWdlIGNvdWxkIG5vdCBiZSBkZWxpdmVyZWQuCgo8em9lQGN1c3RvbWVyLmV4YW1wbGU+\n"
    in_base64 = letter(
        encoded + "OgptYWlsYm94IGlzIGZ1bGwK\n", headers="Content-Transfer-Encoding: base64\n"
    )

    [first] = read_reports(letter(html, content_type="text/html; charset=utf-8"))
    [second] = read_reports(in_base64)

    assert (first.kind, first.recipient) == (HARD, RECIPIENT)
    assert (second.kind, second.recipient) == (SOFT, RECIPIENT)


def test_the_original_without_a_separator_is_not_mistaken_for_the_notice() -> None:
    words = "Your message to 'zoe@customer.example' was not collected within 30 days.\n\n"
    original = ORIGINAL.replace(f"Zoe <{RECIPIENT}>", "survey list <list@acme.example>")

    [one] = read_reports(letter(words + original))

    assert (one.kind, one.recipient) == (SOFT, RECIPIENT)


def test_a_report_that_a_gateway_wrapped_into_a_message_is_opened() -> None:
    inner = failed("550 5.1.1 no such user").decode()
    wrapped = f"--=_w\nContent-Type: message/rfc822\n\n{inner}\n--=_w--\n"

    [one] = read_reports(letter(wrapped, content_type='multipart/mixed; boundary="=_w"'))

    assert (one.kind, one.recipient) == (HARD, RECIPIENT)
