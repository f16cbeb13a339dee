"""What the large senders tell us, by HTTP."""

import base64
import hmac
import json
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from werkzeug.test import TestResponse

from nps_portal.accounts.portal_settings import change_settings
from nps_portal.contacts.models import SuppressionReason
from nps_portal.contacts.queries import suppression_of
from nps_portal.foundation.database import reading
from nps_portal.foundation.tokens import Purpose, make_token
from nps_portal.outbox.models import Message, MessageState
from nps_portal.reports.models import ReportKind
from tests.delivery.queue import queue
from tests.inbox.returned import ADA, asked, asked_one, bounces, now_of
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

MAILGUN_KEY = "key-0123456789abcdef"


def url_of(provider: str, key: str | None = None) -> str:
    return f"/hooks/{provider}?key={key or make_token(Purpose.HOOK, provider)}"


def tell(client: PortalClient, provider: str, body: Any, **headers: str) -> TestResponse:
    return client.post(url_of(provider), data=json.dumps(body), headers=headers)


def set_to(**values: str) -> None:
    with factories.work() as work:
        change_settings(work, values)


def reason_of(email: str = ADA) -> SuppressionReason | None:
    found = suppression_of(reading(), email)
    return found.reason if found else None


def kinds() -> list[ReportKind]:
    return [one.kind for one in bounces()]


def postmark(record: str, **parts: Any) -> dict[str, Any]:
    return {"RecordType": record, "MessageID": "883953f4", "Email": ADA, **parts}


def mailgun(
    event: dict[str, Any], clock: FixedClock, *, key: str = MAILGUN_KEY, token: str = "t1"
) -> dict[str, Any]:
    signed_at = str(int(clock.now().timestamp()))
    signature = hmac.new(key.encode(), f"{signed_at}{token}".encode(), "sha256").hexdigest()
    return {
        "signature": {"timestamp": signed_at, "token": token, "signature": signature},
        "event-data": event,
    }


def failed(message: Message, severity: str = "permanent", reason: str = "bounce") -> dict[str, Any]:
    return {
        "event": "failed",
        "id": "G9Bn5sl1TC6nu79C8C0bwg",
        "severity": severity,
        "reason": reason,
        "recipient": message.recipient_email,
        "message": {"headers": {"message-id": f"o-{message.public_id}@acme.example"}},
        "delivery-status": {"code": 550, "message": "5.1.1 The account does not exist"},
    }


@pytest.mark.parametrize("provider", ["ses", "postmark", "mailgun", "sendgrid", "brevo"])
@pytest.mark.parametrize("key", ["", "x", "postmark", "other", "purpose"])
def test_without_the_right_key_there_is_nothing_here(
    client: PortalClient, provider: str, key: str
) -> None:
    keys = {
        "other": make_token(Purpose.HOOK, "another"),
        "purpose": make_token(Purpose.SURVEY, provider),
    }

    answer = client.post(f"/hooks/{provider}?key={keys.get(key, key)}", data="{}")

    assert (answer.status_code, answer.data) == (404, b"")
    assert client.get(url_of(provider)).status_code == 405


def test_an_unknown_provider_is_nothing_either(client: PortalClient) -> None:
    assert client.post(url_of("nobody"), data="{}").status_code == 404


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 200_000, b"9" * 9000])
def test_a_body_that_is_no_json_is_refused(client: PortalClient, body: bytes) -> None:
    assert client.post(url_of("brevo"), data=body).status_code == 400


@pytest.mark.parametrize("provider", ["postmark", "mailgun", "sendgrid", "brevo"])
@pytest.mark.parametrize("body", ["null", "[]", "{}", "[1]", '"x"', '{"event": [], "Email": {}}'])
def test_json_of_another_shape_means_nothing(
    client: PortalClient, provider: str, body: str
) -> None:
    answer = client.post(url_of(provider), data=body)

    assert answer.status_code == 200
    assert bounces() == []


