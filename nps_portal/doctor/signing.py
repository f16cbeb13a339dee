"""DKIM: whether emails are signed, and whether receivers find the key that they check with."""

import os

from nps_portal.doctor.dns import DnsRecord, Resolver, txt_record
from nps_portal.doctor.findings import Finding, Matter, Part
from nps_portal.doctor.identity import Identity
from nps_portal.mail.dkim import BadKey, dns_record, make_key

DKIM = Matter(part=Part.IDENTITY, name="DKIM")
MAKE_KEY = "nps-portal doctor --make-dkim-key"
# Whoever else on the machine can read the key can sign in the business's name.
_READABLE_BY_OTHERS = 0o077


def make_dkim_key(identity: Identity) -> DnsRecord:
    """Make the key that emails are signed with, and return what to publish of it.

    :raises BadKey: there is one already, which stays as it is, or it cannot be written.
    """
    make_key(identity.key_file)
    return published_key(identity)


def published_key(identity: Identity) -> DnsRecord:
    """Return what to publish of the key that is there.

    :raises BadKey: there is none that emails may be signed with.
    """
    return txt_record(identity.key_name, dns_record(identity.key_file))


def dkim_finding(resolver: Resolver, identity: Identity) -> Finding:
    """Judge the key of this installation and its record.

    :raises NoDns: the DNS did not answer.
    """
    file = identity.key_file
    # Unlike the method of a path, this one also answers where the folder may not be looked into.
    is_there = os.path.exists(file)
    if not is_there and identity.key_is_named:
        return DKIM.red(
            f"NPS_DKIM_KEY_FILE names {file}, which cannot be found, so nothing is sent. Bring it "
            "back, or make one:",
            MAKE_KEY,
        )
    if not is_there:
        return DKIM.amber(
            f"There is no key, so emails are signed only if your mail provider signs them for "
            f"{identity.signing_domain}. To sign them here, make a key:",
            MAKE_KEY,
        )
    try:
        ours = published_key(identity)
    except BadKey as error:
        return DKIM.red(f"{error} Put it right, or move it away and make a new one:", MAKE_KEY)
    found = [_tags(text) for text in resolver.texts(ours.name)]
    if fault := _fault(found, _tags(ours.value)):
        return DKIM.red(
            f"Receivers cannot check our signature: {ours.name} {fault}. It must be:", ours
        )
    if file.stat().st_mode & _READABLE_BY_OTHERS:
        return DKIM.amber(
            f"Other users of this machine can read the key {file}, and sign as you:",
            f"chmod 600 {file}",
        )
    if "y" in found[0].get("t", "").split(":"):
        return DKIM.amber(
            f"{ours.name} says t=y: a test, which receivers may ignore. Leave that out:", ours
        )
    return DKIM.green(f"Emails are signed for {identity.signing_domain}; {ours.name} has the key.")


def _fault(found: list[dict[str, str]], ours: dict[str, str]) -> str:
    if not found:
        return "is not in the DNS"
    if len(found) > 1:
        return f"has {len(found)} records, and there must be one"
    theirs = found[0]
    if theirs.get("v", "DKIM1") != "DKIM1" or "p" not in theirs:
        return "is not a DKIM record"
    if not theirs["p"]:
        return "says that the key is withdrawn (an empty p=)"
    if theirs["p"] != ours["p"] or theirs.get("k", "rsa") != ours["k"]:
        return "has another key than ours"
    if "sha256" not in theirs.get("h", "sha256").split(":"):
        return f"allows h={theirs['h']} alone, and we sign with sha256"
    if not {"*", "email"} & set(theirs.get("s", "*").split(":")):
        return f"says s={theirs['s']}: the key is not for email"
    return ""


def _tags(record: str) -> dict[str, str]:
    """Return the tags of a record; blanks inside a value mean nothing (RFC 6376, 3.2)."""
    pairs = (tag.partition("=") for tag in record.split(";") if "=" in tag)
    return {name.strip(): "".join(value.split()) for name, _, value in pairs}
