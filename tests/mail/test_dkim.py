"""DKIM signatures, checked by another implementation; keys as files."""

import base64
import stat
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import dkim  # type: ignore[import-untyped]  # it brings no types
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from nps_portal.foundation.addresses import BadEmail
from nps_portal.mail.dkim import (
    BadKey,
    Signer,
    dns_record,
    load_signer,
    make_key,
    relaxed_body_hash,
)

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
BODY = b"Hello Zo=C3=AB,\r\n\r\nhow likely are you to recommend us?\r\n"
HEADERS = (
    ("Date", "Sat, 21 Nov 2026 18:00:00 +0000"),
    ("From", "Jo at Acme <feedback@mail.acme.example>"),
    ("To", "=?utf-8?q?Zo=C3=AB_M=C3=BCller?= <zoe@example.org>"),
    ("Subject", "How likely are you to recommend Acme?"),
    ("Message-ID", "<o-01jd8x3k9c7m2v@mail.acme.example>"),
    ("Reply-To", "support@acme.example"),
    ("List-Unsubscribe", "<https://nps.acme.example/u/qT3vN0c9rW2yZk7bXl5mEA>"),
    ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ("List-ID", "Acme customer survey <q4-2026.nps.acme.example>"),
    ("Feedback-ID", "q4-2026:nps:survey:acmeNps01"),
    ("Auto-Submitted", "auto-generated"),
    ("X-Auto-Response-Suppress", "OOF, AutoReply"),
    ("MIME-Version", "1.0"),
    ("Content-Type", 'multipart/alternative; boundary="=_7"'),
)
EMPTY_BODY_HASH = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="  # RFC 6376, 3.4.4


@pytest.fixture(scope="module")
def rsa_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("keys") / "nps.pem"
    make_key(file)
    return file


@pytest.fixture(scope="module")
def ed25519_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("keys") / "ed25519.pem"
    file.write_bytes(pem_of(ed25519.Ed25519PrivateKey.generate()))
    return file


@pytest.fixture(params=["rsa_file", "ed25519_file"])
def key_file(request: pytest.FixtureRequest) -> Path:
    """Every kind of key."""
    file: Path = request.getfixturevalue(request.param)
    return file


def pem_of(
    key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey,
    container: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8,
    password: bytes = b"",
) -> bytes:
    lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        lock = serialization.BestAvailableEncryption(password)
    return key.private_bytes(serialization.Encoding.PEM, container, lock)


def signer_with(key_file: Path, domain: str = "mail.acme.example") -> Signer:
    return load_signer(domain=domain, selector="nps", key_file=key_file)


def signed(signer: Signer, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
    signature = signer.signature(headers, relaxed_body_hash(body), NOW)
    lines = [f"{name}: {value}\r\n" for name, value in (signature, *headers)]
    return "".join(lines).encode() + b"\r\n" + body


def verifies(message: bytes, key_file: Path) -> bool:
    """Ask the other implementation, with our record as its DNS."""
    asked = []

    def record(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return dns_record(key_file).encode()

    verdict = bool(dkim.verify(message, dnsfunc=record, minkey=2048))
    assert asked == [b"nps._domainkey.mail.acme.example."]
    return verdict


def changed(name: str, value: str) -> list[tuple[str, str]]:
    """Return the headers with another value in one field."""
    assert name in dict(HEADERS)
    return [(other, value if other == name else kept) for other, kept in HEADERS]


def unfolded_value(message: bytes) -> str:
    head = message.partition(b"\r\n\r\n")[0].decode().replace("\r\n ", " ")
    return head.split("\r\n")[0].removeprefix("DKIM-Signature: ")


def test_another_implementation_verifies_a_signed_survey(key_file: Path) -> None:
    message = signed(signer_with(key_file), HEADERS, BODY)

    assert verifies(message, key_file)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("To", '"' + "Maximiliane von Hohenlohe " * 8 + '" <max@example.org>'),
        ("To", "=?utf-8?b?w5bDtsO2w7bDtg==?=\r\n =?utf-8?b?w5bDtsO2w7bDtg==?=\r\n <z@example.org>"),
        ("To", "zoë@example.org"),
        ("Subject", "How   likely \t are  you?  "),
        ("Subject", "  \r\n \tlikely"),
        ("Subject", ""),
        ("List-Unsubscribe", "<https://nps.acme.example/u/q>,\r\n <mailto:u@mail.acme.example>"),
    ],
)
def test_values_of_every_shape_verify(key_file: Path, name: str, value: str) -> None:
    message = signed(signer_with(key_file), changed(name, value), BODY)

    assert verifies(message, key_file)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\r\n",
        b"\r\n\r\n\r\n",
        b"no line end",
        b"blanks  inside\tand at the end \t \r\n\r\n \r\n",
        b" \r\n leading\r\n\r\n\r\nempty lines inside\r\n",
        b"caf\xc3\xa9 \xff\x00\r\n",
    ],
)
def test_bodies_of_every_shape_verify(rsa_file: Path, body: bytes) -> None:
    message = signed(signer_with(rsa_file), HEADERS, body)

    assert verifies(message, rsa_file)


@given(body=st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"\r", b"\n", b"x"])).map(b"".join))
def test_the_body_hash_is_the_one_another_implementation_takes(body: bytes) -> None:
    # Theirs leaves blanks at the end of a last line that has no line end; on the wire it has one.
    canonical = dkim.canonicalization.Relaxed.canonicalize_body(body + b"\r\n")

    ours = relaxed_body_hash(body)

    assert ours == dkim.HASH_ALGORITHMS[b"rsa-sha256"](canonical).digest()


