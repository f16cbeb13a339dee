"""A test client that sends forms as a browser would, with the CSRF token of its session."""

import secrets
from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse


class PortalClient(FlaskClient):
    """Flask's test client, with forms and signing in."""

    application: Flask

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
