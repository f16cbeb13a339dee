"""Settings that cannot work stop the start and name the variable."""

from pathlib import Path

import pytest

from nps_portal.config import BadSettings, load_settings
from tests.conftest import environment

SQLITE = "sqlite:////var/lib/nps/nps.sqlite"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NPS_PUBLIC_URL", "https://acme.example/nps"),
        ("NPS_PUBLIC_URL", "https://acme .example"),
        ("NPS_PUBLIC_URL", "https://acme.example\nX: y"),
        ("NPS_PUBLIC_URL", "https://acme.example:99999"),
        ("NPS_PUBLIC_URL", "https://:secret@acme.example"),
        ("NPS_PUBLIC_URL", "https://bücher.example"),
        ("NPS_DATABASE_URL", "sqlite:///"),
        ("NPS_DATABASE_URL", "postgresql+psycopg://nps@host:port/nps"),
        ("NPS_MAIL_SERVER", "smtp://mail.acme.example"),
        ("NPS_BUSINESS_NAME", "Acme\r\nBcc: someone@evil.example"),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=f"^{name}: "):
        load_settings(environment(tmp_path, SQLITE) | {name: value})


@pytest.mark.parametrize(
    "url", ["https://nps.acme.example", "https://nps.acme.example/", "http://[::1]:8000"]
)
def test_an_address_with_a_host_alone_is_taken(tmp_path: Path, url: str) -> None:
    settings = load_settings(environment(tmp_path, SQLITE) | {"NPS_PUBLIC_URL": url})

    assert settings.public_url == url.rstrip("/")


def test_a_host_with_foreign_letters_is_told_how_to_be_written(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"xn--bcher-kva\.example"):
        load_settings(environment(tmp_path, SQLITE) | {"NPS_PUBLIC_URL": "https://bücher.example"})
