"""Which column means what, in the layouts that people really have."""

import csv
import io
from itertools import islice
from pathlib import Path

import pytest

from nps_portal.imports.mapping import BadMapping, Field, Mapping, guess_mapping
from nps_portal.imports.reading import Row, read_table

FILES = Path(__file__).parent / "files"


def guessed(headers: str, *rows: str) -> dict[str, str]:
    """Guess from a line of headers, and tell the header chosen for each field."""
    names = next(csv.reader([headers]))
    sample = [
        Row(line=number, cells=tuple(cells)) for number, cells in enumerate(csv.reader(rows), 2)
    ]
    mapping = guess_mapping(names, sample)
    return chosen_headers(mapping)


def chosen_headers(mapping: Mapping) -> dict[str, str]:
    """Tell the header of each field; of several columns for one, all of them."""
    chosen = {field.value: mapping.headers[column] for field, column in mapping.columns.items()}
    for column, sign in mapping.signs.items():
        header = mapping.headers[column]
        chosen[sign.value] = f"{chosen[sign.value]} + {header}" if sign.value in chosen else header
    return chosen


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            "google_contacts.csv",
            {
                "email": "E-mail 1 - Value",
                "first_name": "First Name",
                "last_name": "Last Name",
                "company": "Organization Name",
                "second_email": "E-mail 2 - Value",
                "tags": "Labels",
            },
        ),
        (
            "google_contacts_old.csv",
            {
                "email": "E-mail 1 - Value",
                "name": "Name",
                "first_name": "Given Name",
                "last_name": "Family Name",
                "company": "Organization 1 - Name",
                "language": "Language",
                "tags": "Group Membership",
            },
        ),
        (
            "outlook.csv",
            {
                "email": "E-mail Address",
                "first_name": "First Name",
                "last_name": "Last Name",
                "company": "Company",
                "language": "Language",
            },
        ),
        (
            "hubspot.csv",
            {
                "email": "Email",
                "first_name": "First Name",
                "last_name": "Last Name",
                "company": "Associated Company",
                "language": "Preferred language",
                "time_zone": "Time Zone",
                "opted_out": "Unsubscribed from all email",
            },
        ),
        (
            "mailchimp_unsubscribed.csv",
            {
                "email": "Email Address",
                "first_name": "First Name",
                "last_name": "Last Name",
                "company": "Company",
                "time_zone": "TIMEZONE",
                "opted_out": "UNSUB_TIME",
                "tags": "TAGS",
                "consent_on": "CONFIRM_TIME",
            },
        ),
        (
            "workbooks.csv",
            {"email": "Main email", "name": "Person name", "company": "Employer"},
        ),
        (
            "keap.csv",
            {
                "email": "Email",
                "first_name": "First Name",
                "last_name": "Last Name",
                "company": "Company",
                "opted_out": "Email Status",
            },
        ),
        (
            "excel_german_cp1252.csv",
            {
                "email": "E-Mail",
                "first_name": "Vorname",
                "last_name": "Name",
                "company": "Firma",
                "language": "Sprache",
                "opted_out": "Abgemeldet",
            },
        ),
        (
            "excel_german_utf8_bom.csv",
            {
                "email": "E-Mail-Adresse",
                "first_name": "Vorname",
                "last_name": "Nachname",
                "company": "Firma",
            },
        ),
        ("excel_utf16_tab.txt", {"email": "Email", "name": "Name", "company": "Company"}),
    ],
)
def test_exports_of_other_systems_are_understood(file: str, expected: dict[str, str]) -> None:
    table = read_table(io.BytesIO((FILES / file).read_bytes()), file)

    mapping = guess_mapping(table.headers, list(islice(table.rows(), 50)))

    assert chosen_headers(mapping) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        # Salesforce, Pipedrive, Zoho, HubSpot's company column, Infusionsoft's time zone.
        (
            "Salutation,First Name,Last Name,Title,Account Name,Email,Email Opt Out",
            {
                "email": "Email",
                "first_name": "First Name",
                "last_name": "Last Name",
                "company": "Account Name",
                "opted_out": "Email Opt Out",
            },
        ),
        (
            "Person - Name,Person - Organization,Person - Email - Work,Person - Email - Home",
            {
                "email": "Person - Email - Work",
                "name": "Person - Name",
                "company": "Person - Organization",
            },
        ),
        (
            "Record Id,Contact Name,Account Name,Email,Secondary Email,Email Opt Out,Language",
            {
                "email": "Email",
                "name": "Contact Name",
                "company": "Account Name",
                "opted_out": "Email Opt Out",
                "language": "Language",
            },
        ),
        ("Company Name,Email", {"email": "Email", "company": "Company Name"}),
        (
            "Nom,Prénom,Société,Adresse e-mail,Langue",
            {
                "email": "Adresse e-mail",
                "first_name": "Prénom",
                "last_name": "Nom",
                "company": "Société",
                "language": "Langue",
            },
        ),
        (
            "NOMBRE,APELLIDOS,EMPRESA,CORREO ELECTRONICO",
            {
                "email": "CORREO ELECTRONICO",
                "first_name": "NOMBRE",
                "last_name": "APELLIDOS",
                "company": "EMPRESA",
            },
        ),
        (
            "Nombre,Empresa,Correo",
            {"email": "Correo", "name": "Nombre", "company": "Empresa"},
        ),
        (
            "Nome,Cognome,Azienda,Indirizzo e-mail",
            {
                "email": "Indirizzo e-mail",
                "first_name": "Nome",
                "last_name": "Cognome",
                "company": "Azienda",
            },
        ),
        (
            "Voornaam,Achternaam,Bedrijfsnaam,E-mailadres,Taal",
            {
                "email": "E-mailadres",
                "first_name": "Voornaam",
                "last_name": "Achternaam",
                "company": "Bedrijfsnaam",
                "language": "Taal",
            },
        ),
        (
            "Imię,Nazwisko,Nazwa firmy,Adres e-mail",
            {
                "email": "Adres e-mail",
                "first_name": "Imię",
                "last_name": "Nazwisko",
                "company": "Nazwa firmy",
            },
        ),
        ("Vorname,Name,E-Mail", {"email": "E-Mail", "first_name": "Vorname", "last_name": "Name"}),
    ],
)
def test_headers_of_many_systems_and_languages_are_known(
    headers: str, expected: dict[str, str]
) -> None:
    assert guessed(headers) == expected


