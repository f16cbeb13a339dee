"""Rows to drafts of Contacts, or to rejections with their line and reason."""

import io
from itertools import islice
from pathlib import Path

import pytest

from nps_portal.contacts.models import SuppressionReason
from nps_portal.imports.drafts import ContactDraft, Rejection, draft
from nps_portal.imports.mapping import Field, Mapping, guess_mapping
from nps_portal.imports.reading import Row, read_table

FILES = Path(__file__).parent / "files"
FIELDS = tuple(Field)


def row_of(fault: str | None = None, **cells: str) -> Row:
    """Make row 2 of a table that has a column for every field."""
    told = {"email": "anna@example.com"} | cells
    return Row(line=2, cells=tuple(told.get(field.value, "") for field in FIELDS), fault=fault)


def outcome(row: Row) -> ContactDraft | Rejection:
    headers = tuple(field.value for field in FIELDS)
    return draft(row, Mapping.from_choices(headers, dict(enumerate(FIELDS))))


def drafted(**cells: str) -> ContactDraft:
    result = outcome(row_of(**cells))
    assert isinstance(result, ContactDraft)
    return result


def rejected(**cells: str) -> Rejection:
    result = outcome(row_of(**cells))
    assert isinstance(result, Rejection)
    return result


def outcomes_of(file: str) -> list[ContactDraft | Rejection]:
    table = read_table(io.BytesIO((FILES / file).read_bytes()), file)
    mapping = guess_mapping(table.headers, list(islice(table.rows(), 50)))
    return [draft(row, mapping) for row in table.rows()]


def test_a_row_becomes_a_draft() -> None:
    contact = drafted(
        email=" Anna <Anna@Example.com> ",
        first_name="Anna",
        last_name="Berg",
        company="Berg GmbH",
        language="Deutsch",
        time_zone="Europe/Vienna",
        opted_out="",
    )

    assert (contact.line, contact.news.email.email, contact.news.email.key) == (
        2,
        "Anna@example.com",
        "anna@example.com",
    )
    assert (contact.news.name, contact.news.first_name, contact.news.company) == (
        "Anna Berg",
        "Anna",
        "Berg GmbH",
    )
    assert (contact.news.language, contact.news.time_zone, contact.opted_out) == (
        "de",
        "Europe/Vienna",
        False,
    )


@pytest.mark.parametrize(
    ("email", "reason"),
    [
        ("", "There is no email address."),
        ("anna@", "«anna@» has nothing after the @."),
        (
            "anna@example.com; bert@example.net",
            "There is more than one email address: anna@example.com and bert@example.net.",
        ),
    ],
)
def test_a_row_without_one_good_address_is_rejected(email: str, reason: str) -> None:
    rejection = rejected(email=email, name="Anna Berg", company="Berg GmbH")

    assert (rejection.line, rejection.reason) == (2, reason)
    assert rejection.text.endswith("Anna Berg | Berg GmbH")


def test_a_row_at_fault_is_rejected_with_its_fault() -> None:
    result = outcome(row_of(fault="The row has 3 cells under 2 headers."))

    assert result == Rejection(
        line=2, reason="The row has 3 cells under 2 headers.", text="anna@example.com"
    )


def test_without_an_email_column_every_row_is_rejected() -> None:
    mapping = Mapping(headers=("Name",), columns={Field.NAME: 0})

    result = draft(Row(line=9, cells=("Anna",)), mapping)

    assert result == Rejection(
        line=9, reason="No column is chosen for the email address.", text="Anna"
    )


def test_the_text_of_a_rejected_row_is_shortened_and_on_one_line() -> None:
    rejection = rejected(email="anna@\r\n", name="x" * 5000)

    assert len(rejection.text) == 200
    assert rejection.text.startswith("anna@ | xxx")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  Anna \u00a0 Berg ", "Anna Berg"),
        ("Anna\r\nBcc: x@example.com", "Anna Bcc: x@example.com"),
        ("An\x00na\x07 Berg\x1b", "Anna Berg"),
        ("Anna\u2028Berg", "Anna Berg"),
        ("\u202eAnna\ufeff", "Anna"),
        ("王小明", "王小明"),
        ("محمد‌رضا", "محمد\u200cرضا"),
        ("O'Neil-Łuczak 🙂", "O'Neil-Łuczak 🙂"),
        ("{{config}} <b>", "{{config}} <b>"),
        ("'=1+1", "=1+1"),
    ],
)
def test_names_keep_every_script_and_lose_control_characters(typed: str, name: str) -> None:
    contact = drafted(name=typed, company=typed)

    assert (contact.news.name, contact.news.company) == (name, name)


def test_an_address_guarded_by_our_own_export_is_restored() -> None:
    assert drafted(email="'+anna@example.com").news.email.email == "+anna@example.com"


