"""The rows of headers that other systems export, and whom each keeps from being written to."""

import csv
from dataclasses import dataclass

import pytest

from nps_portal.contacts.models import SuppressionReason
from nps_portal.imports.drafts import ContactDraft, Rejection, draft
from nps_portal.imports.mapping import Mapping, guess_mapping
from nps_portal.imports.reading import Row

OUT = SuppressionReason.UNSUBSCRIBED
DEAD = SuppressionReason.HARD_BOUNCE
SPAM = SuppressionReason.COMPLAINT


@dataclass(frozen=True, kw_only=True)
class Export:
    """One system's headers, rows of it, what the columns are, and the fate of each row."""

    headers: str
    rows: tuple[str, ...]
    columns: dict[str, str]
    stops: tuple[SuppressionReason | None, ...] = (None,)


def mapping_of(export: Export) -> tuple[Mapping, list[Row]]:
    headers = next(csv.reader([export.headers]))
    rows = [
        Row(line=number, cells=tuple(cells + [""] * (len(headers) - len(cells))))
        for number, cells in enumerate(csv.reader(export.rows), 2)
    ]
    return guess_mapping(headers, rows), rows


EXPORTS = {
    "hubspot": Export(
        headers="Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lead Status,"
        "Marketing contact status,Associated Company,Unsubscribed from all email,"
        "Opted out of email: Marketing Information,Opted out of email: One to One,"
        "Email hard bounce reason,Invalid email address,Last marketing email name,Create Date",
        rows=(
            "1,Ada,King,ada@example.org,,Sam,New,Marketing contact,King Ltd,,,,,false,News,",
            "2,Bob,Hill,bob@example.org,,Sam,New,Non-marketing contact,,true,,,,false,,2025-01-01",
            "3,Cyd,Low,cyd@example.org,,Sam,New,Marketing contact,,,true,,,false,,2025-01-01",
            "4,Dot,Ray,dot@example.org,,,,,,,,,UNKNOWN_USER,false,,2025-01-01",
            "5,Eve,Oak,eve@example.org,,,,,,,,,,true,,2025-01-01",
            "6,Fay,Elm,fay@example.org,,,,,,true,,,MAILBOX_FULL,false,,2025-01-01",
        ),
        columns={
            "email": "Email",
            "first_name": "First Name",
            "last_name": "Last Name",
            "company": "Associated Company",
            "opted_out": "Unsubscribed from all email + Opted out of email: Marketing Information"
            " + Opted out of email: One to One",
            "bounced": "Email hard bounce reason + Invalid email address",
        },
        stops=(None, OUT, OUT, DEAD, DEAD, OUT),
    ),
    "mailchimp cleaned": Export(
        headers="Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,"
        "CONFIRM_IP,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,"
        "CLEAN_CAMPAIGN_ID,LEID,EUID,NOTES,TAGS",
        rows=(
            "ada@example.org,Ada,King,1,,,2024-05-01 09:00:00,,,,Europe/Oslo,NO,,"
            '2025-11-04 07:31:22,,,7,e,,"""fair"",""regulars"""',
        ),
        columns={
            "email": "Email Address",
            "first_name": "First Name",
            "last_name": "Last Name",
            "time_zone": "TIMEZONE",
            "consent_on": "CONFIRM_TIME",
            "bounced": "CLEAN_TIME",
            "tags": "TAGS",
        },
        stops=(DEAD,),
    ),
    "salesforce": Export(
        headers="Id,FirstName,LastName,AccountName,Email,HasOptedOutOfEmail,HasOptedOutOfFax,"
        "DoNotCall,EmailBouncedReason,EmailBouncedDate,IsEmailBounced,IsDeleted",
        rows=(
            "1,Ada,King,King Ltd,ada@example.org,false,true,true,,,false,false",
            "2,Bob,Hill,,bob@example.org,true,false,false,,,false,false",
            '3,Cyd,Low,,cyd@example.org,0,0,0,"550 5.1.1 no such user",2025-10-01T08:00:00Z,1,0',
        ),
        columns={
            "email": "Email",
            "first_name": "FirstName",
            "last_name": "LastName",
            "company": "AccountName",
            "opted_out": "HasOptedOutOfEmail",
            "bounced": "EmailBouncedReason + EmailBouncedDate + IsEmailBounced",
            "removed": "IsDeleted",
        },
        stops=(None, OUT, DEAD),
    ),
    "dynamics": Export(
        headers="First Name,Last Name,Company Name,Email,Do not allow Emails,"
        "Do not allow Bulk Emails,Do not allow Mails,Do not allow Phone Calls,Do not allow Faxes",
        rows=(
            "Ada,King,King Ltd,ada@example.org,Allow,Allow,Do Not Allow,Do Not Allow,Allow",
            "Bob,Hill,,bob@example.org,Allow,Do Not Allow,Allow,Allow,Allow",
        ),
        columns={
            "email": "Email",
            "first_name": "First Name",
            "last_name": "Last Name",
            "company": "Company Name",
            "opted_out": "Do not allow Emails + Do not allow Bulk Emails",
        },
        stops=(None, OUT),
    ),
    "zoho": Export(
        headers="Record Id,Contact Owner,First Name,Last Name,Account Name,Email,Secondary Email,"
        "Email Opt Out,Tag,Unsubscribed Mode,Unsubscribed Time",
        rows=(
            "1,Sam,Ada,King,King Ltd,,ada@example.org,false,fair,,",
            "2,Sam,Bob,Hill,,bob@example.org,,true,,Manual,2025-10-01 08:00:00",
        ),
        columns={
            "email": "Email",
            "second_email": "Secondary Email",
            "first_name": "First Name",
            "last_name": "Last Name",
            "company": "Account Name",
            "opted_out": "Email Opt Out + Unsubscribed Time",
            "tags": "Tag",
        },
        stops=(None, OUT),
    ),
    "pipedrive": Export(
        headers="Person - Name,Person - First name,Person - Last name,Person - Organization,"
        "Person - Labels,Person - Phone - Work,Person - Email - Work,Person - Email - Home,"
        "Person - Email - Other,Person - Owner,Person - Marketing status,Person - Double opt-in",
        rows=(
            "Ada King,Ada,King,King Ltd,Customer,,ada@example.org,,,Sam,Subscribed,No",
            "Bob Hill,Bob,Hill,,,,,bob@example.org,,Sam,Unsubscribed,",
            "Cyd Low,Cyd,Low,,,,cyd@example.org,,,Sam,Bounced,",
            "Dot Ray,Dot,Ray,,,,dot@example.org,,,Sam,No consent,",
        ),
        columns={
            "email": "Person - Email - Work",
            "second_email": "Person - Email - Home",
            "name": "Person - Name",
            "first_name": "Person - First name",
            "last_name": "Person - Last name",
            "company": "Person - Organization",
            "tags": "Person - Labels",
            "opted_out": "Person - Marketing status",
        },
        stops=(None, OUT, DEAD, OUT),
    ),
    "shopify": Export(
        headers="Customer ID,First Name,Last Name,Email,Accepts Email Marketing,"
        "Default Address Company,Default Address Address1,Default Address City,"
        "Default Address Country Code,Default Address Zip,Default Address Phone,Phone,"
        "Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,Tags",
        rows=(
            "'123,Ada,King,ada@example.org,yes,King Ltd,,Oslo,NO,'0150,,,no,12.50,1,,no,\"a, b\"",
            "'124,Bob,Hill,bob@example.org,no,,,,,,,,yes,0.00,0,,no,",
        ),
        columns={
            "email": "Email",
            "first_name": "First Name",
            "last_name": "Last Name",
            "company": "Default Address Company",
            "opted_in": "Accepts Email Marketing",
            "tags": "Tags",
        },
        stops=(None, OUT),
    ),
    "square": Export(
        headers="First Name,Last Name,Company Name,Email Address,Phone Number,Birthday,Memo,"
        "Reference ID,First Visit,Last Visit,Transaction Count,Lifetime Spend,"
        "Email Subscription Status,Instant Profile",
        rows=(
            'Ada,King,King Ltd,ada@example.org,,,,,,2026-01-15,3,"$1,234.50",Subscribed,no',
            "Bob,Hill,,bob@example.org,,,,,,,0,$0.00,Unsubscribed,no",
            "Cyd,Low,,cyd@example.org,,,,,,,0,$0.00,Unknown,no",
        ),
        columns={
            "email": "Email Address",
            "first_name": "First Name",
            "last_name": "Last Name",
            "company": "Company Name",
            "opted_out": "Email Subscription Status",
        },
        stops=(None, OUT, None),
    ),
    "klaviyo": Export(
        headers="Email,Klaviyo ID,First Name,Last Name,Organization,Title,Phone Number,City,"
        "Country,Source,IP Address,Email Marketing Consent,Email Marketing Consent Timestamp,"
        "SMS Marketing Consent,Last Open,Email Suppressions",
        rows=(
            "ada@example.org,1,Ada,King,King Ltd,,,,,,,SUBSCRIBED,2024-01-01T00:00:00.000Z,,,",
            "bob@example.org,2,Bob,Hill,,,,,,,,UNSUBSCRIBED,,,,UNSUBSCRIBED",
            "cyd@example.org,3,Cyd,Low,,,,,,,,SUBSCRIBED,,,,HARD_BOUNCE",
            "dot@example.org,4,Dot,Ray,,,,,,,,SUBSCRIBED,,,,SPAM_COMPLAINT",
            "eve@example.org,5,Eve,Oak,,,,,,,,NEVER_SUBSCRIBED,,,,",
        ),
        columns={
            "email": "Email",
            "first_name": "First Name",
            "last_name": "Last Name",
            "company": "Organization",
            "consent_on": "Email Marketing Consent Timestamp",
            "opted_in": "Email Marketing Consent",
            "opted_out": "Email Suppressions",
        },
        stops=(None, OUT, DEAD, SPAM, OUT),
    ),
    "constant contact": Export(
        headers="Email address,First name,Last name,Company,Job title,Email status,"
        "Email permission status,Email update source,Confirmed Opt-Out Date,"
        "Confirmed Opt-Out Source,Confirmed Opt-Out Reason,Phone - home,Email Lists,Source Name",
        rows=(
            "ada@example.org,Ada,King,King Ltd,,Active,Implicit,,,,,,News,",
            "bob@example.org,Bob,Hill,,,Unsubscribed,Unsubscribed,,2025-10-01,Contact,Too many,,,",
            "cyd@example.org,Cyd,Low,,,Active,Pending Confirmation,,,,,,,",
        ),
        columns={
            "email": "Email address",
            "first_name": "First name",
            "last_name": "Last name",
            "company": "Company",
            "opted_out": "Email status + Email permission status + Confirmed Opt-Out Date",
        },
        stops=(None, OUT, None),
    ),
    "activecampaign": Export(
        headers="Contact ID,Email,First Name,Last Name,Phone,Organization,Tags,Date Added,Status",
        rows=(
            "1,ada@example.org,Ada,King,,King Ltd,fair,2025-01-01,Active",
            "2,bob@example.org,Bob,Hill,,,,2025-01-01,Unsubscribed",
            "3,cyd@example.org,Cyd,Low,,,,2025-01-01,Bounced",
            "4,dot@example.org,Dot,Ray,,,,2025-01-01,Unconfirmed",
        ),
        columns={
            "email": "Email",
            "first_name": "First Name",
            "last_name": "Last Name",
            "company": "Organization",
            "tags": "Tags",
            "opted_out": "Status",
        },
        stops=(None, OUT, DEAD, None),
    ),
    "intercom": Export(
        headers="Name,Owner,Lead category,Email,Phone,Company name,Last seen,"
        "Unsubscribed from Emails,Marked email as spam,Has hard bounced,Tag,Browser Language",
        rows=(
            "Ada King,Sam,,ada@example.org,,King Ltd,2025-01-01,false,false,false,fair,en",
            "Bob Hill,Sam,,bob@example.org,,,2025-01-01,true,false,false,,en",
            "Cyd Low,Sam,,cyd@example.org,,,2025-01-01,false,true,false,,en",
            "Dot Ray,Sam,,dot@example.org,,,2025-01-01,false,false,true,,en",
        ),
        columns={
            "email": "Email",
            "name": "Name",
            "company": "Company name",
            "tags": "Tag",
            "opted_out": "Unsubscribed from Emails + Marked email as spam",
            "bounced": "Has hard bounced",
        },
        stops=(None, OUT, OUT, DEAD),
    ),
    "stripe": Export(
        headers="id,Description,Email,Name,Created (UTC),Delinquent,Plan,Status,Total Spend,"
        "Payment Count,Refunded Volume,Dispute Losses",
        rows=(
            "cus_1,,ada@example.org,Ada King,2025-01-01 10:00,false,plan,active,12.00,1,0.00,0.00",
            # Who has ended a plan has not asked to be left alone.
            "cus_2,,bob@example.org,Bob Hill,2025-01-01 10:00,true,plan,canceled,0.00,0,0.00,0.00",
        ),
        columns={"email": "Email", "name": "Name"},
        stops=(None, None),
    ),
    "woocommerce": Export(
        headers="Name,Username,Last Active,Sign Up,Email,Orders,Total Spend,AOV,Country / Region,"
        "City,Region,Postal Code",
        rows=("Ada King,ada,2025-01-01,2024-01-01,ada@example.org,3,120.00,40.00,NO,Oslo,,0150",),
        columns={"email": "Email", "name": "Name"},
    ),
    "xero": Export(
        headers="*ContactName,AccountNumber,EmailAddress,FirstName,LastName,POAttentionTo,"
        "POAddressLine1,POCity,PhoneNumber,TaxNumber",
        rows=("King Ltd,K1,ada@example.org,Ada,King,,1 High St,Leeds,,",),
        columns={
            "email": "EmailAddress",
            "first_name": "FirstName",
            "last_name": "LastName",
            "company": "*ContactName",
        },
    ),
    "quickbooks": Export(
        headers="Name,Company name,Street Address,City,State,Country,Zip,Phone,Email,Open balance",
        rows=('Ada King,King Ltd,1 High St,Leeds,,UK,LS1,,ada@example.org,"1,200.00"',),
        columns={"email": "Email", "name": "Name", "company": "Company name"},
    ),
    "freshdesk": Export(
        headers="Full name,Title,Email,Work phone,Company,Address,Tags,Time zone,Language",
        rows=("Ada King,CEO,ada@example.org,,King Ltd,,fair,London,en",),
        columns={
            "email": "Email",
            "name": "Full name",
            "company": "Company",
            "tags": "Tags",
            "time_zone": "Time zone",
            "language": "Language",
        },
    ),
    "zendesk": Export(
        headers="ID,Name,Email,External ID,Role,Organization,Tags,Locale,Suspended,Created at",
        rows=("1,Ada King,ada@example.org,,end-user,King Ltd,fair,en-GB,false,2025-01-01",),
        columns={
            "email": "Email",
            "name": "Name",
            "company": "Organization",
            "tags": "Tags",
            "language": "Locale",
        },
    ),
    "brevo": Export(
        headers="CONTACT ID,EMAIL,FIRSTNAME,LASTNAME,SMS,WHATSAPP,DOUBLE_OPT-IN,OPT_IN,"
        "Blocklisted for email,ADDED_TIME,MODIFIED_TIME",
        rows=(
            "1,ada@example.org,Ada,King,,,2,Yes,No,2025-01-01,2025-01-01",
            "2,bob@example.org,Bob,Hill,,,2,,Yes,2025-01-01,2025-01-01",
        ),
        columns={
            "email": "EMAIL",
            "first_name": "FIRSTNAME",
            "last_name": "LASTNAME",
            "opted_in": "OPT_IN",
            "opted_out": "Blocklisted for email",
        },
        stops=(None, OUT),
    ),
    "listmonk": Export(
        headers="uuid,email,name,attributes,status,created_at,updated_at",
        rows=(
            "u1,ada@example.org,Ada King,{},enabled,2025-01-01,2025-01-01",
            "u2,bob@example.org,Bob Hill,{},blocklisted,2025-01-01,2025-01-01",
        ),
        columns={"email": "email", "name": "name", "opted_out": "status"},
        stops=(None, OUT),
    ),
    "outlook, german": Export(
        headers="Anrede,Vorname,Weitere Vornamen,Nachname,Suffix,Firma,Abteilung,Position,"
        "Telefon geschäftlich,E-Mail-Adresse,E-Mail-Typ,E-Mail: Angezeigter Name,"
        "E-Mail 2: Adresse,E-Mail 2: Typ,Kategorien,Sprache",
        rows=(
            "Frau,Ada,,König,,König GmbH,,,,ada@example.org,SMTP,Ada,,,VIP;Messe,",
            "Herr,Bert,,Hügel,,,,,,,,,bert@example.org,SMTP,,Deutsch",
        ),
        columns={
            "email": "E-Mail-Adresse",
            "second_email": "E-Mail 2: Adresse",
            "first_name": "Vorname",
            "last_name": "Nachname",
            "company": "Firma",
            "tags": "Kategorien",
            "language": "Sprache",
        },
        stops=(None, None),
    ),
    "german trade": Export(
        headers="Kundennummer,Anrede,Titel,Vorname,Nachname,Firma,Straße,PLZ,Ort,Telefon,E-Mail,"
        "Newsletter,Werbesperre,Kunde seit,Gelöscht am",
        rows=(
            "1,Frau,,Ada,König,König GmbH,,01067,Dresden,,ada@example.org,ja,nein,2019-01-01,",
            "2,Herr,,Bert,Hügel,,,,,,bert@example.org,nein,nein,2019-01-01,",
            "3,Herr,,Carl,Tal,,,,,,carl@example.org,ja,ja,2019-01-01,",
        ),
        columns={
            "email": "E-Mail",
            "first_name": "Vorname",
            "last_name": "Nachname",
            "company": "Firma",
            "opted_in": "Newsletter",
            "opted_out": "Werbesperre",
            "removed": "Gelöscht am",
        },
        stops=(None, OUT, OUT),
    ),
}


