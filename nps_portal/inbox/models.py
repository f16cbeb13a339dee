"""How far each inbox has been read."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from nps_portal.foundation.database import Model


class InboxPosition(Model):
    """The last email that was read of one IMAP folder.

    `place` is server, user and folder; a new `uid_validity` means that the numbers began anew
    (RFC 9051, section 2.3.1.1).
    """

    __tablename__ = "inbox_positions"

    place: Mapped[str] = mapped_column(sa.String(500), primary_key=True)
    uid_validity: Mapped[int] = mapped_column(sa.BigInteger)
    last_uid: Mapped[int] = mapped_column(sa.BigInteger)
    read_at: Mapped[datetime]
