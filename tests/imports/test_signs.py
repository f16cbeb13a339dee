"""What headers are signs that nobody may write to a person, and what the cells under them say."""

import pytest

from nps_portal.contacts.models import SuppressionReason
from nps_portal.imports.mapping import guess_mapping
from nps_portal.imports.signs import Unclear, said_by, says_gone, sign_of
from nps_portal.imports.tables import Row
from nps_portal.imports.vocabulary import Field

OUT = SuppressionReason.UNSUBSCRIBED
DEAD = SuppressionReason.HARD_BOUNCE


@pytest.mark.parametrize(
    "header",
    [
        *("donotemail", "DoNotBulkEMail", "DoNotEMail", "donotbulkemail", "Do not email"),
        *("Nicht anschreiben", "Nicht kontaktieren", "Kontaktverbot", "Kein Mailing"),
        *("Robinsonliste", "DNC", "配信停止", "Blocked", "Email blocked", "Spam complaint"),
        *("Abuse complaints", "Email subscription status", "Newsletter subscription status"),
    ],
)
def test_headers_of_those_who_are_out(header: str) -> None:
    assert sign_of(header) is Field.OPTED_OUT


@pytest.mark.parametrize(
    "header",
    [
        *("Consent", "GDPR consent", "Einwilligung", "DSGVO Einwilligung", "Zgoda", "Permission"),
        *("Contact permission", "Accepte newsletter", "Nieuwsbrief", "Nyhetsbrev"),
        *("Einwilligung (DSGVO)", "Newsletter"),
    ],
)
def test_headers_of_those_who_may_be_written_to(header: str) -> None:
    assert sign_of(header) is Field.OPTED_IN


@pytest.mark.parametrize("header", ["Verstorben", "Verstorben am", "Deceased", "Is deceased"])
def test_the_dead_are_gone(header: str) -> None:
    assert sign_of(header) is Field.REMOVED


@pytest.mark.parametrize(
    "header",
    [
        *("Complaint", "Complaints", "Credit blocked", "Account blocked", "Payment blocked"),
        *("Subscription Status", "Marketing contact status", "donotphone", "donotpostalmail"),
        *("DNC phone", "Consent basis", "Consent on", "Consent source", "property: Consent"),
    ],
)
def test_headers_that_are_no_signs(header: str) -> None:
    assert sign_of(header) is None


@pytest.mark.parametrize("cell", ["☐", "✗", "✘", "no", "nein danke", "no - by phone", "0"])
def test_a_no_to_emails_is_kept(cell: str) -> None:
    assert said_by(Field.OPTED_IN, cell) is OUT


@pytest.mark.parametrize(
    "cell",
    [
        *("", "✓", "☑", "yes - by phone 12 May", "ja (Messe)", "keine Angabe", "k.A.", "n/a"),
        *("Non renseigné", "not specified", "nie wypisany", "never unsubscribed"),
    ],
)
def test_what_is_no_explicit_no_to_emails(cell: str) -> None:
    assert said_by(Field.OPTED_IN, cell) is None


@pytest.mark.parametrize(
    "cell",
    ["✓", "yes - by phone 12 May", "Ja, per Telefon", "x (2024)", "1", "2", "17", "No consent"],
)
def test_a_yes_to_the_opt_out_is_kept(cell: str) -> None:
    assert said_by(Field.OPTED_OUT, cell) is OUT


@pytest.mark.parametrize(
    "cell",
    [
        *("☐", "✗", "0", "00", "keine", "never", "nie wypisany", "no - asked on 12 May"),
        *("nein, per Telefon", "On hold"),
    ],
)
def test_a_no_to_the_opt_out_is_none(cell: str) -> None:
    assert said_by(Field.OPTED_OUT, cell) is None


@pytest.mark.parametrize("cell", ["No emails please", "nie kontaktować", "purple"])
def test_what_may_mean_either_is_unclear(cell: str) -> None:
    with pytest.raises(Unclear):
        said_by(Field.OPTED_OUT, cell)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        *(("Soft", None), ("soft", None), ("Soft bounce", None), ("never", None), ("0", None)),
        *(("Hard", DEAD), ("3", DEAD), ("550", DEAD), ("No such user", DEAD)),
    ],
)
def test_only_lasting_bounces_count(cell: str, reason: SuppressionReason | None) -> None:
    assert said_by(Field.BOUNCED, cell) is reason


@pytest.mark.parametrize(
    ("cell", "is_gone"),
    [
        *(("Active", False), ("not archived", False), ("not removed", False), ("☐", False)),
        *(("", False), ("no", False), ("no (asked)", False), ("nicht verstorben", False)),
        *(("✓", True), ("yes", True), ("2025-01-01", True), ("archived", True)),
        *(("no.reply@example.org", True), ("Ada King", True)),
    ],
)
def test_who_is_gone(cell: str, is_gone: bool) -> None:
    assert says_gone(cell) is is_gone


@pytest.mark.parametrize(
    ("header", "cells", "sign"),
    [
        ("Opt-out", ("per Fax", "by Anna", "yes"), Field.OPTED_OUT),
        ("Consent", ("Sales", "Support", "no"), None),
        ("Subscription Status", ("active", "canceled", "expired"), None),
        ("Subscription Status", ("active", "Unsubscribed"), Field.OPTED_OUT),
        ("Marketing contact status", ("Marketing contact", "Non-marketing contact"), None),
    ],
)
def test_which_columns_stay_signs(header: str, cells: tuple[str, ...], sign: Field | None) -> None:
    rows = [Row(line, (f"{line}@example.com", cell)) for line, cell in enumerate(cells, 2)]

    assert guess_mapping(["Email", header], rows).signs.get(1) is sign