def test_a_body_over_a_megabyte_is_refused(client: PortalClient) -> None:
    body = json.dumps({"event": "hard_bounce", "email": ADA, "filler": "x" * 1_000_000})

    assert client.post(url_of("brevo"), data=body).status_code == 413


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (
            postmark("Bounce", Type="HardBounce", ID=42, Details="smtp;550 5.1.1 unknown"),
            ReportKind.HARD,
            SuppressionReason.HARD_BOUNCE,
        ),
        (postmark("Bounce", Type="HardBounce", Details="550 5.7.1 no"), ReportKind.BLOCKED, None),
        (postmark("Bounce", Type="SoftBounce"), ReportKind.SOFT, None),
        (postmark("Bounce", Type="SpamNotification"), ReportKind.BLOCKED, None),
        (postmark("Bounce", Type="AutoResponder"), ReportKind.AUTO_REPLY, None),
        (postmark("SpamComplaint"), ReportKind.COMPLAINT, SuppressionReason.COMPLAINT),
        (
            postmark(
                "SubscriptionChange",
                SuppressSending=True,
                SuppressionReason="ManualSuppression",
                Origin="Recipient",
            ),
            ReportKind.UNSUBSCRIBE,
            SuppressionReason.UNSUBSCRIBED,
        ),
        ({"RecordType": "Delivery", "Recipient": ADA}, ReportKind.DELIVERED, None),
    ],
)
def test_postmark_tells(
    client: PortalClient,
    body: dict[str, Any],
    kind: ReportKind,
    reason: SuppressionReason | None,
) -> None:
    message = asked_one()

    first = tell(client, "postmark", body)
    again = tell(client, "postmark", body)

    assert (first.status_code, again.status_code) == (200, 200)
    assert kinds() == [kind]
    assert bounces()[0].message_id == message.id
    assert reason_of() is reason


@pytest.mark.parametrize(
    "body",
    [
        postmark("Open"),
        postmark("Bounce", Type="Subscribe"),
        postmark("SubscriptionChange", SuppressSending=False),
        postmark(
            "SubscriptionChange",
            SuppressSending=True,
            SuppressionReason="ManualSuppression",
            Origin="Customer",
        ),
    ],
)
def test_what_means_nothing_to_us_is_a_success_too(
    client: PortalClient, body: dict[str, Any]
) -> None:
    asked_one()

    assert tell(client, "postmark", body).status_code == 200
    assert bounces() == []


def test_mailgun_is_believed_when_it_has_signed(client: PortalClient, clock: FixedClock) -> None:
    set_to(mailgun_signing_key=MAILGUN_KEY)
    message = asked_one()

    answer = tell(client, "mailgun", mailgun(failed(message), clock))

    assert answer.status_code == 200
    assert now_of(message).state is MessageState.FAILED
    assert now_of(message).last_reply == "5.1.1 The account does not exist"
    assert reason_of() is SuppressionReason.HARD_BOUNCE


def test_s20_mailgun_is_refused_with_a_wrong_old_or_used_signature(
    client: PortalClient, clock: FixedClock
) -> None:
    set_to(mailgun_signing_key=MAILGUN_KEY)
    ada, bob = asked(ADA, "bob@example.com")
    wrong = mailgun(failed(ada), clock, key="another key")
    old = mailgun(failed(ada), clock, token="t2")
    unsigned = {"event-data": failed(ada)}

    codes = [tell(client, "mailgun", body).status_code for body in (wrong, unsigned)]
    clock.advance(minutes=6)
    codes.append(tell(client, "mailgun", old).status_code)
    used = mailgun({"event": "delivered", "recipient": ADA}, clock, token="t3")
    tell(client, "mailgun", used)
    used["event-data"] = failed(bob)
    tell(client, "mailgun", used)

    assert codes == [403, 403, 403]
    assert {now_of(ada).state, now_of(bob).state} == {MessageState.SENT}
    assert kinds() == [ReportKind.DELIVERED]


@pytest.mark.parametrize(
    ("severity", "reason", "kind"),
    [
        ("temporary", "generic", ReportKind.DELAYED),
        ("permanent", "suppress-bounce", ReportKind.HARD),
        ("permanent", "suppress-unsubscribe", ReportKind.UNSUBSCRIBE),
        ("permanent", "old", ReportKind.SOFT),
        ("permanent", "espblock", ReportKind.BLOCKED),
    ],
)
def test_mailgun_tells_why(
    client: PortalClient, clock: FixedClock, severity: str, reason: str, kind: ReportKind
) -> None:
    message = asked_one()

    tell(client, "mailgun", mailgun(failed(message, severity, reason), clock))

    assert kinds() == [kind]