@pytest.mark.parametrize("system", EXPORTS)
def test_the_columns_of_each_system_become_what_they_mean(system: str) -> None:
    mapping, _ = mapping_of(EXPORTS[system])

    chosen = {field.value: mapping.headers[column] for field, column in mapping.columns.items()}
    for column, sign in mapping.signs.items():
        header = mapping.headers[column]
        chosen[sign.value] = f"{chosen[sign.value]} + {header}" if sign.value in chosen else header
    assert chosen == EXPORTS[system].columns


@pytest.mark.parametrize("system", EXPORTS)
def test_nobody_is_written_to_whom_the_export_keeps_out(system: str) -> None:
    mapping, rows = mapping_of(EXPORTS[system])

    drafts = [draft(row, mapping) for row in rows]

    assert all(isinstance(one, ContactDraft) for one in drafts)
    assert tuple(getattr(one, "stop", "refused") for one in drafts) == EXPORTS[system].stops
    assert [getattr(one, "left_out", None) for one in drafts] == [()] * len(rows)


def test_labels_of_google_and_quoted_tags_become_tags() -> None:
    export = Export(
        headers="Email,Labels",
        rows=(
            "a@example.org,* myContacts ::: Friends ::: * starred",
            'b@example.org,"""x"",""y"""',
        ),
        columns={},
    )
    mapping, rows = mapping_of(export)

    drafts = [draft(row, mapping) for row in rows]

    assert [one.news.tags for one in drafts if isinstance(one, ContactDraft)] == [
        ("Friends",),
        ("x", "y"),
    ]


