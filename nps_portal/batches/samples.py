"""A sample of a Survey's email, sent to somebody of the house; nothing of it is stored."""

from dataclasses import dataclass
from datetime import datetime

from nps_portal.accounts.portal_settings import PortalSettings, process_settings
from nps_portal.batches.commands import NotReady, missing_settings
from nps_portal.batches.contents import content_draft
from nps_portal.delivery.rendering import SampleRecipient, sample_mail
from nps_portal.delivery.turns import deliver_now
from nps_portal.foundation.database import reading
from nps_portal.mail.outcomes import OutcomeKind
from nps_portal.surveys.email import sample_values
from nps_portal.surveys.models import Survey


@dataclass(frozen=True, kw_only=True)
class SampleResult:
    """What became of a sample, in words; `category` is that of a flashed message."""

    category: str
    words: str


def send_sample(
    survey: Survey, settings: PortalSettings, recipient: SampleRecipient, now: datetime
) -> SampleResult:
    """Send a Survey's email with made-up values; its links lead to a page that stores nothing.

    :raises PortalError: something is not set yet, or the mail server is not to be had.
    """
    if missing := missing_settings(settings):
        raise NotReady(missing)
    path = f"/s/preview-{survey.id}"
    paths = dict.fromkeys(("survey_path", "unsubscribe_path", "my_data_path"), path)
    values = sample_values("") | paths
    mail = sample_mail(
        content_draft(reading(), survey, settings),
        recipient,
        values=values,
        public_url=process_settings().public_url,
        date=now,
    )
    outcome = deliver_now(settings, mail)
    match outcome.kind:
        case OutcomeKind.SENT if settings.uses_local_mailbox:
            words = "The test is in the portal's mailbox, because no mail server is set."
            return SampleResult(category="success", words=words)
        case OutcomeKind.SENT:
            words = f"The mail server has taken the test for {recipient.email}."
            return SampleResult(category="success", words=words)
        case OutcomeKind.NEVER:
            words = f"The mail server refused the test. It said: {outcome.reply}"
        case OutcomeKind.LATER:
            words = f"The mail server did not take the test now. It said: {outcome.reply}"
        case _:
            words = "The mail server did not say whether it took the test. Look into your inbox."
    return SampleResult(category="warning", words=words)
