"""What the words after a command mean: a survey's or segment's name, people's addresses, a time."""

from datetime import UTC, datetime

from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.batches.wall_clock import instant_of
from nps_portal.contacts.queries import contact_by_key
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.segments.models import Segment
from nps_portal.segments.queries import segment_by_name, similar_names
from nps_portal.surveys.models import Survey
from nps_portal.surveys.queries import survey_by_name


def named_survey(name: str) -> Survey:
    """Return the Survey of this name.

    :raises PortalError: there is none.
    """
    survey = survey_by_name(reading(), name)
    if survey is None:
        raise PortalError(f"There is no survey called «{name}»; the ready-made one is «default».")
    return survey


def named_segment(name: str) -> Segment:
    """Return the Segment of this name.

    :raises PortalError: there is none; those with similar names are named.
    """
    segment = segment_by_name(reading(), name)
    if segment is None:
        similar = " or ".join(f"«{one}»" for one in similar_names(reading(), name))
        hint = f"; did you mean {similar}?" if similar else "; segments are made at /segments."
        raise PortalError(f"There is no segment called «{name}»{hint}")
    return segment


def contact_ids(emails: tuple[str, ...]) -> tuple[int, ...]:
    """Return the Contacts with these addresses.

    :raises PortalError: an address is malformed or nobody's.
    """
    ids = []
    for email in emails:
        contact = contact_by_key(reading(), parse_email(email).key)
        if contact is None or contact.removed_at is not None:
            raise PortalError(f"{email} is not in your contacts.")
        ids.append(contact.id)
    return tuple(ids)


def instant(text: str | None) -> datetime | None:
    """Read an ISO instant; one without offset is wall-clock time in the account's zone.

    :raises PortalError: it is no time, or it is in the past.
    """
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise PortalError(f"«{text}» is not a time such as 2026-11-30T09:00.") from error
    if at.tzinfo is None:
        at = instant_of(at, portal_settings(reading()).zone)
    if at < current_clock().now():
        raise PortalError(f"{text} is in the past: leave --at out to send now.")
    return at