class SendGridSender:
    """Signs as SendGrid does, with a key of its own."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_key(self) -> str:
        public = self._key.public_key()
        der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    def headers(self, raw: bytes, clock: FixedClock) -> dict[str, str]:
        signed_at = str(int(clock.now().timestamp()))
        signature = self._key.sign(signed_at.encode() + raw, ec.ECDSA(SHA256()))
        return {
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": signed_at,
        }


def sendgrid(message: Message, event: str, number: int = 1, **parts: str) -> dict[str, Any]:
    return {
        "email": message.recipient_email,
        "event": event,
        "sg_event_id": f"event-{number}",
        "smtp-id": f"<o-{message.public_id}@acme.example>",
        "timestamp": 1773144000,
        **parts,
    }


def test_sendgrid_tells_many_things_at_once(client: PortalClient) -> None:
    people = asked(*(f"person{number}@example.com" for number in range(7)))
    body = [
        sendgrid(people[0], "bounce", 0, type="bounce", status="5.1.1", reason="550 unknown"),
        sendgrid(people[1], "bounce", 1, type="blocked", reason="554 5.7.1 blocked"),
        sendgrid(people[2], "deferred", 2, response="450 later"),
        sendgrid(people[3], "spamreport", 3),
        sendgrid(people[4], "dropped", 4, reason="Bounced Address"),
        sendgrid(people[5], "group_unsubscribe", 5),
        sendgrid(people[6], "open", 6),
    ]

    codes = [tell(client, "sendgrid", body).status_code for _ in range(2)]

    assert codes == [200, 200]
    assert kinds() == [
        ReportKind.HARD,
        ReportKind.BLOCKED,
        ReportKind.DELAYED,
        ReportKind.COMPLAINT,
        ReportKind.HARD,
        ReportKind.UNSUBSCRIBE,
    ]
    assert [one.message_id for one in bounces()] == [one.id for one in people[:6]]


def test_s20_sendgrid_is_refused_with_a_wrong_or_old_signature(
    client: PortalClient, clock: FixedClock
) -> None:
    sender, stranger = SendGridSender(), SendGridSender()
    set_to(sendgrid_public_key=sender.public_key)
    message = asked_one()
    raw = json.dumps([sendgrid(message, "bounce", type="bounce", status="5.1.1")]).encode()
    good = sender.headers(raw, clock)

    def post(data: bytes, headers: dict[str, str]) -> int:
        return client.post(url_of("sendgrid"), data=data, headers=headers).status_code

    codes = [
        post(raw, {}),
        post(raw, stranger.headers(raw, clock)),
        post(raw.replace(b"5.1.1", b"5.1.2"), good),
        post(raw, {**good, "X-Twilio-Email-Event-Webhook-Signature": "!"}),
    ]
    clock.advance(minutes=6)
    codes.append(post(raw, good))
    before = now_of(message).state
    codes.append(post(raw, sender.headers(raw, clock)))

    assert codes == [403, 403, 403, 403, 403, 200]
    assert before is MessageState.SENT
    assert now_of(message).state is MessageState.FAILED


@pytest.mark.parametrize(
    ("event", "why", "kind"),
    [
        ("hard_bounce", " RecipientError: 550 5.5.0 mailbox unavailable", ReportKind.HARD),
        ("invalid_email", "", ReportKind.HARD),
        ("soft_bounce", "no MX", ReportKind.SOFT),
        ("blocked", "blocked : due to blacklist user", ReportKind.BLOCKED),
        ("deferred", "450 later", ReportKind.DELAYED),
        ("spam", "", ReportKind.COMPLAINT),
        ("unsubscribed", "", ReportKind.UNSUBSCRIBE),
        ("delivered", "", ReportKind.DELIVERED),
    ],
)
def test_brevo_tells(client: PortalClient, event: str, why: str, kind: ReportKind) -> None:
    message = asked_one()
    body = {
        "event": event,
        "email": ADA,
        "id": 9999999,
        "message-id": f"<o-{message.public_id}@acme.example>",
        "ts_epoch": 1773144000000,
        "reason": why,
    }

    codes = [tell(client, "brevo", body).status_code for _ in range(2)]

    assert codes == [200, 200]
    assert kinds() == [kind]
    assert bounces()[0].message_id == message.id


def test_an_event_about_nobody_we_wrote_to_is_kept_and_changes_nothing(
    app: Flask, client: PortalClient
) -> None:
    body = {"event": "hard_bounce", "email": "nobody\u0000\ud800@example.com", "ts": 1}

    answer = tell(client, "brevo", body)

    assert answer.status_code == 200
    assert bounces()[0].message_id is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (postmark("SpamComplaint"), SuppressionReason.COMPLAINT),
        (postmark("Bounce", Type="Unsubscribe"), SuppressionReason.UNSUBSCRIBED),
        (
            postmark("Bounce", Type="HardBounce", Details="smtp;550 5.1.1 unknown"),
            SuppressionReason.HARD_BOUNCE,
        ),
        (postmark("Bounce", Type="SoftBounce"), None),
        (postmark("Bounce", Type="Blocked"), None),
        ({"RecordType": "Delivery", "Recipient": ADA}, None),
    ],
)
def test_a_provider_is_believed_about_an_address_when_no_message_is_found(
    client: PortalClient, clock: FixedClock, body: dict[str, Any], reason: SuppressionReason | None
) -> None:
    message = asked_one()
    clock.advance(days=6)
    waiting = queued_for(message)

    codes = [tell(client, "postmark", body).status_code for _ in range(2)]

    assert codes == [200, 200]
    (kept,) = bounces()
    assert (kept.message_id, kept.email_key) == (None, ADA)
    assert reason_of() is reason
    assert now_of(message).state is MessageState.SENT
    assert now_of(waiting).state is (MessageState.CANCELLED if reason else MessageState.QUEUED)


def queued_for(message: Message) -> Message:
    """Queue one more email to a message's address, whatever the cadence."""
    content = queue(message.email_key)
    with factories.work() as work:
        wanted = sa.select(Message).where(Message.content_id == content.id)
        return work.session.scalars(wanted).one()


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("hard_bounce", SuppressionReason.HARD_BOUNCE),
        ("spam", SuppressionReason.COMPLAINT),
        ("unsubscribed", SuppressionReason.UNSUBSCRIBED),
        ("soft_bounce", None),
        ("blocked", None),
        ("delivered", None),
    ],
)
def test_an_event_on_somebody_elses_email_changes_at_most_the_address(
    client: PortalClient, event: str, reason: SuppressionReason | None
) -> None:
    message = asked_one(state=MessageState.UNCERTAIN)
    body = {
        "event": event,
        "email": "Ada@Example.com",
        "message-id": "<newsletter-7@acme.example>",
        "reason": "550 5.1.1 no such user" if event == "hard_bounce" else "",
        "ts_epoch": 1773144000000,
    }

    tell(client, "brevo", body)

    assert bounces()[0].message_id is None
    assert now_of(message).state is MessageState.UNCERTAIN
    assert reason_of() is reason


