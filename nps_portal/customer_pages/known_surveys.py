"""Surveys as the links of a process find them: read once for each version, never older than it.

Whoever opens a link reads the Survey's version anew, in the statement that reads everything else,
and every change of what a customer sees makes a new version, in whatever process.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from flask import current_app
from sqlalchemy.orm import Session

from nps_portal.foundation.languages import best_language
from nps_portal.surveys.models import Survey
from nps_portal.surveys.wording import Wording

_best_language = lru_cache(maxsize=512)(best_language)


@dataclass(frozen=True, kw_only=True)
class KnownSurvey:
    """A Survey that belongs to no session, for reading; it holds nothing of any person."""

    survey: Survey
    _wordings: dict[str, Wording] = field(default_factory=dict)

    def wording(self, language: str) -> Wording:
        """Return what `Survey.wording` returns."""
        best = _best_language(language or self.survey.language)
        known = self._wordings.get(best)
        if known is None:
            known = self._wordings[best] = self.survey.wording(best)
        return known


def known_survey(sessions: Callable[[], Session], survey_id: int, version: int) -> KnownSurvey:
    """Return a Survey in this version, or in a newer one; `sessions` gives one to read it with."""
    surveys: dict[int, KnownSurvey] = current_app.extensions.setdefault("nps_known_surveys", {})
    known = surveys.get(survey_id)
    if known is None or known.survey.version != version:
        # A session of its own in the same transaction: what it gives up belongs to nobody.
        with Session(sessions().connection()) as apart:
            known = KnownSurvey(survey=apart.get_one(Survey, survey_id))
        surveys[survey_id] = known
    return known
