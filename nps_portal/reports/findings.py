"""What one reader found out about one recipient, before it is joined with our message's names."""

from dataclasses import dataclass

from nps_portal.reports.models import ReportKind


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One recipient's fate; what is not known is empty."""

    kind: ReportKind
    recipient: str = ""
    status: str = ""
    reason: str = ""
