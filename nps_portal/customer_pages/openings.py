"""Openings of the survey page: looked up and written down together with those that come beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import current_app

from nps_portal.customer_pages.survey_links import Found, invited
from nps_portal.foundation.shared_work import SharedWork
from nps_portal.foundation.work import Work
from nps_portal.visits.book import READERS, Slip, write_visits
from nps_portal.visits.commands import VisitFacts


@dataclass(kw_only=True)
class Opening:
    """Somebody opens an Invitation's link; `found` is whose it is, None when nobody's."""

    public_id: str
    facts: VisitFacts
    at: datetime
    found: Found | None = None


def open_link(public_id: str, facts: VisitFacts, at: datetime) -> Found | None:
    """Keep one opening of a link, and return what the database knows of its Invitation.

    Who opens the link of an anonymous Survey leaves no trace.

    :raises DatabaseUnavailable: it could not be written now.
    """
    openings: SharedWork[Opening] = current_app.extensions.setdefault(
        "nps_openings", SharedWork(READERS, _write)
    )
    opening = Opening(public_id=public_id, facts=facts, at=at)
    openings.add(opening)
    return opening.found


def _write(work: Work, openings: Sequence[Opening]) -> None:
    found = invited(work.session, {one.public_id for one in openings})
    slips = []
    for one in openings:
        one.found = found.get(one.public_id)
        if one.found is not None and not one.found.anonymous:
            slips.append(
                Slip(invitation_id=one.found.id, facts=one.facts, at=one.at, known=one.found)
            )
    write_visits(work, slips)
