"""What stands around every customer's page: the business, its look, and the choice of language."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.foundation.languages import LANGUAGES, Language
from nps_portal.surveys.models import SurveyLogo


@dataclass(frozen=True, kw_only=True)
class Logo:
    """A Survey's logo without its image: what names it in its address, and its size in pixels."""

    digest: str
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class LanguageChoice:
    """The little form in which a reader takes another language; `kept` stays in the address.

    Without `action` it leads to where the page itself is.
    """

    label: str
    button: str
    chosen: str
    action: str = ""
    kept: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[Language, ...] = LANGUAGES
    is_fixed: bool = False


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The head and foot of a page; without `style_url` it has the colour of the style sheet."""

    business: str
    language: str
    direction: str
    style_url: str = ""
    accent: str = ""
    logo_url: str = ""
    logo: Logo | None = None
    choice: LanguageChoice | None = None

    def without_choice(self) -> "Frame":
        """Return the frame of a page that no address leads to, and so none in another language."""
        choice = replace(self.choice, is_fixed=True) if self.choice else None
        return replace(self, choice=choice)


def logo_of(session: Session, survey_id: int) -> Logo | None:
    """Return what a Survey's logo is called and how large it is, None when there is none."""
    row = session.execute(
        sa.select(SurveyLogo.digest, SurveyLogo.width, SurveyLogo.height).where(
            SurveyLogo.survey_id == survey_id
        )
    ).first()
    return Logo(digest=row.digest, width=row.width, height=row.height) if row else None