def test_a_name_column_that_repeats_the_first_name_is_the_whole_name() -> None:
    whole = guessed("First Name,Name,Email", "Anna,Anna Berg,a@example.com")
    family = guessed("First Name,Name,Email", "Anna,Berg,a@example.com")

    assert whole == {"email": "Email", "name": "Name", "first_name": "First Name"}
    assert family == {"email": "Email", "last_name": "Name", "first_name": "First Name"}


def test_a_column_of_addresses_is_found_under_any_header() -> None:
    chosen = guessed(
        "Kontakt,Erreichbar unter", "Anna,a@example.com", "Bert,", "Carl,c@example.com"
    )

    assert chosen == {"email": "Erreichbar unter", "name": "Kontakt"}


def test_a_header_that_says_email_gives_way_to_the_column_that_holds_it() -> None:
    chosen = guessed("Email,Login", "yes,a@example.com", "no,b@example.com")

    assert chosen["email"] == "Login"


def test_the_first_email_column_with_addresses_is_taken() -> None:
    chosen = guessed("Email,Personal Email", ",a@example.com", ",b@example.com")

    assert chosen["email"] == "Personal Email"


def test_without_any_address_the_proposal_lacks_the_email() -> None:
    mapping = guess_mapping(["Artikel", "Preis"], [Row(line=2, cells=("Brot", "3,20"))])

    assert Field.EMAIL not in mapping.columns


def test_a_person_chooses_columns_by_hand() -> None:
    mapping = Mapping.from_choices(["Wer", "Wo", "Was"], {0: Field.NAME, 1: Field.EMAIL, 2: None})

    assert mapping.columns == {Field.NAME: 0, Field.EMAIL: 1}


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        (
            {0: Field.EMAIL, 1: Field.EMAIL},
            "Two columns are chosen for the email: «Wer» and «Wo». Choose one of them.",
        ),
        (
            {0: Field.EMAIL, 1: Field.FIRST_NAME, 2: Field.FIRST_NAME},
            "Two columns are chosen for the first name: «Wo» and «Was». Choose one of them.",
        ),
        ({0: Field.NAME}, "Choose the column that holds the email address."),
        ({7: Field.EMAIL}, "The file has no column 8."),
    ],
)
def test_choices_that_cannot_be_followed_are_refused(
    choices: dict[int, Field | None], reason: str
) -> None:
    with pytest.raises(BadMapping) as refusal:
        Mapping.from_choices(["Wer", "Wo", "Was"], choices)

    assert str(refusal.value) == reason
