"""Makes the emails of claimed messages, each content compiled once."""

from collections.abc import Sequence

import sqlalchemy as sa

from nps_portal.delivery.rendering import CompiledContent, House
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.mail.outcomes import Outcome, OutcomeKind, Stage
from nps_portal.mail.parcels import Finished, Parcel
from nps_portal.outbox.claims import Claim
from nps_portal.outbox.models import EmailContent


class Press:
    """The compiled contents of the messages at hand."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._contents: dict[int, CompiledContent] = {}

    def learn(self, work: Work, claims: Sequence[Claim]) -> None:
        """Compile the contents of these messages that are not known yet."""
        missing = {one.content_id for one in claims} - self._contents.keys()
        if not missing:
            return
        rows = work.session.scalars(sa.select(EmailContent).where(EmailContent.id.in_(missing)))
        self._contents |= {row.id: CompiledContent(row, self._house) for row in rows}

    def parcel(self, claim: Claim) -> Parcel[Claim] | Finished[Claim]:
        """Return the message ready to leave, or finished if it cannot be an email."""
        content = self._contents[claim.content_id]
        try:
            return Parcel(
                ticket=claim,
                envelope=content.envelope(claim),
                content=content.email(claim, current_clock().now()),
            )
        except PortalError as error:
            outcome = Outcome(kind=OutcomeKind.NEVER, stage=Stage.MAIL, reply=str(error)[:500])
            return Finished(ticket=claim, outcome=outcome)
