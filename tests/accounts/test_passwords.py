"""A password that was forgotten."""

import pytest
from flask import Flask

from nps_portal.accounts.commands import UnknownUser, reset_password
from tests.support import factories
from tests.support.client import PortalClient

NEW = "quite another sentence"


def test_a_forgotten_password_is_replaced_and_every_session_ends(owner: PortalClient) -> None:
    with factories.work() as work:
        reset_password(work, email=factories.OWNER, password=NEW)

    assert owner.get("/settings/account").status_code == 303
    assert owner.sign_in(factories.OWNER, NEW).location == "/"


def test_the_password_of_nobody_cannot_be_replaced(app: Flask) -> None:
    with pytest.raises(UnknownUser), factories.work() as work:
        reset_password(work, email="nobody@acme.example", password=NEW)
