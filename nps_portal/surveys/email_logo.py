"""The logo of a Survey as an email shows it."""

from sqlalchemy.orm import Session

from nps_portal.surveys.email import Logo
from nps_portal.surveys.models import SurveyLogo

# The picture has twice the pixels, so that it is sharp on every screen.
PIXELS_A_POINT = 2


def logo_in_email(session: Session, survey_id: int) -> Logo | None:
    """Return where a Survey's logo is and how large it is shown, None when it has none."""
    logo = session.get(SurveyLogo, survey_id)
    if logo is None:
        return None
    return Logo(
        path=f"/s/logo-{logo.digest}",
        width=max(logo.width // PIXELS_A_POINT, 1),
        height=max(logo.height // PIXELS_A_POINT, 1),
    )
