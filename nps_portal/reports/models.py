"""What a returned email, or a provider's event, says about one message of ours."""

import enum
from dataclasses import dataclass


class ReportKind(enum.Enum):
    """What has become of a message after the mail server took it.

    Doubt is never `hard`: a false `hard` silences a customer for ever.
    """

    HARD = "hard"
    SOFT = "soft"
    BLOCKED = "blocked"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    AUTO_REPLY = "auto_reply"
    REPLY = "reply"
    UNKNOWN = "unknown"

    @property
    def is_failure(self) -> bool:
        """Tell whether the message did not reach its recipient."""
        return self in {ReportKind.HARD, ReportKind.SOFT, ReportKind.BLOCKED}


@dataclass(frozen=True, kw_only=True)
class Report:
    """One finding about one recipient.

    `recipient` is the address that failed or complained; `token` is what stood behind `b+` or
    `u+` in the address that the report came to, not yet proven to be ours; `message_id` and
    `envelope_id` are the original's, without brackets. `status` is an enhanced code such as
    5.1.1; `reason` one line of the remote's words, at most 500 characters. What is not known is
    empty.
    """

    kind: ReportKind
    recipient: str = ""
    status: str = ""
    reason: str = ""
    token: str = ""
    message_id: str = ""
    envelope_id: str = ""
