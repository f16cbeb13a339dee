"""Users, their sessions, and the stored settings."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from nps_portal.foundation.database import Model, enum_type


class Role(enum.Enum):
    """What a User may do: an owner everything, a colleague what serves customers."""

    OWNER = "owner"
    COLLEAGUE = "colleague"


class UserState(enum.Enum):
    """Whether a User may come in."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


class User(Model):
    """A person who runs the portal."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(320))
    email_key: Mapped[str] = mapped_column(sa.String(320), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    role: Mapped[Role] = mapped_column(enum_type(Role))
    state: Mapped[UserState] = mapped_column(enum_type(UserState))
    created_at: Mapped[datetime]

    @property
    def is_owner(self) -> bool:
        """Tell whether everything is allowed."""
        return self.role is Role.OWNER


class SignInSession(Model):
    """One browser that is signed in; the cookie's secret is kept only as a hash."""

    __tablename__ = "sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class Setting(Model):
    """One value that an owner has set in the admin."""

    __tablename__ = "settings"

    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    value: Mapped[str] = mapped_column(sa.Text)
    changed_at: Mapped[datetime]
    changed_by: Mapped[int | None]
