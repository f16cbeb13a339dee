"""A compiled content gives the same email as its templates, and nothing a server must change."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nps_portal.delivery.rendering import CompiledContent, House
from nps_portal.foundation.merging import one_line, render_merged_html, render_merged_text
from nps_portal.foundation.tokens import Purpose, read_token
from nps_portal.outbox.claims import Claim
from nps_portal.outbox.models import EmailContent
from nps_portal.surveys.email import Look, compile_invitation
from nps_portal.surveys.wording import Wording

AT = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
HOUSE = House(public_url="https://nps.acme.example")
SOURCE = compile_invitation(Wording(), Look(business="Acme", postal_address="1 High Street"))
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def content() -> EmailContent:
    return EmailContent(
        sender_name="Jo at Acme",
        sender_email="feedback@acme.example",
        reply_to="support@acme.example",
        list_id="survey-1.acme.example",
        feedback_id="q4:default:invitation:nps-portal",
        subject=SOURCE.subject,
        html=SOURCE.html,
        text=SOURCE.text,
    )


def claim_of(*, first_name: str = "Zoë", email: str = "zoe@example.org") -> Claim:
    return Claim(
        message_id=1,
        public_id="abcdefghijkl",
        content_id=1,
        contact_id=1,
        invitation_id=1,
        recipient_name=first_name,
        recipient_email=email,
        email_key=email,
        values={
            "first_name": first_name,
            "name": first_name,
            "company": "",
            "survey_path": "/s/abcdefghijkl.0123456789abcdefghijkl",
            "unsubscribe_path": "/u/abcdefghijkl.0123456789abcdefghijkl",
        },
        language="",
        attempts=0,
        mail="invitation",
        lease_until=AT,
        owner="nobody",
    )


def parsed(email: bytes) -> EmailMessage:
    return message_from_bytes(email, policy=policy.default)


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


@given(first_name=names)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_joined_email_reads_like_the_rendered_one(first_name: str) -> None:
    claim = claim_of(first_name=first_name)
    filled = {
        "first_name": one_line(first_name),
        "name": one_line(first_name),
        "company": "",
        "survey_url": HOUSE.public_url + claim.values["survey_path"],
        "unsubscribe_url": HOUSE.public_url + claim.values["unsubscribe_path"],
        "my_data_url": HOUSE.public_url,
        "image_url": f"{HOUSE.public_url}/static/score_images",
    }

    message = parsed(CompiledContent(content(), HOUSE).email(claim, AT))

    assert part(message, "plain").rstrip() == render_merged_text(SOURCE.text, filled).rstrip()
    assert part(message, "html").rstrip() == render_merged_html(SOURCE.html, filled).rstrip()


@given(first_name=names)
@settings(max_examples=150)
def test_nothing_on_the_wire_invites_a_server_to_change_it(first_name: str) -> None:
    email = CompiledContent(content(), HOUSE).email(claim_of(first_name=first_name), AT)

    lines = email.split(b"\r\n")

    assert b"\n" not in email.replace(b"\r\n", b"")
    assert email.isascii()
    body = lines[lines.index(b"") :]
    assert max(len(line) for line in body) <= 76
    assert not [line for line in body if line.startswith((b".", b"From ")) or line.endswith(b" ")]


def test_somebody_without_a_name_is_greeted_without_one() -> None:
    message = parsed(CompiledContent(content(), HOUSE).email(claim_of(first_name=""), AT))

    assert Wording().greeting_without_name in part(message, "plain")


def test_each_message_has_an_unguessable_address_for_its_return(app: Flask) -> None:
    house = replace(HOUSE, bounce_domain="bounces.acme.example")
    compiled = CompiledContent(content(), house)

    envelope = compiled.envelope(claim_of())
    message = parsed(compiled.email(claim_of(), AT))

    local_part, _, domain = envelope.sender.partition("@")
    assert domain == "bounces.acme.example"
    assert local_part.startswith("b+")
    assert read_token(Purpose.BOUNCE, local_part.removeprefix("b+")) == "abcdefghijkl"
    assert len(local_part) <= 64
    assert message["List-Unsubscribe"] == (
        "<https://nps.acme.example/u/abcdefghijkl.0123456789abcdefghijkl>, "
        "<mailto:u+abcdefghijkl.0123456789abcdefghijkl@bounces.acme.example?subject=unsubscribe>"
    )


@pytest.mark.parametrize("field", ["subject", "html", "text"])
def test_a_content_that_asks_for_more_than_fields_is_refused(field: str) -> None:
    broken = content()
    setattr(broken, field, "{% for x in y %}{% endfor %}")

    with pytest.raises(ValueError, match="not a merge source"):
        CompiledContent(broken, HOUSE)