@pytest.mark.parametrize("field", ["name", "company"])
def test_names_have_at_most_200_characters(field: str) -> None:
    rejection = rejected(**{field: "x" * 201})

    assert rejection.reason == f"The {field} is longer than 200 characters."
    assert isinstance(outcome(row_of(**{field: "x" * 200})), ContactDraft)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("de", "de"),
        ("DE", "de"),
        ("de-AT", "de"),
        ("pt_BR", "pt"),
        ("German", "de"),
        ("Deutsch", "de"),
        ("allemand", "de"),
        ("English (UK)", "en"),
        ("Deutsch - Schweiz", "de"),
        ("Englisch", "en"),
        ("Français", "fr"),
        ("Español", "es"),
        ("čeština", "cs"),
        ("中文", "zh"),
        ("", ""),
        ("Klingonisch", ""),
        ("xx", ""),
        ("n/a", ""),
    ],
)
def test_languages_are_known_by_code_and_by_name(typed: str, code: str) -> None:
    assert drafted(language=typed).news.language == code


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (" europe/berlin ", "Europe/Berlin"),
        ("europe_slash_paris", "Europe/Paris"),
        ("America/New York", "America/New_York"),
        ("UTC", "UTC"),
        ("Berlin", ""),
        ("../../etc/passwd", ""),
    ],
)
def test_time_zones_are_those_of_the_tz_database(typed: str, zone: str) -> None:
    assert drafted(time_zone=typed).news.time_zone == zone


@pytest.mark.parametrize(
    "cell",
    [
        *("abgemeldet", "yes", "TRUE", "1", "x", "Ja", "oui", "sí", "✓"),
        *("Unsubscribed", "unsubscribed from all email", "Opt-Out", "opted out", "OptOut"),
        *("Non-marketable", "Unengaged Non-Marketable", "Non-marketing contact"),
        *("cleaned", "Hard Bounce", "Bounced", "Spam complaint", "Do not email", "No consent"),
        *("2025-11-04 07:31:22", "04.11.2025", "11/4/25"),
    ],
)
def test_what_says_out_is_out(cell: str) -> None:
    assert drafted(opted_out=cell).opted_out


@pytest.mark.parametrize(
    "cell",
    [
        *("", "no", "FALSE", "0", "nein", "Subscribed", "Single Opt-In", "Confirmed"),
        *("Unengaged Marketable", "Marketing contact", "not unsubscribed", "Soft Bounce"),
    ],
)
def test_what_does_not_say_out_is_not_out(cell: str) -> None:
    assert not drafted(opted_out=cell).opted_out


@pytest.mark.parametrize("cells", [{"removed": "yes"}, {"name": "x" * 201}])
def test_a_refused_row_still_tells_who_is_out(cells: dict[str, str]) -> None:
    rejection = rejected(email="Anna@example.com", opted_out="yes", **cells)

    assert (rejection.email_key, rejection.stop) == (
        "anna@example.com",
        SuppressionReason.UNSUBSCRIBED,
    )


@pytest.mark.parametrize("cells", [{"opted_out": "no"}, {"opted_out": "yes", "email": "anna@"}])
def test_a_refused_row_tells_no_stop_without_an_address_and_a_wish(cells: dict[str, str]) -> None:
    rejection = rejected(removed="yes", **cells)

    assert (rejection.email_key, rejection.stop) == ("", None)
    assert rejection.reason == (
        "The file says that this person was removed or merged into another one."
    )


@pytest.mark.parametrize(
    ("file", "out"),
    [
        ("hubspot.csv", {"noor@dewit.example.com"}),
        ("mailchimp_unsubscribed.csv", {"kari@fjellbakeri.example.com"}),
        (
            "keap.csv",
            {"ivan@petrov.example.com", "leo@santos.example.com", "uma@rao.example.com"},
        ),
        ("excel_german_cp1252.csv", {"zoe@loewen.example.com"}),
        ("workbooks.csv", set()),
    ],
)
def test_opt_outs_of_other_systems_are_kept(file: str, out: set[str]) -> None:
    contacts = [result for result in outcomes_of(file) if isinstance(result, ContactDraft)]

    assert {contact.news.email.email for contact in contacts if contact.opted_out} == out


def test_a_whole_export_becomes_drafts_and_rejections() -> None:
    results = outcomes_of("google_contacts.csv")

    drafts = [result for result in results if isinstance(result, ContactDraft)]
    rejections = [result for result in results if isinstance(result, Rejection)]
    assert [(contact.line, contact.news.name, contact.news.company) for contact in drafts] == [
        (2, "Hanna Lindqvist", "Lindqvist Tak & Fasad"),
        (4, "Tomás Ibáñez", "Panadería Ibáñez"),
    ]
    assert [(rejection.line, rejection.reason) for rejection in rejections] == [
        (
            5,
            "There is more than one email address: ruth@okafor.example.com and "
            "ruth.okafor@example.net.",
        ),
        (6, "There is no email address."),
    ]
