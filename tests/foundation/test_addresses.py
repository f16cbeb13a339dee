"""Addresses as people type them."""

import string
import unicodedata

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from nps_portal.foundation.addresses import BadEmail, ascii_domain, parse_email


def reason_against(text: str) -> str:
    with pytest.raises(BadEmail) as refusal:
        parse_email(text)
    return str(refusal.value)


@pytest.mark.parametrize(
    "typed",
    [
        "anna@example.com",
        "  anna@example.com\t\r\n",
        "\u00a0anna@example.com\u202f",
        "\ufeffanna@example.com",
        "an\u200bna@exam\u00adple.com\u200d",
        "mailto:anna@example.com",
        "MAILTO:anna@example.com?subject=Hello%20there",
        "Anna Berg <anna@example.com>",
        '"Berg, Anna" < anna@example.com >',
        "anna@example.com <anna@example.com>",
        "<anna@example.com>",
        "SMTP:anna@example.com",
        "E-Mail: anna@example.com",
        "'anna@example.com'",
        '"anna@example.com"',
        "(anna@example.com)",
        "[anna@example.com](mailto:anna@example.com)",
        "anna@example.com;",
        "anna@example.com,",
        "anna@example.com.",
        "anna@example.com; anna@example.com",
        "anna@example.com (Anna Berg)",
        "Anna Berg <anna@example.com>;",
        "anna＠example.com",
    ],
)
def test_what_surrounds_an_address_is_taken_off(typed: str) -> None:
    address = parse_email(typed)

    assert address.email == "anna@example.com"
    assert address.key == "anna@example.com"


def test_the_local_part_stays_as_typed_and_the_domain_is_lower_case() -> None:
    address = parse_email("Anna.Berg+Shop@EXAMPLE.com")

    assert address.email == "Anna.Berg+Shop@example.com"
    assert address.key == "anna.berg+shop@example.com"


@pytest.mark.parametrize(
    "typed", ["Info@Straße.de", "info@xn--strae-oqa.de", "INFO@XN--STRAE-OQA.DE"]
)
def test_a_domain_beyond_ascii_is_one_address_in_either_form(typed: str) -> None:
    address = parse_email(typed)

    assert address.email.casefold().endswith("@straße.de".casefold())
    assert address.key == "info@xn--strae-oqa.de"


def test_a_local_part_beyond_ascii_is_compared_in_composed_form() -> None:
    composed = parse_email("José@example.com")
    decomposed = parse_email(unicodedata.normalize("NFD", "JOSÉ@example.com"))

    assert composed.email == "José@example.com"
    assert composed.key == decomposed.key == "josé@example.com"


def test_an_escaped_mailto_link_is_unescaped() -> None:
    address = parse_email("mailto:anna%2Bshop@example.com")

    assert address.email == "anna+shop@example.com"


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "There is no email address."),
        (" \u00a0\ufeff", "There is no email address."),
        ("anna", "«anna» has no @."),
        ("anna@", "«anna@» has nothing after the @."),
        ("@example.com", "«@example.com» has nothing before the @."),
        ("anna berg@example.com", "«anna berg@example.com» has a blank inside."),
        ("anna@@example.com", "«anna@@example.com» has more than one @."),
        ("anna..b@example.com", "«anna..b@example.com» has two dots in a row."),
        ("anna.@example.com", "«anna.@example.com» has a dot right before the @."),
        (".anna@example.com", "«.anna@example.com» begins with a dot."),
        ("anna@.example.com", "«anna@.example.com» has a dot right after the @."),
        (
            "anna@example.c",
            "«anna@example.c» cannot get email: «example.c» is not a domain people can write to.",
        ),
        ("anna@example", "«anna@example» has no ending like .com after the @."),
        (
            "anna@exa_mple.com",
            "«anna@exa_mple.com» has a character that cannot stand there: «_».",
        ),
        (
            "an\0na@example.com",
            "«an·na@example.com» has a character that cannot stand there: U+0000.",
        ),
        (
            "anna@mail.invalid",
            "«anna@mail.invalid» cannot get email: «mail.invalid» is not a domain people can "
            "write to.",
        ),
    ],
)
def test_the_reason_against_an_address_is_a_sentence(typed: str, reason: str) -> None:
    assert reason_against(typed) == reason


