"""Typing in what a customer said on the telephone."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor
from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.contacts.models import Contact
from nps_portal.contacts.queries import contact_by_id
from nps_portal.foundation.database import reading
from nps_portal.foundation.row_ids import row_id
from nps_portal.foundation.work import unit_of_work
from nps_portal.responses.commands import PublicFacts, change_answer, take_public_answer
from nps_portal.responses.forms import PhoneForm
from nps_portal.responses.models import Channel
from nps_portal.surveys.queries import active_surveys
from nps_portal.surveys.wording import FilledWording

blueprint = Blueprint("phone_answers", __name__)


@blueprint.get("/contacts/<int:contact_id>/phone-answer")
@blueprint.get("/responses/phone")
def new(contact_id: int | None = None) -> ResponseReturnValue:
    """Show the form, of a Contact or of somebody unknown."""
    return _page(_form(), _contact(contact_id))


@blueprint.post("/contacts/<int:contact_id>/phone-answer")
@blueprint.post("/responses/phone")
def create(contact_id: int | None = None) -> ResponseReturnValue:
    """Keep what was said; the same form sent once more with something else changes it."""
    contact, form = _contact(contact_id), _form()
    if not form.validate_on_submit():
        return _page(form, contact), 422
    facts = PublicFacts(
        contact_id=contact_id,
        said_to_be="" if contact else form.said_to_be.data or "",
        language=contact.language if contact else "",
    )
    key = form.submission_key(contact_id)
    survey_id, said = form.survey.data, form.to_answer()
    with unit_of_work(current_actor()) as work:
        response = take_public_answer(work, survey_id, said, Channel.PHONE, key=key, facts=facts)
        former = (response.score, response.comment)
        response = change_answer(work, response.id, said)
        is_changed = (response.score, response.comment) != former
    flash("The answer is changed." if is_changed else "The answer is in.", "success")
    return redirect(url_for("responses.show", response_id=response.id), 303)


def _form() -> PhoneForm:
    """Return the form with the surveys that can be answered; the address may name one.

    Who is on the telephone is known, so none of them is anonymous.
    """
    surveys = [(one.id, one.title) for one in active_surveys(reading()) if not one.anonymous]
    asked = request.args.get("survey", type=row_id)
    first = surveys[0][0] if surveys else None
    return PhoneForm(surveys, asked if asked in dict(surveys) else first)


def _contact(contact_id: int | None) -> Contact | None:
    """Return who was called; nothing is typed in for somebody of whom all was erased."""
    if contact_id is None:
        return None
    contact = contact_by_id(reading(), contact_id)
    if contact is None or contact.erased_at:
        abort(404)
    return contact


def _page(form: PhoneForm, contact: Contact | None) -> str:
    return render_template(
        "responses/phone.html", form=form, contact=contact, words=_words(form, contact)
    )


def _words(form: PhoneForm, contact: Contact | None) -> FilledWording | None:
    """Return the words to read out, in the customer's language."""
    known = {survey.id: survey for survey in active_surveys(reading())}
    survey = known.get(form.survey.data)
    if survey is None:
        return None
    return survey.wording(contact.language if contact else "").filled(
        {
            "business": portal_settings(reading()).business_name,
            "first_name": contact.first_name if contact else "",
            "name": contact.name if contact else "",
            "company": contact.company_name if contact else "",
        }
    )
