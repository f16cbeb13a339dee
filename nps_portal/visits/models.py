"""Visits: every opening of a link in an email."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from nps_portal.foundation.database import Model, enum_type


class VisitKind(enum.Enum):
    """What somebody or something did with a link.

    `seen` is the page's own word that a hand was there; `decoy` an opening of the hidden link.
    """

    SURVEY_PAGE = "survey_page"
    SEEN = "seen"
    SUBMISSION = "submission"
    DECOY = "decoy"
    UNSUBSCRIBE_PAGE = "unsubscribe_page"
    UNSUBSCRIBE = "unsubscribe"


class Verdict(enum.Enum):
    """Who it was."""

    PERSON = "person"
    MACHINE = "machine"
    UNCLEAR = "unclear"


class Visit(Model):
    """One opening of a survey link, with what is known about it.

    `network` is the address cut to /24 or /48; `score` is the one in the link, or the one that was
    sent; `seconds_since_sent` counts from the mail server's 250, None before it; `seconds_on_page`
    from when the page was served. `details` holds what the page itself told: `pressed`, `gestures`,
    `preselected`, `wrote`. `marks` are the rules that apply, under `rules`; None as the verdict
    means that the visit is not judged yet.
    """

    __tablename__ = "visits"
    __table_args__ = (
        sa.Index("ix_visits_invitation_id_at", "invitation_id", "at"),
        sa.Index("ix_visits_verdict_at_invitation_id", "verdict", "at", "invitation_id"),
        sa.Index("ix_visits_network_at", "network", "at"),
        sa.Index(
            "ix_visits_at",
            "at",
            sqlite_where=sa.text("network <> ''"),
            postgresql_where=sa.text("network <> ''"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invitation_id: Mapped[int] = mapped_column(sa.ForeignKey("invitations.id"))
    at: Mapped[datetime]
    kind: Mapped[VisitKind] = mapped_column(enum_type(VisitKind))
    method: Mapped[str] = mapped_column(sa.String(8))
    score: Mapped[int | None]
    network: Mapped[str] = mapped_column(sa.String(64))
    user_agent: Mapped[str] = mapped_column(sa.String(300))
    purpose: Mapped[str] = mapped_column(sa.String(64))
    mail_domain: Mapped[str] = mapped_column(sa.String(255), default="", server_default="")
    seconds_since_sent: Mapped[float | None]
    seconds_on_page: Mapped[float | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    verdict: Mapped[Verdict | None] = mapped_column(enum_type(Verdict))
    marks: Mapped[dict[str, Any]]
