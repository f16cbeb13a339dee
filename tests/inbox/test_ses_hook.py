"""Amazon SES, which speaks through SNS: signed envelopes, confirmed subscriptions."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Flask
from werkzeug.test import TestResponse

from nps_portal.contacts.queries import suppression_of
from nps_portal.foundation.database import reading
from nps_portal.foundation.outbound import NoAnswer
from nps_portal.foundation.tokens import Purpose, make_token
from nps_portal.outbox.models import Message, MessageState
from nps_portal.reports.models import ReportKind
from tests.inbox.returned import ADA, asked_one, bounces, now_of
from tests.support.client import PortalClient
from tests.support.clock import NOON, FixedClock

CERTIFICATE_URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-01.pem"
SUBSCRIBE_URL = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:returned"


class Amazon:
    """Stands for SNS: signs with a key of its own, and hands its certificate out."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
        self._certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(1)
            .not_valid_before(NOON - timedelta(days=1))
            .not_valid_after(NOON + timedelta(days=365))
            .sign(self._key, SHA256())
        )
        self.asked_for: list[str] = []

    def page(self, url: str) -> bytes:
        """Return what the address answers."""
        self.asked_for.append(url)
        if url == CERTIFICATE_URL:
            return self._certificate.public_bytes(Encoding.PEM)
        return b"<ConfirmSubscriptionResponse/>"

    def signed(self, envelope: dict[str, str], version: str = "2") -> dict[str, str]:
        """Return an envelope with its signature."""
        names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token"]
        text = "".join(
            f"{name}\n{envelope[name]}\n"
            for name in [*names, "TopicArn", "Type"]
            if name in envelope
        )
        algorithm = SHA1() if version == "1" else SHA256()
        signature = self._key.sign(text.encode(), PKCS1v15(), algorithm)
        return {
            **envelope,
            "SignatureVersion": version,
            "Signature": base64.b64encode(signature).decode(),
            "SigningCertURL": CERTIFICATE_URL,
        }


@pytest.fixture
def amazon(app: Flask) -> Amazon:
    made = Amazon()
    app.extensions["nps_sns"] = made.page
    return made


@pytest.fixture
def post(client: PortalClient) -> Callable[[dict[str, str]], TestResponse]:
    def send(envelope: dict[str, str]) -> TestResponse:
        url = f"/hooks/ses?key={make_token(Purpose.HOOK, 'ses')}"
        return client.post(url, data=json.dumps(envelope), content_type="text/plain")

    return send


Post = Callable[[dict[str, str]], TestResponse]


def notification(message: dict[str, Any], at: str = "2026-03-10T12:00:00.000Z") -> dict[str, str]:
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Subject": "Amazon SES Email Event Notification",
        "Message": json.dumps(message),
        "Timestamp": at,
    }


def mail_of(message: Message) -> dict[str, Any]:
    return {
        "messageId": "0000014644fe5ef6-9a483358-9170-4cb4-a269-f5dcdf415321-000000",
        "destination": [message.recipient_email],
        "headers": [{"name": "Message-ID", "value": f"<o-{message.public_id}@acme.example>"}],
    }


def bounce(
    message: Message,
    kind: str = "Permanent",
    status: str = "5.1.1",
    words: str = "unknown user",
) -> dict[str, Any]:
    recipient = {
        "emailAddress": message.recipient_email,
        "status": status,
        "action": "failed",
        "diagnosticCode": f"smtp; 550 {status} {words}",
    }
    return {
        "notificationType": "Bounce",
        "mail": mail_of(message),
        "bounce": {
            "bounceType": kind,
            "bounceSubType": "General",
            "bouncedRecipients": [recipient],
        },
    }


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_signed_bounce_is_acted_on_once(
    app: Flask, amazon: Amazon, post: Post, version: str
) -> None:
    message = asked_one()
    envelope = amazon.signed(notification(bounce(message)), version)

    codes = [post(envelope).status_code for _ in range(2)]

    assert codes == [200, 200]
    assert len(bounces()) == 1
    assert bounces()[0].reason == "550 5.1.1 unknown user"
    assert now_of(message).state is MessageState.FAILED
    assert suppression_of(reading(), ADA) is not None


