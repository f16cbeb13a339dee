"""The same email with the standard library alone: threads, a connection each, nothing recorded."""

import smtplib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formataddr, formatdate, make_msgid

from benchmarks.send.job import Job
from benchmarks.send.letter import SENDER_EMAIL, SENDER_NAME, Address, joined, pieces
from benchmarks.support import Measured, measure


def send(job: Job) -> Measured:
    """Send everything over as many threads as there are connections."""

    def send_all() -> int:
        addresses = list(job.addresses())
        shares = [addresses[number :: job.connections] for number in range(job.connections)]
        with ThreadPoolExecutor(job.connections) as threads:
            return sum(threads.map(lambda share: _send(job, share), shares))

    return measure(send_all)


def _send(job: Job, share: Sequence[Address]) -> int:
    text, html = pieces(job.letter.text), pieces(job.letter.html)
    with smtplib.SMTP("127.0.0.1", job.port) as connection:
        for address in share:
            values = address.values()
            message = _message(job, address, joined(text, values), joined(html, values)).as_bytes()
            connection.sendmail(SENDER_EMAIL, address.email, message)
    return len(share)


def _message(job: Job, address: Address, text: str, html: str) -> MIMEMultipart:
    """Return the email by the older classes; `EmailMessage` would take three times as long."""
    message = MIMEMultipart("alternative")
    message["Date"] = formatdate()
    message["From"] = formataddr((SENDER_NAME, SENDER_EMAIL))
    message["To"] = formataddr((address.name, address.email))
    message["Subject"] = job.letter.subject
    message["Message-ID"] = make_msgid(domain="acme.example")
    unsubscribe_url = address.values()["unsubscribe_url"]
    message["List-Unsubscribe"] = f"<{unsubscribe_url}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.attach(MIMEText(text, "plain", "utf-8"))
    message.attach(MIMEText(html, "html", "utf-8"))
    return message
