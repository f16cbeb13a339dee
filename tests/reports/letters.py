"""Returned emails in the manner of the large mail systems, built of what each test needs."""

TOKEN = "Zk3vN0c9rW2y.qT3vN0c9rW2yZk7bXl5mEA"
BOUNCES_TO = f"b+{TOKEN}@bounces.acme.example"
MESSAGE_ID = "o-01jd8x3k9c7m@mail.acme.example"
RECIPIENT = "zoe@customer.example"
ORIGINAL = f"""\
Return-Path: <{BOUNCES_TO}>
Received: from mail.acme.example by mx.customer.example; Sat, 21 Nov 2026 18:00:01 +0000
From: Jo at Acme <feedback@mail.acme.example>
To: Zoe <{RECIPIENT}>
Subject: How likely are you to recommend Acme?
Message-ID: <{MESSAGE_ID}>
MIME-Version: 1.0

Hello Zoe
"""


def letter(
    body: str,
    *,
    sender: str = "Mail Delivery System <MAILER-DAEMON@mx.customer.example>",
    subject: str = "Undelivered Mail Returned to Sender",
    to: str = BOUNCES_TO,
    headers: str = "",
    content_type: str = "text/plain; charset=utf-8",
) -> bytes:
    """Return one email; `headers` are whole lines."""
    head = f"From: {sender}\nTo: {to}\nSubject: {subject}\n{headers}Content-Type: {content_type}\n"
    return f"{head}\n{body}".encode()


def report(
    fields: str,
    *,
    words: str = "This is the mail system. Your message could not be delivered.",
    original: str = ORIGINAL,
    headers: str = "",
) -> bytes:
    """Return a delivery status notification of RFC 3464 with these recipient fields."""
    about = "Reporting-MTA: dns; mx.acme.example"
    parts = (
        f"Content-Type: text/plain; charset=utf-8\n\n{words}\n",
        f"Content-Type: message/delivery-status\n\n{about}\n\n{fields}\n",
        f"Content-Type: message/rfc822\n\n{original}\n",
    )
    body = "".join(f"--=_b\n{part}" for part in parts) + "--=_b--\n"
    kind = 'multipart/report; report-type=delivery-status;\n boundary="=_b"'
    return letter(body, content_type=kind, headers=headers)


def failed(diagnostic: str, *, status: str = "5.0.0", words: str = "") -> bytes:
    """Return a notification that one message failed for good, with the server's words."""
    fields = (
        f"Final-Recipient: rfc822; {RECIPIENT}\nAction: failed\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; {diagnostic}\n"
    )
    return report(fields, words=words or "Your message could not be delivered.")
