"""DMARC: what the domain asks of receivers, and whether our emails fulfil it (RFC 7489)."""

import re
from dataclasses import dataclass

from nps_portal.doctor.dns import Resolver, txt_record
from nps_portal.doctor.findings import Finding, Matter, Part
from nps_portal.doctor.identity import Identity, are_one_organisation

DMARC = Matter(part=Part.IDENTITY, name="DMARC")
ALIGNMENT = Matter(part=Part.IDENTITY, name="One name throughout")

_POLICIES = frozenset({"none", "quarantine", "reject"})


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The record that holds for a domain, and the domain at which it stands."""

    domain: str
    record: str
    tags: dict[str, str]
    count: int

    @property
    def name(self) -> str:
        """Return the name in the DNS."""
        return f"_dmarc.{self.domain}"


def dmarc_findings(resolver: Resolver, identity: Identity) -> list[Finding]:
    """Judge the policy of the sender's domain, and the domains that it compares.

    :raises NoDns: the DNS did not answer.
    """
    policy = _policy(resolver, identity.sender_domain)
    return [_policy_finding(policy, identity), _alignment(policy, identity)]


def _policy(resolver: Resolver, domain: str) -> Policy | None:
    """Return the record of the domain, else of the nearest domain above it.

    Without a list of public suffixes every domain above is asked, as DMARC's successor does it.
    """
    labels = domain.split(".")
    for at in range(max(len(labels) - 1, 1)):
        above = ".".join(labels[at:])
        texts = resolver.texts(f"_dmarc.{above}")
        records = [text for text in texts if text.replace(" ", "").startswith("v=DMARC1")]
        if records:
            return Policy(
                domain=above, record=records[0], tags=_tags(records[0]), count=len(records)
            )
    return None


def _policy_finding(policy: Policy | None, identity: Identity) -> Finding:
    sender = identity.sender_domain
    if policy is None:
        return DMARC.red(
            f"{sender} has no DMARC record, which Gmail, Yahoo and Microsoft demand of everyone "
            "who sends many emails. Begin with this one:",
            txt_record(f"_dmarc.{sender}", f"v=DMARC1; p=none; rua=mailto:dmarc@{sender}"),
        )
    asked = policy.tags.get("sp" if policy.domain != sender else "p") or policy.tags.get("p", "")
    asked = asked.lower()
    fresh = f"v=DMARC1; p=none; rua=mailto:dmarc@{policy.domain}"
    if policy.count > 1:
        return DMARC.red(
            f"{policy.name} has {policy.count} records, and receivers then heed none. Keep one:",
            txt_record(policy.name, policy.record),
        )
    if asked not in _POLICIES:
        return DMARC.red(
            f"{policy.name} names no policy (p=none, p=quarantine or p=reject), so receivers "
            "ignore it. This one is sound:",
            txt_record(policy.name, fresh),
        )
    if "mailto:" not in policy.tags.get("rua", ""):
        complete = f"{policy.record.rstrip('; ')}; rua=mailto:dmarc@{policy.domain}"
        return DMARC.amber(
            f"{policy.name} asks for p={asked} and for no reports, so nobody will tell you when "
            "your emails fail. Name a mailbox for them:",
            txt_record(policy.name, complete),
        )
    return DMARC.green(f"{policy.name} asks for p={asked} and sends you reports.")


def _alignment(policy: Policy | None, identity: Identity) -> Finding:
    """Compare the domain people see with the envelope's and the signature's."""
    sender, signing, envelope = (
        identity.sender_domain,
        identity.signing_domain,
        identity.envelope_domain,
    )
    organisation = policy.domain if policy else ""
    signed = are_one_organisation(sender, signing, organisation)
    enveloped = are_one_organisation(sender, envelope, organisation)
    line = f"NPS_BOUNCE_DOMAIN=bounces.{sender}" if signed else f"NPS_DKIM_DOMAIN={sender}"
    if not signed and not enveloped:
        return ALIGNMENT.red(
            f"People see {sender}, but the signature is for {signing} and the envelope names "
            f"{envelope}: receivers refuse that. Sign for the sender's domain:",
            line,
        )
    if not signed:
        return ALIGNMENT.amber(
            f"People see {sender}, but the signature is for {signing}: an email that somebody "
            "forwards will be refused. Sign for the sender's domain:",
            line,
        )
    if not enveloped:
        return ALIGNMENT.amber(
            f"People see {sender}, but the envelope names {envelope}. The signature alone speaks "
            "for you; a bounce domain within yours is safer:",
            line,
        )
    return _strictness(policy, identity) or ALIGNMENT.green(
        f"From, envelope and signature all speak for {sender}."
    )


def _strictness(policy: Policy | None, identity: Identity) -> Finding | None:
    """Judge a record that wants the same domain throughout, not only the same organisation's."""
    compared = {"adkim": identity.signing_domain, "aspf": identity.envelope_domain}
    for tag, domain in compared.items():
        if policy and policy.tags.get(tag, "r") == "s" and domain != identity.sender_domain:
            relaxed = re.sub(rf"\b{tag}\s*=\s*s\b", f"{tag}=r", policy.record)
            return ALIGNMENT.amber(
                f"{policy.name} says {tag}=s, so that {domain} does not count as "
                f"{identity.sender_domain}. Let it say {tag}=r:",
                txt_record(policy.name, relaxed),
            )
    return None


def _tags(record: str) -> dict[str, str]:
    pairs = (tag.partition("=") for tag in record.split(";") if "=" in tag)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
