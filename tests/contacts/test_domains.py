"""Which addresses tell a company."""

import pytest

from nps_portal.contacts.domains import company_domain


@pytest.mark.parametrize(
    "email",
    [
        "anna@gmail.com",
        "anna@GMX.de",
        "anna@web.de",
        "anna@yahoo.co.uk",
        "anna@t-online.de",
        "anna@orange.fr",
        "anna@libero.it",
        "anna@mailbox.org",
        "no address",
    ],
)
def test_a_mail_provider_is_no_company(email: str) -> None:
    assert company_domain(email) is None


@pytest.mark.parametrize(
    ("email", "domain"),
    [("anna@acme.example", "acme.example"), ("Anna.Berg@Mueller-Bau.DE", "mueller-bau.de")],
)
def test_any_other_domain_tells_one(email: str, domain: str) -> None:
    assert company_domain(email) == domain
