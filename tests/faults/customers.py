"""Customers who answer over HTTP, as their browsers do."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import sqlalchemy as sa

from nps_portal.batches.models import Invitation
from nps_portal.contacts.models import Contact
from nps_portal.foundation.database import reading
from nps_portal.foundation.tokens import Purpose, make_token
from nps_portal.responses.models import Response

PATIENCE_SECONDS = 40.0


@dataclass(frozen=True, kw_only=True)
class Customer:
    """Somebody who was asked, and the address of their survey page."""

    email: str
    page: str
    browser: httpx.Client

    def open(self) -> httpx.Response:
        """Open the page."""
        return self.browser.get(self.page)

    def send(self, opened: httpx.Response, score: int, comment: str = "") -> httpx.Response:
        """Send the form of an opened page."""
        found = re.search(r'name="nonce" value="([^"]+)"', opened.text)
        assert found, opened.text[:500]
        form = {"nonce": found[1], "score": str(score), "comment": comment}
        return self.browser.post(self.page, data=form)


def customers(url: str) -> Sequence[Customer]:
    """Return everybody who was asked, of the portal at an address."""
    reading().rollback()
    rows = reading().execute(
        sa.select(Contact.email, Invitation.public_id)
        .join(Contact, Contact.id == Invitation.contact_id)
        .order_by(Invitation.id)
    )
    # Shared, because making one takes longer than a request; it keeps no connection.
    browser = httpx.Client(
        verify=False, timeout=PATIENCE_SECONDS, headers={"Connection": "close"}, trust_env=False
    )
    return [
        Customer(
            email=email,
            page=f"{url}/s/{make_token(Purpose.SURVEY, public_id)}",
            browser=browser,
        )
        for email, public_id in rows
    ]


def answers() -> list[tuple[str, int, str]]:
    """Return who has answered what, in the order of their addresses."""
    reading().rollback()
    rows = reading().execute(
        sa.select(Contact.email, Response.score, Response.comment)
        .join(Contact, Contact.id == Response.contact_id)
        .order_by(Contact.email)
    )
    return [(email, score, comment) for email, score, comment in rows]
