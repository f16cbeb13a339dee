"""An email read back from its bytes."""

from datetime import datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_portal.mail.headers import HeaderInjection, message_id_for, wire_address
from nps_portal.mail.mime import Envelope, Mail, build, needs_smtputf8
from tests.delivery.conftest import mail

BREAKERS = ["\r\n", "\n", "\r", "\0", "\t", "\x1b", "\x7f", "\x85", "\u2028", "\u2029"]
TOKEN = "qT3vN0c9rW2yZk7bXl5mEA"
one_line_names = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"], include_characters=" "),
    min_size=1,
    max_size=120,
)


def read(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)


def raw_header(content: bytes, name: str) -> str:
    """Return a header field unfolded but not decoded."""
    head = content.partition(b"\r\n\r\n")[0].decode()
    lines = head.replace("\r\n ", " ").split("\r\n")
    return next(line for line in lines if line.startswith(f"{name}: ")).partition(": ")[2]


def decoded(value: str) -> str:
    return str(make_header(decode_header(value)))


def header_names(content: bytes) -> list[str]:
    head = content.partition(b"\r\n\r\n")[0].decode().replace("\r\n ", " ")
    return [line.partition(":")[0] for line in head.split("\r\n")]


def body_of(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert part is not None
    return str(part.get_content())


def test_an_email_has_the_headers_of_a_survey_and_no_others() -> None:
    survey = mail(
        reply_to="support@acme.example",
        list_unsubscribe_url=f"https://nps.acme.example/u/{TOKEN}",
        list_id="q4-2026.nps.acme.example",
        list_name="Acme customer survey",
        feedback_id="q4-2026:nps:survey:acmeNps01",
    )

    content = build(survey)

    head = content.partition(b"Content-Type")[0].decode().split("\r\n")
    assert head == [
        "Date: Sat, 21 Nov 2026 18:00:00 +0000",
        "From: Jo at Acme <feedback@mail.acme.example>",
        "To: =?utf-8?q?Zo=C3=AB_M=C3=BCller?= <zoe@example.org>",
        "Subject: How likely are you to recommend Acme?",
        "Message-ID: <o-01jd8x3k9c7m2v@mail.acme.example>",
        "Reply-To: support@acme.example",
        f"List-Unsubscribe: <https://nps.acme.example/u/{TOKEN}>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "List-ID: Acme customer survey <q4-2026.nps.acme.example>",
        "Feedback-ID: q4-2026:nps:survey:acmeNps01",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "MIME-Version: 1.0",
        "",
    ]


def test_the_plain_text_comes_before_the_html_and_nothing_is_attached() -> None:
    content = build(mail(text="Größe 10\n", html="<p>Größe 10</p>\n"))

    message = read(content)
    parts = list(message.iter_parts())
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert [part["Content-Transfer-Encoding"] for part in parts] == ["quoted-printable"] * 2
    assert [part.get_content_charset() for part in parts] == ["utf-8", "utf-8"]
    assert body_of(message, "plain") == "Größe 10\r\n"
    assert body_of(message, "html") == "<p>Größe 10</p>\r\n"


@pytest.mark.parametrize("breaker", BREAKERS)
@pytest.mark.parametrize(
    "field",
    [
        "sender_name",
        "sender_email",
        "recipient_name",
        "recipient_email",
        "subject",
        "message_id",
        "reply_to",
        "list_unsubscribe_url",
        "list_id",
        "list_name",
        "feedback_id",
    ],
)
def test_defect_d_no_header_value_can_start_another_header(field: str, breaker: str) -> None:
    valid = {
        "sender_email": "feedback@acme.example",
        "recipient_email": "zoe@example.org",
        "reply_to": "support@acme.example",
        "message_id": "<o-1@acme.example>",
        "list_unsubscribe_url": "https://nps.acme.example/u/token",
        "list_id": "q4.acme.example",
    }
    value = valid.get(field, "a") + breaker + "Bcc: eve@example.com"
    changes = {"list_id": "q4.acme.example", field: value}

    with pytest.raises(HeaderInjection):
        build(mail(**changes))


def test_what_only_looks_like_an_injection_is_carried_as_text() -> None:
    subject = "50%0d%0aBcc: eve@example.com {{config}} <svg onload=alert(1)>"

    content = build(mail(subject=subject))

    assert read(content)["Subject"] == subject
    assert "Bcc" not in header_names(content)


def test_defect_e_a_long_unsubscribe_address_stays_one_readable_line() -> None:
    url = f"https://a-rather-long-name-of-a-host.customers.nps.acme.example/u/{TOKEN * 10}"

    content = build(mail(list_unsubscribe_url=url))

    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in content


def test_an_unsubscribe_address_too_long_for_a_line_is_refused() -> None:
    url = "https://nps.acme.example/u/" + "q" * 980

    with pytest.raises(HeaderInjection):
        build(mail(list_unsubscribe_url=url))


@pytest.mark.parametrize("url", ["mailto:a@b.example", "https://a b", "https://a/>,<https://b"])
def test_an_unsubscribe_address_is_one_web_address(url: str) -> None:
    with pytest.raises(HeaderInjection):
        build(mail(list_unsubscribe_url=url))


@pytest.mark.parametrize(
    "name",
    [
        'Jo, at "Acme"',
        'Jo, at "Acme" ' * 8 + "end",
        "Ünal (Sales), " + "x" * 70,
        "Müller, Jo <jo@acme.example>",
        "日本 語, テスト " * 8 + "終",
        "=?utf-8?q?abc?=",
        "back\\slash",
        "Zoë 😀" * 30,
    ],
)
def test_defect_f_the_name_of_a_sender_survives_and_its_address_too(name: str) -> None:
    content = build(mail(sender_name=name))

    shown, address = parseaddr(raw_header(content, "From"))
    assert decoded(shown) == name
    assert address == "feedback@mail.acme.example"
    assert len(read(content)["From"].addresses) == 1


@given(name=one_line_names)
def test_any_name_is_read_back_with_one_address(name: str) -> None:
    content = build(mail(sender_name=name))

    shown, address = parseaddr(raw_header(content, "From"))
    assert decoded(shown).split() == name.split()
    assert address == "feedback@mail.acme.example"


@given(subject=one_line_names)
def test_any_subject_is_read_back_and_its_encoded_words_are_short(subject: str) -> None:
    content = build(mail(subject=subject))

    head = content.partition(b"\r\n\r\n")[0]
    words = [word for word in head.split() if word.startswith(b"=?")]
    assert decoded(raw_header(content, "Subject")).strip() == subject.strip()
    assert all(len(word) <= 75 for word in words)
    assert all(len(line) <= 76 for line in head.split(b"\r\n") if b"=?utf-8?" in line)


@given(text=st.text(max_size=400), html=st.text(max_size=400))
def test_any_body_is_fit_for_the_wire(text: str, html: str) -> None:
    content = build(mail(text=text, html=html))

    without_line_ends = content.replace(b"\r\n", b"")
    assert content.isascii()
    assert content.endswith(b"\r\n")
    assert not set(b"\r\n\0") & set(without_line_ends)


def test_defect_g_a_long_paragraph_is_broken_for_the_wire_and_whole_again_when_read() -> None:
    paragraph = "<p>" + "Grüße, " * 3000 + "</p>\n"

    content = build(mail(html=paragraph, text="x" * 5000 + "\n.\nFrom here on\n"))

    body = content.partition(b"\r\n\r\n")[2]
    message = read(content)
    assert max(len(line) for line in body.split(b"\r\n")) <= 76
    assert body_of(message, "html") == paragraph.replace("\n", "\r\n")
    assert body_of(message, "plain") == "x" * 5000 + "\r\n.\r\nFrom here on\r\n"


def test_defect_h_a_sharp_s_in_a_domain_is_not_another_domain() -> None:
    content = build(mail(recipient_name="", recipient_email="a@straße.de"))

    assert raw_header(content, "To") == "a@xn--strae-oqa.de"
    assert wire_address("a@straße.de") == "a@xn--strae-oqa.de"


def test_defect_i_a_local_part_outside_ascii_needs_smtputf8_and_is_written_as_it_is() -> None:
    letter = mail(recipient_name="", recipient_email="zoë@example.org")

    content = build(letter)

    assert needs_smtputf8(letter)
    assert b"\r\nTo: zo\xc3\xab@example.org\r\n" in content


def test_a_domain_outside_ascii_alone_does_not_need_smtputf8() -> None:
    letter = mail(recipient_email="zoe@straße.de", subject="Grüße")

    assert not needs_smtputf8(letter)
    assert build(letter).isascii()


def test_defect_i_the_message_id_stands_at_the_domain_of_the_sender() -> None:
    message_id = message_id_for("01jd8x3k9c7m2v", "feedback@straße.de")

    assert message_id == "<o-01jd8x3k9c7m2v@xn--strae-oqa.de>"


@pytest.mark.parametrize("message_id", ["o-1@acme.example", "<o-1>", "<a@b> <c@d>", "<a b@c>"])
def test_a_malformed_message_id_is_refused(message_id: str) -> None:
    with pytest.raises(HeaderInjection):
        build(mail(message_id=message_id))


def test_a_feedback_id_has_four_fields_at_most() -> None:
    with pytest.raises(HeaderInjection):
        build(mail(feedback_id="a:b:c:d:e"))


@pytest.mark.parametrize(
    "address",
    ["a@b.example>\r\nRCPT TO:<c@d.example", "a b@c.example", "<a@b.example>", "a", "@b.example"],
)
def test_an_envelope_takes_nothing_but_one_address(address: str) -> None:
    with pytest.raises(HeaderInjection):
        Envelope(sender="b@acme.example", recipient=address, envelope_id="o-1")


def test_a_date_without_a_zone_is_a_fault_of_the_program() -> None:
    undated: Mail = mail(date=datetime(2026, 11, 21, 18, 0))  # noqa: DTZ001 - the fault itself

    with pytest.raises(ValueError, match="time zone"):
        build(undated)
