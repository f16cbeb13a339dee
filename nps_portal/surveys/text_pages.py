"""The pages of a Survey's texts: one group of one language each."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, owners_only
from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.foundation.database import reading
from nps_portal.foundation.languages import (
    BY_CODE,
    LANGUAGES,
    Language,
    best_language,
    catalogue,
    direction_of,
)
from nps_portal.foundation.merging import MERGE_FIELDS
from nps_portal.foundation.work import unit_of_work
from nps_portal.surveys.commands import change_texts
from nps_portal.surveys.email import Invited
from nps_portal.surveys.email_page import EmailPreview, email_preview, framed, previewed
from nps_portal.surveys.forms import TextsForm, texts_form
from nps_portal.surveys.models import Survey
from nps_portal.surveys.shared_pages import email_or_reason, settings_page, survey_or_404
from nps_portal.surveys.text_rules import TextGroup
from nps_portal.surveys.wording import GROUPS

blueprint = Blueprint("survey_texts", __name__)

FIELD_HELP = (
    ("{{ first_name }}", "The customer's first name"),
    ("{{ name }}", "Their whole name"),
    ("{{ company }}", "Their company"),
    ("{{ business }}", "Your business's name"),
)

_BY_KEY = {group.key: group for group in GROUPS}
# Groups whose texts stand in an email, and in which.
_EMAIL_OF = {"email": Invited.FIRST, "question": Invited.FIRST, "reminder": Invited.REMINDED}
_KIND_OF = {Invited.FIRST: "invitation", Invited.REMINDED: "reminder"}


@dataclass(frozen=True, kw_only=True)
class GroupLink:
    """A page of texts in the list of pages, with how many of its texts the owner has changed."""

    key: str
    title: str
    url: str
    current: bool
    changed: int


@dataclass(frozen=True, kw_only=True)
class LanguageState:
    """A language, whether a person has read its ready-made texts, how many texts are changed."""

    language: Language
    is_reviewed: bool
    changed: int
    url: str


@blueprint.get("/surveys/<int:survey_id>/edit")
@owners_only
def edit(survey_id: int) -> ResponseReturnValue:
    """Show the form of a group of texts."""
    survey = survey_or_404(survey_id)
    return _page(survey, _form(survey))


@blueprint.post("/surveys/<int:survey_id>/edit")
@owners_only
def update(survey_id: int) -> ResponseReturnValue:
    """Change the texts of a group; all others stay as they are."""
    survey = survey_or_404(survey_id)
    form = _form(survey)
    if not form.validate_on_submit():
        return _page(survey, form), 422
    _store(survey_id, form.wording.language, form.to_texts())
    flash("The texts are saved. Sends that were decided before keep theirs.", "success")
    return redirect(_address(survey, form.group.key, form.wording.language), 303)


@blueprint.post("/surveys/<int:survey_id>/edit/ready-made")
@owners_only
def take_back(survey_id: int) -> ResponseReturnValue:
    """Take the ready-made texts of a group back."""
    survey = survey_or_404(survey_id)
    group, wording = _chosen_group(), survey.wording(_chosen_language(survey))
    ready_made = {text.name: wording.ready_made(text.name) for text in group.texts}
    _store(survey_id, wording.language, ready_made)
    flash("These are the ready-made texts again.", "success")
    return redirect(_address(survey, group.key, wording.language), 303)


@blueprint.post("/surveys/<int:survey_id>/email")
@owners_only
def unsaved_email(survey_id: int) -> ResponseReturnValue:
    """Show the email that the texts of a form would make, for a frame; nothing is saved."""
    survey = survey_or_404(survey_id)
    form = _form(survey)
    if not form.validate_on_submit():
        page = render_template("surveys/email_faults.html", form=form)
        return framed(page), 422
    kind = _EMAIL_OF.get(form.group.key, Invited.FIRST)
    return framed(previewed(form.to_wording(), portal_settings(reading()), survey, kind).html)


def language_states(survey: Survey) -> list[LanguageState]:
    """Return every language with its state in a Survey, by the names in their own writing."""
    return [
        LanguageState(
            language=language,
            is_reviewed=catalogue(language.code, survey.address).is_reviewed,
            changed=len(survey.wording(language.code).texts()),
            url=url_for("survey_texts.edit", survey_id=survey.id, language=language.code),
        )
        for language in LANGUAGES
    ]


def _form(survey: Survey) -> TextsForm:
    return texts_form(survey, _chosen_group(), _chosen_language(survey))


def _chosen_group() -> TextGroup:
    return _BY_KEY.get(request.args.get("group", ""), GROUPS[0])


def _chosen_language(survey: Survey) -> str:
    return best_language(request.args.get("language") or survey.language)


def _store(survey_id: int, language: str, texts: dict[str, str]) -> None:
    with unit_of_work(current_actor()) as work:
        change_texts(work, survey_id, language, texts)


def _address(survey: Survey, group: str, language: str, page: str = "edit") -> str:
    return url_for(f"survey_texts.{page}", survey_id=survey.id, group=group, language=language)


def _page(survey: Survey, form: TextsForm) -> str:
    code, key = form.wording.language, form.group.key
    changed = form.wording.texts()
    counts = {group.key: sum(text.name in changed for text in group.texts) for group in GROUPS}
    return settings_page(
        "surveys/edit.html",
        survey,
        form=form,
        languages=LANGUAGES,
        language=BY_CODE[code],
        direction=direction_of(code),
        is_reviewed=catalogue(code, survey.address).is_reviewed,
        changed=len(changed),
        changed_here=counts[key],
        groups=[
            GroupLink(
                key=group.key,
                title=group.title,
                url=_address(survey, group.key, code),
                current=group.key == key,
                changed=counts[group.key],
            )
            for group in GROUPS
        ],
        preview=_preview(survey, form),
        preview_url=_address(survey, key, code, "unsaved_email"),
        take_back_url=_address(survey, key, code, "take_back"),
        field_help=[pair for pair in FIELD_HELP if pair[0].strip("{} ") in MERGE_FIELDS],
    )


def _preview(survey: Survey, form: TextsForm) -> EmailPreview | None:
    """Return the email in which the texts of the page stand, None when they stand in none."""
    kind = _EMAIL_OF.get(form.group.key)
    if kind is None:
        return None
    code = form.wording.language
    return email_preview(
        email_or_reason(survey, form.wording, kind),
        url_for("surveys.email_in", survey_id=survey.id, kind=_KIND_OF[kind], language=code),
        "survey_texts.edit",
        {"survey_id": survey.id, "group": form.group.key, "language": code},
    )
