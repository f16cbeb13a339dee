"""Who may come in: one guard for each door, and the rights within a room."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import flask_login
import structlog
from flask import Flask, abort, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.local import LocalProxy

from nps_portal.accounts.commands import note_visit
from nps_portal.accounts.models import SignInSession, User
from nps_portal.accounts.queries import SEEN_EVERY, has_users, live_session
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import DatabaseUnavailable, reading
from nps_portal.foundation.work import Actor, ActorKind, unit_of_work

Guard = Callable[[], ResponseReturnValue | None]
P = ParamSpec("P")

log = structlog.get_logger(__name__)


class Visitor:
    """A signed-in browser: the User, and the session that its cookie names."""

    # What Flask-Login asks of whoever it keeps.
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, row: SignInSession, token: str) -> None:
        self.user: User = row.user
        self.session_id = row.id
        self.token = token

    def get_id(self) -> str:
        """Return what the cookie holds: the session's secret, not the User's number."""
        return self.token

    @property
    def name(self) -> str:
        """Return the User's name."""
        return self.user.name

    @property
    def email(self) -> str:
        """Return the User's address."""
        return self.user.email

    @property
    def is_owner(self) -> bool:
        """Tell whether everything is allowed."""
        return self.user.is_owner

    def may_change(self, made_by: int | None) -> bool:
        """Tell whether they may change what a User has made: their own, or as an owner any."""
        return self.is_owner or self.user.id == made_by


def install_sign_in(app: Flask) -> None:
    """Teach the application who is signed in."""
    # Its context processor would read the cookie of whoever sees any page, a customer's too.
    manager = flask_login.LoginManager(app, add_context_processor=False)
    manager.session_protection = None
    manager.user_loader(_load_visitor)


def visitor() -> Visitor:
    """Return who is signed in; only behind the `signed_in` guard."""
    current: LocalProxy[Visitor] = flask_login.current_user
    return current._get_current_object()


def current_actor() -> Actor:
    """Return the signed-in User as the one who acts."""
    return Actor(kind=ActorKind.USER, id=visitor().user.id)


def anyone() -> ResponseReturnValue | None:
    """Let everybody in: pages that show nothing of the account."""
    return None


def by_token() -> ResponseReturnValue | None:
    """Let everybody in whose address holds a token; the page itself reads it."""
    return None


def signed_in() -> ResponseReturnValue | None:
    """Let Users in; send others to sign in, or to set the portal up at the first visit."""
    if flask_login.current_user.is_authenticated:
        return None
    if not has_users(reading()):
        return redirect(url_for("accounts.set_up"), 303)
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("accounts.sign_in", next=wanted), 303)


def owners_only(
    view: Callable[P, ResponseReturnValue],
) -> Callable[P, ResponseReturnValue]:
    """Let only owners use a view; others get 403."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not visitor().is_owner:
            abort(403)
        return view(*args, **kwargs)

    return guarded


def refuse_unless_theirs(made_by: int | None) -> None:
    """Let owners on, and whoever has made the thing; others get 403."""
    if not visitor().may_change(made_by):
        abort(403)


def _load_visitor(token: str) -> Visitor | None:
    now = current_clock().now()
    row = live_session(reading(), token, now)
    if row is None:
        session.clear()
        return None
    if now - row.last_seen_at >= SEEN_EVERY:
        _note_visit(row)
    return Visitor(row, token)


def _note_visit(row: SignInSession) -> None:
    """Note that a session is in use; a database that is busy costs the note, never the page."""
    try:
        with unit_of_work(Actor(kind=ActorKind.USER, id=row.user_id)) as work:
            note_visit(work, row.id)
    except DatabaseUnavailable:
        log.warning("visit of a user not noted")
