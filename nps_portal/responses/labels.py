"""What a Response is called on pages: how it came, what it rests on, how it may be quoted."""

from nps_portal.responses.models import (
    Channel,
    Evidence,
    QuotePermission,
    Response,
    ResponseState,
)

CHANNEL_WORDS = {
    Channel.EMAIL: "Email",
    Channel.LINK: "Public link",
    Channel.KIOSK: "Kiosk",
    Channel.WIDGET: "Website",
    Channel.PHONE: "Phone",
    Channel.API: "Another program",
    Channel.IMPORT: "Import",
}
_PERMISSIONS = {
    QuotePermission.NAME: "May be quoted with the name",
    QuotePermission.INITIALS: "May be quoted with the initials",
    QuotePermission.ANONYMOUS: "May be quoted without a name",
}


def channel_words(channel: Channel) -> str:
    """Return how an answer came, in words."""
    return CHANNEL_WORDS[channel]


def evidence_words(response: Response) -> str:
    """Return what an answer rests on, in the words of every page, file and of docs/answers.md."""
    if response.state is ResponseState.HELD:
        return "Needs review"
    if response.marks.get("rejected"):
        return "Automated"
    if response.evidence is Evidence.CONFIRMED_CLICK:
        return "Clicked, not sent"
    return "Answered"


def quoting_words(permission: QuotePermission | None) -> str:
    """Return how a customer allows their words to be quoted."""
    return _PERMISSIONS[permission] if permission else "Not to be quoted"
