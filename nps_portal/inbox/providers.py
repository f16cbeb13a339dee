"""The large senders: what each must show to be believed, and what its request then tells."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from nps_portal.accounts.portal_settings import PortalSettings
from nps_portal.inbox import brevo, mailgun, postmark, sendgrid, ses, sns
from nps_portal.inbox.events import Json, ProviderEvent


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One request of a provider, and what is needed to judge it; `fetched` gets a page of SNS."""

    raw: bytes
    body: Json
    headers: Mapping[str, str]
    settings: PortalSettings
    now: datetime
    fetched: sns.Fetch


Receive: TypeAlias = Callable[[Delivery], list[ProviderEvent]]


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A sender under its name; `receive` refuses with NotGenuine what it has not signed."""

    label: str
    receive: Receive


def _ses(delivery: Delivery) -> list[ProviderEvent]:
    sns.check_signature(delivery.body, delivery.fetched, delivery.now)
    kind = delivery.body.get("Type")
    if kind == sns.CONFIRMATION:
        sns.confirm(delivery.body, delivery.fetched)
    return ses.events(delivery.body) if kind == "Notification" else []


def _postmark(delivery: Delivery) -> list[ProviderEvent]:
    return postmark.events(delivery.body)


def _mailgun(delivery: Delivery) -> list[ProviderEvent]:
    if key := delivery.settings.mailgun_signing_key:
        mailgun.check_signature(delivery.body, key, delivery.now)
    return mailgun.events(delivery.body)


def _sendgrid(delivery: Delivery) -> list[ProviderEvent]:
    if key := delivery.settings.sendgrid_public_key:
        sendgrid.check_signature(
            delivery.raw,
            signature=delivery.headers.get(sendgrid.SIGNATURE_HEADER, ""),
            signed_at=delivery.headers.get(sendgrid.TIME_HEADER, ""),
            key=sendgrid.public_key(key),
            now=delivery.now,
        )
    return sendgrid.events(delivery.body)


def _brevo(delivery: Delivery) -> list[ProviderEvent]:
    return brevo.events(delivery.body)


PROVIDERS = {
    "ses": Provider(label="Amazon SES", receive=_ses),
    "postmark": Provider(label="Postmark", receive=_postmark),
    "mailgun": Provider(label="Mailgun", receive=_mailgun),
    "sendgrid": Provider(label="SendGrid", receive=_sendgrid),
    "brevo": Provider(label="Brevo", receive=_brevo),
}
