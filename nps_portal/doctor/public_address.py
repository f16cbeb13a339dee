"""The public address, opened as a customer and a mail program would, but from this machine."""

from nps_portal.config import Settings
from nps_portal.doctor.findings import Finding, Matter, Part
from nps_portal.foundation.outbound import NoAnswer, Reach, fetch, post_form
from nps_portal.foundation.tokens import new_public_id

ADDRESS = Matter(part=Part.MACHINE, name="Public address")
UNSUBSCRIBING = Matter(part=Part.MACHINE, name="Unsubscribing")

# RFC 8058, 3.1: what a mail program posts, in the form that it should use.
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def public_findings(process: Settings) -> list[Finding]:
    """Judge the address that links begin with, and whether one click unsubscribes there."""
    url = process.public_url
    if process.public_url_is_loopback:
        return [
            ADDRESS.amber(
                f"{url} opens on this machine only. To go live, give the portal a name in the DNS "
                "and set it:",
                "NPS_PUBLIC_URL=https://nps.your-domain.example",
            )
        ]
    if url.startswith("http://"):
        return [
            ADDRESS.amber(
                f"{url} is not encrypted; mail providers want https for unsubscribing. With a "
                "certificate on the proxy:",
                f"NPS_PUBLIC_URL=https://{process.public_host}",
            ),
            *opened_findings(url),
        ]
    return opened_findings(url)


def opened_findings(url: str) -> list[Finding]:
    """Judge what answers at an address, and whether one click unsubscribes there."""
    try:
        answer = fetch(f"{url}/healthz", Reach.ANYWHERE)
    except NoAnswer as error:
        return [
            ADDRESS.red(
                f"From this machine {url} cannot be opened: {error} If it opens on a phone outside "
                "your network, your router does not let you reach yourself, and all is well.",
                f"curl -i {url}/healthz",
            )
        ]
    if answer.status != 200 or b'"ok"' not in answer.body:
        return [
            ADDRESS.red(
                f"Something else answers at {url} (status {answer.status}). Let the proxy hand "
                "everything on to the portal:",
                f"curl -i {url}/healthz",
            )
        ]
    findings = [_unsubscribing(url)]
    if url.startswith("https://"):
        findings.insert(
            0, ADDRESS.green(f"{url} opens with a good certificate, from this machine.")
        )
    return findings


def _unsubscribing(url: str) -> Finding:
    """Press the button of a mail program with a token of nobody."""
    place = f"{url}/u/{new_public_id()}"
    line = f"curl -i -F List-Unsubscribe=One-Click {url}/u/check"
    try:
        answer = post_form(place, ONE_CLICK, Reach.ANYWHERE)
    except NoAnswer as error:
        return UNSUBSCRIBING.red(f"Mail programs cannot unsubscribe: {error}", line)
    if 300 <= answer.status < 400:
        target = answer.headers.get("location", "elsewhere")
        return UNSUBSCRIBING.red(
            f"Mail programs are sent on to {target[:200]}, and they do not follow. The proxy must "
            "not redirect what is posted to /u/:",
            line,
        )
    if answer.status not in {200, 404}:
        return UNSUBSCRIBING.red(
            f"Mail programs that unsubscribe are turned away with {answer.status}. The proxy must "
            "let POST through to /u/:",
            line,
        )
    if "set-cookie" in answer.headers:
        return UNSUBSCRIBING.red(
            "Mail programs that unsubscribe are given a cookie, which they must not need. The "
            "proxy must set none below /u/:",
            line,
        )
    return UNSUBSCRIBING.green("One click in a mail program works, from this machine.")
