"""Amazon SNS, the messenger of SES: its signatures, and confirming that we want its messages."""

import base64
import binascii
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from nps_portal.foundation.outbound import NoAnswer, fetch
from nps_portal.inbox.events import Json, NotGenuine, at

Fetch: TypeAlias = Callable[[str], bytes]

MESSAGE_LASTS = timedelta(hours=1)
CONFIRMATION = "SubscriptionConfirmation"

_HOST = r"https://sns\.[a-z0-9-]{3,40}\.amazonaws\.com(?:\.cn)?/"
_CERTIFICATE = re.compile(_HOST + r"SimpleNotificationService-[0-9a-f]+\.pem")
_CONFIRMATION = re.compile(_HOST + r"[!-~]*")
_SIGNED_OF_A_MESSAGE = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_SIGNED_OF_A_CONFIRMATION = (
    "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
)  # fmt: skip
# SNS signs with SHA-1 unless its topic asks for version 2; what is signed is its choice, not ours.
_HASHES = {"1": SHA1, "2": SHA256}


@lru_cache(maxsize=32)
def fetch_from_sns(url: str) -> bytes:
    """Return a page of Amazon's SNS; one that was had is not fetched again.

    :raises NoAnswer: it is not there.
    """
    answer = fetch(url)
    if answer.status != 200:
        raise NoAnswer(f"Amazon SNS answers {answer.status}.")
    return answer.body


def check_signature(envelope: Json, fetched: Fetch, now: datetime) -> None:
    """See that SNS has signed an envelope within the last hour.

    :raises NotGenuine: it has not, or too long ago.
    :raises NoAnswer: the certificate cannot be had just now.
    """
    signed = _signed_text(envelope)
    algorithm = _HASHES.get(at(envelope, "SignatureVersion"))
    if algorithm is None:
        raise NotGenuine("The signature is of no known version.")
    key = _public_key(at(envelope, "SigningCertURL"), fetched)
    try:
        signature = base64.b64decode(at(envelope, "Signature"), validate=True)
        key.verify(signature, signed, PKCS1v15(), algorithm())
    except (InvalidSignature, binascii.Error) as error:
        raise NotGenuine("The signature is not of Amazon SNS.") from error
    if not _is_recent(at(envelope, "Timestamp"), now):
        raise NotGenuine("The message is too old.")


def confirm(envelope: Json, fetched: Fetch) -> None:
    """Tell SNS that we want the messages of a topic.

    :raises NotGenuine: the address to tell it at is not one of SNS.
    """
    fetched(_address(at(envelope, "SubscribeURL"), _CONFIRMATION))


def _signed_text(envelope: Json) -> bytes:
    is_message = at(envelope, "Type") == "Notification"
    names = _SIGNED_OF_A_MESSAGE if is_message else _SIGNED_OF_A_CONFIRMATION
    # An absent subject is left out of the text; an empty one stands in it.
    present = [name for name in names if isinstance(envelope, dict) and name in envelope]
    return "".join(f"{name}\n{at(envelope, name)}\n" for name in present).encode()


def _public_key(url: str, fetched: Fetch) -> RSAPublicKey:
    try:
        key = x509.load_pem_x509_certificate(fetched(_address(url, _CERTIFICATE))).public_key()
    except ValueError as error:
        raise NotGenuine("The certificate of the signature cannot be read.") from error
    if not isinstance(key, RSAPublicKey):
        raise NotGenuine("The certificate of the signature is of another kind.")
    return key


def _address(url: str, amazons: re.Pattern[str]) -> str:
    """Return an address that is Amazon's."""
    if not amazons.fullmatch(url):
        raise NotGenuine("The address is not one of Amazon SNS.")
    return url


def _is_recent(timestamp: str, now: datetime) -> bool:
    try:
        sent = datetime.fromisoformat(timestamp)
    except ValueError:
        return False
    return sent.tzinfo is not None and abs(now - sent) <= MESSAGE_LASTS