def test_s20_what_amazon_has_not_signed_just_now_is_refused(
    app: Flask, amazon: Amazon, post: Post, clock: FixedClock
) -> None:
    message = asked_one()
    good = amazon.signed(notification(bounce(message)))
    stranger = Amazon().signed(notification(bounce(message)))
    refused = [
        stranger,
        good | {"Message": good["Message"].replace("5.1.1", "5.1.2")},
        good | {"Subject": "another"},
        good | {"SignatureVersion": "3"},
        good | {"Signature": "!"},
        good | {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com.evil.example/x.pem"},
        good | {"SigningCertURL": "http://sns.eu-central-1.amazonaws.com/x.pem"},
        good | {"SigningCertURL": "https://evil.example/?sns.eu-central-1.amazonaws.com/x.pem"},
        good | {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com@evil.example/x.pem"},
        good | {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com/?Action=GetTopic"},
        good | {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com/x.pem"},
        good | {"SigningCertURL": f"{CERTIFICATE_URL}?x"},
        good | {"SigningCertURL": CERTIFICATE_URL.replace("01.pem", "xyz.pem")},
        good | {"SigningCertURL": CERTIFICATE_URL.replace("/Simple", "/a/Simple")},
        amazon.signed(notification(bounce(message), at="2026-03-10T10:59:00.000Z")),
        amazon.signed(notification(bounce(message), at="yesterday")),
        {},
    ]

    codes = [post(envelope).status_code for envelope in refused]

    assert codes == [403] * len(refused)
    assert set(amazon.asked_for) == {CERTIFICATE_URL}
    assert now_of(message).state is MessageState.SENT
    assert bounces() == []


def test_a_subscription_is_confirmed_at_amazon_and_nowhere_else(
    app: Flask, amazon: Amazon, post: Post
) -> None:
    confirmation = {
        "Type": "SubscriptionConfirmation",
        "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
        "Token": "2336",
        "TopicArn": TOPIC,
        "Message": "You have chosen to subscribe to the topic.",
        "SubscribeURL": SUBSCRIBE_URL,
        "Timestamp": "2026-03-10T12:00:00.000Z",
    }
    elsewhere = confirmation | {"SubscribeURL": "https://evil.example/"}

    good = post(amazon.signed(confirmation))
    bad = post(amazon.signed(elsewhere))
    ended = post(amazon.signed(confirmation | {"Type": "UnsubscribeConfirmation"}))

    assert (good.status_code, bad.status_code, ended.status_code) == (200, 403, 200)
    assert amazon.asked_for.count(SUBSCRIBE_URL) == 1
    assert "https://evil.example/" not in amazon.asked_for


def test_a_certificate_that_cannot_be_had_is_asked_for_again(
    app: Flask, amazon: Amazon, post: Post
) -> None:
    def silent(url: str) -> bytes:
        raise NoAnswer("Amazon does not answer.")

    app.extensions["nps_sns"] = silent

    assert post(amazon.signed(notification({}))).status_code == 503


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        (
            {
                "notificationType": "Complaint",
                "complaint": {"complainedRecipients": [{"emailAddress": ADA}]},
            },
            ReportKind.COMPLAINT,
        ),
        (
            {"eventType": "Delivery", "delivery": {"recipients": [ADA], "smtpResponse": "250 ok"}},
            ReportKind.DELIVERED,
        ),
        (
            {
                "eventType": "DeliveryDelay",
                "deliveryDelay": {"delayedRecipients": [{"emailAddress": ADA, "status": "4.4.1"}]},
            },
            ReportKind.DELAYED,
        ),
        ({"eventType": "Reject", "reject": {"reason": "Bad content"}}, ReportKind.BLOCKED),
    ],
)
def test_ses_tells(
    app: Flask, amazon: Amazon, post: Post, parts: dict[str, Any], kind: ReportKind
) -> None:
    message = asked_one()

    post(amazon.signed(notification({"mail": mail_of(message), **parts})))

    assert [(one.kind, one.message_id) for one in bounces()] == [(kind, message.id)]


@pytest.mark.parametrize(
    ("kind", "status", "words", "meant"),
    [
        ("Permanent", "5.7.1", "no", ReportKind.BLOCKED),
        ("Permanent", "5.2.2", "no", ReportKind.SOFT),
        ("Permanent", "5.1.8", "the sender's domain", ReportKind.BLOCKED),
        ("Permanent", "5.5.1", "bad sequence", ReportKind.SOFT),
        ("Transient", "4.2.2", "unknown user", ReportKind.SOFT),
        ("Undetermined", "5.0.0", "unknown user", ReportKind.SOFT),
    ],
)
def test_doubt_is_never_for_good(
    amazon: Amazon, post: Post, kind: str, status: str, words: str, meant: ReportKind
) -> None:
    message = asked_one()

    post(amazon.signed(notification(bounce(message, kind, status, words))))

    assert [one.kind for one in bounces()] == [meant]
    assert suppression_of(reading(), ADA) is None


@pytest.mark.parametrize("text", ["not json", "[]", "1", '{"notificationType": "Open"}'])
def test_a_message_that_means_nothing_is_a_success_too(
    app: Flask, amazon: Amazon, post: Post, text: str
) -> None:
    envelope = notification({}) | {"Message": text}

    assert post(amazon.signed(envelope)).status_code == 200
    assert bounces() == []