def test_an_address_that_is_nobodys_contact_cannot_be_added_to_a_send_later(
    app: Flask, client: PortalClient
) -> None:
    tell(client, "postmark", postmark("SpamComplaint"))

    assert reason_of() is SuppressionReason.COMPLAINT


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("5.1.7", "invalid sender"),
        ("5.1.8", "sender domain not found"),
        ("5.6.0", "conversion failed"),
        ("5.5.1", "bad sequence of commands"),
        ("5.2.2", "mailbox full"),
        ("5.7.1", "rejected by policy"),
        ("4.4.7", "expired"),
    ],
)
def test_a_failure_that_is_final_for_the_provider_alone_silences_nobody(
    client: PortalClient, clock: FixedClock, status: str, words: str
) -> None:
    people = asked(*(f"person{number}@example.com" for number in range(4)))
    said = f"550 {status} {words}"
    failure = failed(people[0])
    failure["delivery-status"] = {"message": said, "enhanced-code": status}
    brevo = {
        "event": "hard_bounce",
        "email": people[2].recipient_email,
        "message-id": f"<o-{people[2].public_id}@acme.example>",
        "reason": said,
    }
    hard = {"Type": "HardBounce", "Details": said, "Email": people[3].recipient_email}

    tell(client, "mailgun", mailgun(failure, clock))
    tell(client, "sendgrid", [sendgrid(people[1], "bounce", status=status, reason=said)])
    tell(client, "brevo", brevo)
    tell(client, "postmark", postmark("Bounce", **hard))

    assert len(kinds()) == 4
    assert ReportKind.HARD not in kinds()
    assert [reason_of(one.email_key) for one in people] == [None] * 4
