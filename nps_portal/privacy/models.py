"""Who looked at whose data."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from nps_portal.foundation.database import Model


class PersonalView(Model):
    """One look of a User at a page with personal data.

    `page` is the page's endpoint; `contact_id` whose page it was, None for a list of many, and
    `asked` what the list was asked for.
    """

    __tablename__ = "personal_views"
    __table_args__ = (
        sa.Index("ix_personal_views_contact_id_at", "contact_id", "at"),
        sa.Index("ix_personal_views_at", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    page: Mapped[str] = mapped_column(sa.String(64))
    contact_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contacts.id"))
    asked: Mapped[str] = mapped_column(sa.String(500), default="", server_default="")