def test_who_is_gone_in_the_other_system_does_not_come_in() -> None:
    export = Export(
        headers="Email,Deleted,Archived at",
        rows=("a@example.org,false,", "b@example.org,true,", "c@example.org,,2025-01-01"),
        columns={},
    )
    mapping, rows = mapping_of(export)

    outcomes = [draft(row, mapping) for row in rows]

    assert [isinstance(one, Rejection) for one in outcomes] == [False, True, True]


def test_a_word_that_tells_neither_is_told() -> None:
    export = Export(
        headers="Email,Email status",
        rows=("a@example.org,subscribed", "b@example.org,purple", "c@example.org,unsubscribed"),
        columns={},
    )
    mapping, rows = mapping_of(export)

    purple = draft(rows[1], mapping)

    assert isinstance(purple, ContactDraft)
    assert purple.left_out == (
        "«Email status»: «purple» does not tell whether they may be written to.",
    )


def test_a_column_that_mostly_tells_neither_is_no_sign() -> None:
    export = Export(
        headers="Email,Newsletter",
        rows=("a@example.org,Weekly", "b@example.org,Monthly", "c@example.org,no"),
        columns={},
    )

    assert mapping_of(export)[0].signs == {}


@pytest.mark.parametrize(
    "header",
    [
        *("SMS opt out", "Accepts SMS Marketing", "Do not call", "Fax Opt Out", "Call opt-out"),
        *("Unsubscribe link", "Unsubscribe URL", "Opt-in date", "Opt-in source", "Opt-in IP"),
        *(
            "Double opt-in",
            "Lead Status",
            "Account status",
            "Bounces",
            "Bounce rate",
            "Soft bounce",
        ),
        *("Subscribed at", "Marketing contact status", "Post gesperrt", "WhatsApp opt-in"),
        *("Do not allow Mails", "UNSUB_CAMPAIGN_TITLE", "UNSUB_REASON", "Opt-Out Source"),
    ],
)
def test_headers_that_only_sound_like_it_are_no_signs(header: str) -> None:
    export = Export(headers=f"Email,{header}", rows=("a@example.org,yes",), columns={})

    assert mapping_of(export)[0].signs == {}


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        *(
            ("Email Opt-in", "no"),
            ("Do not mail", "yes"),
            ("Unsubscribed at", "Nov 4, 2025 7:31 AM"),
        ),
        *(("Keine E-Mails", "x"), ("Abgemeldet am", "04.11.2025"), ("Désinscrit", "oui")),
        *(("Dado de baja", "sí"), ("Disiscritto", "sì"), ("Uitgeschreven", "ja")),
        *(("E-Mail-Werbung erlaubt", "nein"), ("Einwilligung Newsletter", "nein")),
        *(("Newsletter-Status", "abgemeldet"), ("Suppressed", "TRUE"), ("optout", "1")),
        *(
            ("may be contacted", "no"),
            ("DNC: do not contact", "Y"),
            ("Permission status", "denied"),
        ),
        *(("E-Mail gesperrt", "ja"), ("Un-subscribed", "true"), ("Subscribed", "false")),
    ],
)
def test_whatever_the_column_is_called_who_is_out_stays_out(header: str, cell: str) -> None:
    export = Export(headers=f"Email,{header}", rows=(f'a@example.org,"{cell}"',), columns={})
    mapping, rows = mapping_of(export)

    outcome = draft(rows[0], mapping)

    assert isinstance(outcome, ContactDraft)
    assert outcome.stop is OUT
