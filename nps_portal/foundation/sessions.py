"""The session of a browser; who has no cookie and is given none costs nothing."""

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin


class SparingSessions(SecureCookieSessionInterface):
    """Flask's own sessions, without the work for those who have none: customers never do."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session that a request has brought, or an empty one."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send a session that was changed; an empty one that was none before is not sent."""
        if session or session.modified:
            super().save_session(app, session, response)
