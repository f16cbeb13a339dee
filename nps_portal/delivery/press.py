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
from nps_portal.outbox.models import EmailContent, EmailVariant


class Press:
    """The compiled contents of the messages at hand."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._contents: dict[tuple[int, str], CompiledContent] = {}

    def learn(self, work: Work, claims: Sequence[Claim]) -> None:
        """Compile the contents of these messages that are not known yet."""
        missing = {(one.content_id, one.language) for one in claims} - self._contents.keys()
        if not missing:
            return
        ids = {content_id for content_id, _ in missing}
        contents = {
            row.id: row
            for row in work.session.scalars(sa.select(EmailContent).where(EmailContent.id.in_(ids)))
        }
        variants = {
            (row.content_id, row.language): row
            for row in work.session.scalars(
                sa.select(EmailVariant).where(EmailVariant.content_id.in_(ids))
            )
        }
        for key in missing:
            content = contents[key[0]]
            self._contents[key] = CompiledContent(content, self._house, variants.get(key, content))

    def parcel(self, claim: Claim) -> Parcel[Claim] | Finished[Claim]:
        """Return the message ready to leave, or finished if it cannot be an email."""
        content = self._contents[claim.content_id, claim.language]
        try:
            return Parcel(
                ticket=claim,
                envelope=content.envelope(claim),
                content=content.email(claim, current_clock().now()),
            )
        except PortalError as error:
            outcome = Outcome(kind=OutcomeKind.NEVER, stage=Stage.MAIL, reply=str(error)[:500])
            return Finished(ticket=claim, outcome=outcome)
