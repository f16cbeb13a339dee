"""Let SpamAssassin judge the emails that leave by default; more than half a point is a fault.

Without SpamAssassin on the machine it says so and judges nothing; the continuous integration
installs it.
"""

import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime

from nps_portal.delivery.rendering import CompiledContent, House
from nps_portal.outbox.claims import Claim
from nps_portal.outbox.models import EmailContent
from nps_portal.surveys.email import Invited, Links, Look, compile_invitation
from nps_portal.surveys.wording import Wording

MOST_POINTS = 0.5
# Who gets it, and the score that a reminder says they have chosen.
EMAILS = {
    "the invitation with a name": (Invited.FIRST, {"first_name": "Zoë", "name": "Zoë"}),
    "the invitation without a name": (Invited.FIRST, {}),
    "the reminder": (Invited.REMINDED, {"first_name": "Zoë", "name": "Zoë"}),
    "the reminder to who chose a score": (Invited.REMINDED, {"score": "9"}),
}

_SCORE = re.compile(r"^X-Spam-Status: \w+, score=(-?\d+(?:\.\d+)?)", re.MULTILINE)
_TESTS = re.compile(r"tests=([A-Z0-9_,\s]+)")


def main() -> int:
    """Judge each email and return the exit code."""
    command = shutil.which("spamassassin")
    if command is None:
        print("SpamAssassin is not installed: the emails were NOT judged (apt: spamassassin).")
        return 0
    worst = 0.0
    for words, (kind, values) in EMAILS.items():
        judged = subprocess.run(  # noqa: S603 - a program of this machine, given our own email
            [command, "-L", "-t"], input=_email(kind, values), capture_output=True, check=True
        ).stdout.decode("utf-8", "replace")
        score = _SCORE.search(judged)
        if score is None:
            print("SpamAssassin gave no score.")
            return 1
        tests = _TESTS.search(judged)
        named = " ".join(tests[1].split()) if tests else ""
        print(f"SpamAssassin, {words}: {score[1]} points ({named})")
        worst = max(worst, float(score[1]))
    return 1 if worst > MOST_POINTS else 0


def _email(kind: Invited, values: dict[str, str]) -> bytes:
    """Return a default email as it leaves, with the link that only machines open."""
    source = compile_invitation(
        Wording(),
        Look(business="Acme Supplies", postal_address="1 High Street, Anytown"),
        kind=kind,
        links=Links(decoy=True),
    )
    content = EmailContent(
        sender_name="Jo at Acme Supplies",
        sender_email="feedback@mail.acme-supplies.com",
        reply_to="support@acme-supplies.com",
        list_id="survey-1.mail.acme-supplies.com",
        feedback_id="q4:default:invitation:nps-portal",
        subject=source.subject,
        html=source.html,
        text=source.text,
    )
    token = "qT3vN0c9rW2y.Zk7bXl5mEAqT3vN0c9rW2y"  # noqa: S105 - made up
    claim = Claim(
        message_id=1,
        public_id="qT3vN0c9rW2y",
        content_id=1,
        contact_id=1,
        invitation_id=1,
        recipient_name=values.get("name", ""),
        recipient_email="zoe@customer-mail.net",
        email_key="zoe@customer-mail.net",
        values={
            "survey_path": f"/s/{token}",
            "unsubscribe_path": f"/u/{token}",
            "my_data_path": f"/me/{token}",
            **values,
        },
        language="",
        attempts=0,
        mail="invitation",
        lease_until=datetime.now(UTC),
        owner="",
    )
    house = House(public_url="https://nps.mail.acme-supplies.com")
    return CompiledContent(content, house).email(claim, datetime.now(UTC))


if __name__ == "__main__":
    sys.exit(main())
