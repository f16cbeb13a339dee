"""Certificates for the tests' servers, made afresh with the openssl program."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """A PEM file with a certificate and one with its key."""

    chain: Path
    key: Path


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """One authority and what it signed; all names are for `localhost` but the wrong one."""

    authority: Path
    good: Certificate
    expired: Certificate
    wrong_name: Certificate
    self_signed: Certificate


def make_certificates(directory: Path) -> Certificates:
    """Write an authority and four certificates into the directory."""
    authority = _authority(directory)
    return Certificates(
        authority=authority.chain,
        good=_signed(directory, "good", "localhost", ["-days", "30"], authority),
        expired=_signed(directory, "expired", "localhost", ["-days", "-1"], authority),
        wrong_name=_signed(directory, "wrong", "elsewhere.example", ["-days", "30"], authority),
        self_signed=_self_signed(directory),
    )


def _authority(directory: Path) -> Certificate:
    extensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"]
    return _root(directory, "authority", "Authority of the tests", extensions)


def _self_signed(directory: Path) -> Certificate:
    return _root(directory, "self", "localhost", ["subjectAltName=DNS:localhost"])


def _root(directory: Path, name: str, subject: str, extensions: list[str]) -> Certificate:
    certificate = _files(directory, name)
    arguments = [argument for text in extensions for argument in ("-addext", text)]
    _openssl(
        "req", "-x509", "-days", "30", "-subj", f"/CN={subject}", *_new_key(certificate),
        "-out", str(certificate.chain), *arguments,
    )  # fmt: skip
    return certificate


def _signed(
    directory: Path, name: str, host: str, validity: list[str], authority: Certificate
) -> Certificate:
    certificate = _files(directory, name)
    request = directory / f"{name}.csr"
    extensions = directory / f"{name}.ext"
    extensions.write_text(
        f"subjectAltName=DNS:{host}\nbasicConstraints=CA:FALSE\n"
        "keyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n"
        "authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n"
    )
    _openssl("req", "-subj", f"/CN={host}", *_new_key(certificate), "-out", str(request))
    _openssl(
        "x509", "-req", "-in", str(request), "-CA", str(authority.chain), "-CAkey",
        str(authority.key), "-CAcreateserial", *validity, "-extfile", str(extensions),
        "-out", str(certificate.chain),
    )  # fmt: skip
    return certificate


def _files(directory: Path, name: str) -> Certificate:
    return Certificate(chain=directory / f"{name}.pem", key=directory / f"{name}.key")


def _new_key(certificate: Certificate) -> list[str]:
    # Elliptic keys are made in milliseconds; RSA keys would take a second each.
    return [
        "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-keyout", str(certificate.key),
    ]  # fmt: skip


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