def test_an_empty_body_has_the_hash_of_the_standard() -> None:
    hashes = {base64.b64encode(relaxed_body_hash(body)).decode() for body in (b"", b"\r\n", b"  ")}

    assert hashes == {EMPTY_BODY_HASH}


def test_a_field_folded_otherwise_by_a_relay_still_verifies(rsa_file: Path) -> None:
    message = signed(signer_with(rsa_file), HEADERS, BODY)

    refolded = message.replace(b"Subject: How likely", b"subject:  How\r\n\tlikely ")

    assert refolded != message
    assert verifies(refolded, rsa_file)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"How likely are you to recommend Acme?", b"You have won"),
        (b"/u/qT3v", b"/u/evil"),
        (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Two-Click"),
        (b"how likely", b"how unlikely"),
        (b"t=1795284000", b"t=1795284001"),
    ],
)
def test_a_changed_message_does_not_verify(key_file: Path, before: bytes, after: bytes) -> None:
    message = signed(signer_with(key_file), HEADERS, BODY)

    tampered = message.replace(before, after, 1)

    assert tampered != message
    assert not verifies(tampered, key_file)


@pytest.mark.parametrize("place", ["above", "below"])
def test_a_second_from_breaks_the_signature(key_file: Path, place: str) -> None:
    message = signed(signer_with(key_file), HEADERS, BODY)
    stranger = b"From: Bank <bank@evil.example>\r\n"

    if place == "above":
        forged = stranger + message
    else:
        forged = message.replace(b"\r\n\r\n", b"\r\n" + stranger + b"\r\n", 1)

    assert not verifies(forged, key_file)


def test_every_field_that_matters_is_signed_and_no_field_that_is_absent(rsa_file: Path) -> None:
    message = signed(signer_with(rsa_file), HEADERS, BODY)

    tags = dict(tag.strip().split("=", 1) for tag in unfolded_value(message).split(";"))

    assert tags["h"].replace(" ", "").split(":") == [
        *("from", "from", "to", "subject", "date", "message-id", "reply-to", "mime-version"),
        *("content-type", "list-unsubscribe", "list-unsubscribe-post", "list-id"),
        *("feedback-id", "auto-submitted"),
    ]
    assert list(tags) == ["v", "a", "c", "t", "d", "s", "h", "bh", "b"]
    assert tags["a"] == "rsa-sha256"
    assert tags["c"] == "relaxed/relaxed"
    assert tags["t"] == "1795284000"


def test_no_line_of_the_signature_is_78_bytes_long(key_file: Path) -> None:
    signer = signer_with(key_file)
    headers = (*HEADERS, ("Content-Transfer-Encoding", "7bit"))

    name, value = signer.signature(headers, relaxed_body_hash(BODY), NOW)

    lines = f"{name}: {value}".split("\r\n")
    assert max(map(len, lines)) < 78
    assert all(line.startswith(" ") and line.strip() for line in lines[1:])


def test_a_domain_in_other_letters_is_signed_as_it_stands_in_dns(rsa_file: Path) -> None:
    signer = signer_with(rsa_file, domain="Straße.example")

    _, value = signer.signature(HEADERS, relaxed_body_hash(BODY), NOW)

    assert " d=xn--strae-oqa.example;" in value


def test_a_domain_that_is_none_is_refused(rsa_file: Path) -> None:
    with pytest.raises(BadEmail, match="not a valid domain"):
        signer_with(rsa_file, domain="a b; d=evil.example")


def test_a_key_in_the_traditional_container_signs(tmp_path: Path) -> None:
    file = tmp_path / "traditional.pem"
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file.write_bytes(pem_of(key, serialization.PrivateFormat.TraditionalOpenSSL))

    message = signed(signer_with(file), HEADERS, BODY)

    assert verifies(message, file)


def test_files_without_a_usable_key_are_refused_in_words(tmp_path: Path) -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    curve = ec.generate_private_key(ec.SECP256R1())
    locked = ed25519.Ed25519PrivateKey.generate()
    contents = {
        "1024 bits": pem_of(short),
        "neither RSA nor Ed25519": pem_of(curve),
        "locked with a password": pem_of(locked, password=b"secret"),
        "does not hold a private key": b"-----BEGIN PRIVATE KEY-----\nAAAA\n",
    }

    for number, (words, content) in enumerate(contents.items()):
        file = tmp_path / f"{number}.pem"
        file.write_bytes(content)
        with pytest.raises(BadKey, match=words):
            signer_with(file)
    with pytest.raises(BadKey, match="cannot be read: No such file"):
        signer_with(tmp_path / "absent.pem")


def test_a_made_key_is_its_users_alone(tmp_path: Path) -> None:
    file = tmp_path / "dkim" / "nps.pem"

    make_key(file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["nps.pem"]


def test_making_a_key_never_replaces_one(rsa_file: Path) -> None:
    before = rsa_file.read_bytes()

    with pytest.raises(BadKey, match="already"):
        make_key(rsa_file)

    assert rsa_file.read_bytes() == before


def test_a_place_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    (tmp_path / "dkim").write_text("a file, not a folder")

    with pytest.raises(BadKey, match="No DKIM key can be written"):
        make_key(tmp_path / "dkim" / "nps.pem")


def test_the_record_holds_the_public_half_alone(rsa_file: Path, ed25519_file: Path) -> None:
    # 294 bytes are a public RSA key of 2048 bits in its usual wrapping, 32 an Ed25519 key.
    sizes = {}
    for file in (rsa_file, ed25519_file):
        start, _, public = dns_record(file).partition(" p=")
        sizes[start] = len(base64.b64decode(public, validate=True))

    assert sizes == {"v=DKIM1; k=rsa;": 294, "v=DKIM1; k=ed25519;": 32}