@pytest.mark.parametrize(
    "typed",
    [
        "anna@example.com; bert@example.net",
        "anna@example.com,bert@example.net",
        "anna@example.com ::: bert@example.net",
        "anna@example.com / bert@example.net",
        "anna@example.com\nbert@example.net",
        "anna@example.com <bert@example.net>",
    ],
)
def test_two_addresses_are_both_named_and_neither_is_taken(typed: str) -> None:
    reason = reason_against(typed)

    assert reason == (
        "There is more than one email address: anna@example.com and bert@example.net."
    )


@pytest.mark.parametrize(
    "typed",
    [
        '"anna berg"@example.com',
        '"anna..berg"@example.com',
        "anna(berg)@example.com",
        "(old) anna@example.com",
        "anna@(here)example.com",
        "anna@[192.0.2.1]",
        "anna@[IPv6:2001:db8::1]",
        "anna@192.0.2.1",
        "anna@example.com\r\nBcc: x@example.com",
        "anna@example.com\r\nBcc:",
        "see anna@example.com",
        "http://example.com/anna@example.com",
        "anna@example,com",
        "anna@example.co-uk",
        "anna@example.123",
    ],
)
def test_forms_that_only_machines_write_are_refused(typed: str) -> None:
    assert reason_against(typed).endswith(".")


@pytest.mark.parametrize("length", [254, 255])
def test_an_address_has_at_most_254_characters(length: int) -> None:
    labels = ".".join(["a" * 60] * 3)
    ending = f"{labels}.example.com"
    typed = "x" * (length - len(ending) - 1) + "@" + ending

    if length == 254:
        assert parse_email(typed).email == typed
    else:
        assert reason_against(typed).endswith("is too long for an email address.")


@pytest.mark.parametrize(
    "text", ["x" * 200_000, "x@" * 100_000, "a b" * 70_000, "<" * 200_000 + ">"]
)
def test_a_huge_text_is_refused_with_a_short_reason(text: str) -> None:
    assert len(reason_against(text)) < 300


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("straße.de", "xn--strae-oqa.de"),
        ("Bücher.Example", "xn--bcher-kva.example"),
        ("EXAMPLE.com", "example.com"),
        ("example.com.", "example.com"),
    ],
)
def test_a_domain_is_written_as_in_the_dns(domain: str, expected: str) -> None:
    assert ascii_domain(domain) == expected


@pytest.mark.parametrize("domain", ["", "a b.de", "-a.de", "x" * 300, "a..de"])
def test_what_is_no_domain_is_refused(domain: str) -> None:
    with pytest.raises(BadEmail, match="is not a valid domain name"):
        ascii_domain(domain)


_LABELS = st.text("aZ09-_x", min_size=1, max_size=6)


@given(
    local_part=st.text(string.ascii_letters + "09._+'-!\\", min_size=1, max_size=70),
    labels=st.lists(_LABELS | st.sampled_from(["xn--strae-oqa", "ab--c", "com", "test", "local"])),
    ending=st.sampled_from(["com", "DE", "test", "local", "xn--p1ai", "invalid", "123"]),
)
def test_the_short_way_judges_as_the_validator_does(
    local_part: str, labels: list[str], ending: str
) -> None:
    typed = f"{local_part}@{'.'.join([*labels, ending])}"

    try:
        validator = validate_email(typed, check_deliverability=False, strict=True)
    except EmailNotValidError:
        with pytest.raises(BadEmail):
            parse_email(typed)
    else:
        address = parse_email(typed)
        assert address.email == f"{local_part}@{validator.domain}"
        assert address.key == f"{local_part.lower()}@{validator.ascii_domain}"
        assert address.key == parse_email(address.email).key


@pytest.mark.parametrize("address", ["jo@shop.local", "jo@kunde.test"])
def test_an_address_of_a_local_network_is_taken(address: str) -> None:
    assert parse_email(address).email == address


@pytest.mark.parametrize("address", ["jo@nowhere.invalid", "jo@localhost", "jo@office"])
def test_an_address_that_no_server_can_reach_is_refused(address: str) -> None:
    with pytest.raises(BadEmail):
        parse_email(address)
