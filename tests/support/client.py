"""A test client that sends forms as a browser would, with the CSRF token of its session."""

import secrets
from collections.abc import Mapping
from contextvars import Context
from typing import Any

from flask import Flask, has_app_context
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from nps_portal.foundation.database import db


class PortalClient(FlaskClient):
    """Flask's test client, with forms and signing in."""

    application: Flask

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request as a server would receive it: knowing nothing of the one before.

        Inside the application context of a test, Flask would share its `g` among all requests,
        and with it the User who was signed in once.
        """
        kwargs.setdefault("buffered", True)
        answer = Context().run(super().open, *args, **kwargs)
        if has_app_context():
            # What the test itself has read may be stale now.
            db.session.rollback()
        return answer

    def post_form(self, url: str, data: Mapping[str, Any] | None = None) -> TestResponse:
        """Send a form with the token that a page of this session would carry."""
        return self.post(url, data={"csrf_token": self._csrf_token(), **(data or {})})

    def sign_in(self, email: str, password: str) -> TestResponse:
        """Sign in through the page."""
        return self.post_form("/sign-in", {"email": email, "password": password})

    def _csrf_token(self) -> str:
        with self.session_transaction() as session:
            raw = session.setdefault("csrf_token", secrets.token_hex(20))
        serializer = URLSafeTimedSerializer(str(self.application.secret_key), salt="wtf-csrf-token")
        return str(serializer.dumps(raw))
