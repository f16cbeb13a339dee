"""What a failure means: the words against the code, and doubt, which is never hard."""

import pytest

from nps_portal.reports.models import ReportKind
from nps_portal.reports.reading import read_reports
from nps_portal.reports.verdicts import judge
from tests.reports.letters import failed

HARD = (
    "550 5.1.1 <zoe@customer.example>: Recipient address rejected: User unknown",
    "550 5.7.1 No such user c18si2365148hub",
    "550-5.1.1 The email account that you tried to reach does not exist.",
    "550 5.4.1 Recipient address rejected: Access denied. [AM6EUR05.prod.outlook.example]",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    "550 Requested action not taken: mailbox unavailable",
    "554 delivery error: dd This user doesn't have a yahoo.example account",
    "550 #5.1.0 Address rejected: no such recipient",
    "551 not our customer",
    "550 5.1.6 recipient no longer on server",
    "553 sorry, no mailbox here by that name (#5.7.1)",
    "550 unknown or illegal alias: zoe@customer.example",
    "550 Invalid recipient zoe@customer.example (Mode: normal)",
    "Host or domain name not found. Name service error for name=gone.example: Host not found",
    "550 5.1.2 Host unknown (Name server: gone.example: host not found)",
    "556 5.1.10 Recipient address has null MX",
    "521 5.3.2 Host does not accept mail",
    "550 Adresse d au moins un destinataire inconnue",
    "550 User has moved to elsewhere.example",
    "550 5.1.1 Empfänger unbekannt",
)
SOFT = (
    "552 5.2.2 The email account that you tried to reach is over quota",
    "550 5.1.1 mailbox full",
    "550 5.1.1 <zoe@customer.example> User's mailbox exceeded storage limit",
    "450 4.1.1 User unknown, try again later",
    "4.4.7 Message expired; last error: 550 user unknown",
    "Name service error for name=slow.example type=MX: Host not found, try again",
    "connect to mx.customer.example[192.0.2.1]:25: Connection timed out",
    "554 5.4.6 Too many hops",
    "mail for customer.example loops back to myself",
    "552 5.3.4 Message size exceeds fixed limit",
    "451 4.7.1 Greylisting in action, please come back later",
    "554 delivery error: dd This account has been disabled or discontinued [#102]",
    "550 5.2.1 The email account that you tried to reach is disabled",
    "550 [SUSPEND] Mailbox currently suspended",
    "host mx.carrier.example said: 550 Unknown user zoe (in reply to end of DATA command)",
    "554 Oops",
    "remote host closed connection; recipient zoe@customer.example: connection was closed",
)
BLOCKED = (
    "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.example",
    "550 5.1.1 Message rejected as spam",
    "550 5.7.26 This mail has been blocked because the sender is unauthenticated (SPF, DKIM)",
    "550 5.7.1 Unauthenticated email is not accepted due to domain's DMARC policy",
    "550 5.7.1 Relaying denied",
    "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
    "554 5.7.1 <zoe@customer.example>: Relay access denied",
    "550-Verification failed for <feedback@acme.example> 550 Sender verify failed",
    "550 5.1.8 Domain of sender address does not exist",
    "421 4.7.0 Too many messages from your network, rate limited",
    "550 5.7.1 Mail with virus attachment refused by content filter",
    "550 Access denied - Invalid HELO name",
    "550 5.7.0",
)


@pytest.mark.parametrize("words", HARD)
def test_an_address_that_is_gone_for_ever_is_hard(words: str) -> None:
    assert [one.kind for one in read_reports(failed(words))] == [ReportKind.HARD]


@pytest.mark.parametrize("words", SOFT)
def test_what_may_pass_and_what_is_doubtful_is_soft(words: str) -> None:
    assert [one.kind for one in read_reports(failed(words))] == [ReportKind.SOFT]


@pytest.mark.parametrize("words", BLOCKED)
def test_a_refusal_of_the_message_or_its_sender_is_blocked(words: str) -> None:
    assert [one.kind for one in read_reports(failed(words))] == [ReportKind.BLOCKED]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("5.1.1", ReportKind.HARD),
        ("5.1.2", ReportKind.HARD),
        ("5.1.10", ReportKind.HARD),
        ("4.1.1", ReportKind.SOFT),
        ("5.0.0", ReportKind.SOFT),
        ("5.1.0", ReportKind.SOFT),
        ("5.2.1", ReportKind.SOFT),
        ("5.4.4", ReportKind.SOFT),
        ("5.1.8", ReportKind.BLOCKED),
        ("5.7.1", ReportKind.BLOCKED),
        ("", ReportKind.SOFT),
    ],
)
def test_without_words_only_a_code_that_names_the_address_is_hard(
    status: str, kind: ReportKind
) -> None:
    assert judge(status=status, words="") is kind


def test_words_in_an_address_or_a_host_name_are_not_believed() -> None:
    words = "550 5.1.1 <spam@quota.example>: User unknown (mail-filter.blocked.example)"

    assert judge(status="5.1.1", words=words) is ReportKind.HARD


def test_a_link_to_a_blacklist_is_believed() -> None:
    words = "550 Rejected, see https://www.spamhaus.example/query?ip=192.0.2.1"

    assert judge(status="5.0.0", words=words) is ReportKind.BLOCKED


def test_advice_to_the_reader_is_no_finding() -> None:
    advice = "Check the spelling: the address may be invalid or the user unknown."

    assert judge(status="5.0.0", words="554 failed", surroundings=advice) is ReportKind.SOFT
