"""Where lists of customers come from, and how to get them out of there."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Source:
    """One program whose exports are recognised, and the way to its export."""

    name: str
    way: str


SOURCES = (
    Source(name="Excel, LibreOffice", way="Upload the file as it is: XLSX, XLS, ODS or CSV."),
    Source(name="Google Sheets", way="File › Download › Comma-separated values (.csv)"),
    Source(name="Google Contacts", way="Export › Google CSV"),
    Source(name="Outlook", way="File › Open & Export › Import/Export › Export to a file › CSV"),
    Source(name="HubSpot", way="CRM › Contacts › Export › CSV or XLSX"),
    Source(name="Pipedrive", way="Contacts › People › ⋯ › Export filter results"),
    Source(
        name="Mailchimp",
        way="Audience › All contacts › Export audience. Import the unsubscribed file too.",
    ),
)
