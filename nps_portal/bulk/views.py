"""Pages of acts on many contacts: what shall be done, whether that is meant, and how far it is."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, visitor
from nps_portal.accounts.queries import active_users
from nps_portal.bulk.choice import BadChoice, Choice, chosen_count
from nps_portal.bulk.commands import NumberChanged, begin_act
from nps_portal.bulk.models import BulkAct, BulkKind
from nps_portal.bulk.running import act_by_id, run_act, runs_at_once
from nps_portal.bulk.terms import (
    FIELDS,
    ROLES,
    BadTerms,
    Terms,
    fields_to_set,
    property_of,
    read_terms,
)
from nps_portal.contacts.forms import CONSENT_WORDS, LANGUAGES, language_name
from nps_portal.contacts.models import PropertyKind
from nps_portal.contacts.queries import company_names
from nps_portal.contacts.tags import all_tags
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import unit_of_work
from nps_portal.segments.models import Segment
from nps_portal.segments.queries import segment_by_id

blueprint = Blueprint("bulk", __name__)

TAGS_TO_CHOOSE = 200
# More than these are not erased before their number was typed in.
TYPED_ABOVE = 20
MOST_TO_SEND = 500
_TERMS = ("kind", "tags", "owner_id", "field", "value", "since")


@blueprint.get("/contacts/bulk")
def choose() -> ResponseReturnValue:
    """Show what can be done with the chosen contacts."""
    return _choose_page()


@blueprint.get("/contacts/bulk/field")
def edit_field() -> ResponseReturnValue:
    """Show the form in which one field is set for the chosen contacts."""
    name = request.args.get("field", "")
    if name not in dict(fields_to_set(reading())):
        abort(404)
    return _field_page(name)


@blueprint.post("/contacts/bulk/check")
def check() -> ResponseReturnValue:
    """Say what would be done to how many, before anything happens."""
    try:
        terms = _terms()
        return _check_page(terms)
    except BadTerms as fault:
        return _again(str(fault)), 422
    except BadChoice as fault:
        return _choose_page(str(fault)), 422


@blueprint.post("/contacts/bulk")
def act() -> ResponseReturnValue:
    """Do what was confirmed: few at once, many by the worker."""
    try:
        terms = _terms()
        shown = _number("shown")
        if terms.kind is BulkKind.ERASE and shown > TYPED_ABOVE and _number("typed") != shown:
            return _check_page(terms, "Type the number to confirm it. Nothing was changed."), 422
        with unit_of_work(current_actor()) as work:
            begun = begin_act(work, _choice(), terms, shown)
            act_id, is_small = begun.id, runs_at_once(begun)
    except NumberChanged as fault:
        return _check_page(_terms(), str(fault)), 422
    except BadTerms as fault:
        return _again(str(fault)), 422
    except BadChoice as fault:
        return _choose_page(str(fault)), 422
    if is_small:
        run_act(act_id)
    return redirect(url_for(".show", act_id=act_id), 303)


@blueprint.get("/contacts/bulk/<int:act_id>")
def show(act_id: int) -> ResponseReturnValue:
    """Show how far an act is, or what has come of it."""
    return render_template("bulk/show.html", act=_act(act_id))


@blueprint.get("/contacts/bulk/<int:act_id>/progress")
def progress(act_id: int) -> ResponseReturnValue:
    """Show the bar alone, for the page that asks again and again."""
    return render_template("bulk/_progress.html", act=_act(act_id))


def _choice() -> Choice:
    return Choice.of(request.values, request.values.getlist("contact_ids"))


def _terms() -> Terms:
    terms = read_terms(reading(), request.form, {code: language_name(code) for code in LANGUAGES})
    if terms.kind is BulkKind.ERASE and not visitor().is_owner:
        abort(403)
    return terms


def _number(name: str) -> int:
    text = "".join(request.form.get(name, "").replace(",", "").replace(".", "").split())
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _act(act_id: int) -> BulkAct:
    return act_by_id(reading(), act_id) or abort(404)


def _choose_page(fault: str = "") -> str:
    try:
        choice = _choice()
        found = chosen_count(reading(), choice, current_clock().now())
    except BadChoice as error:
        return render_template("bulk/nobody.html", fault=fault or str(error))
    return render_template(
        "bulk/choose.html",
        choice=choice,
        found=found,
        segment=_segment(choice),
        fault=fault,
        tags=all_tags(reading(), TAGS_TO_CHOOSE),
        users=active_users(reading()),
        fields=fields_to_set(reading()),
        may_send=_may_send(choice, found),
    )


def _field_page(name: str, fault: str = "") -> str:
    try:
        choice = _choice()
        found = chosen_count(reading(), choice, current_clock().now())
    except PortalError as error:
        return render_template("bulk/nobody.html", fault=str(error))
    one = property_of(reading(), name)
    return render_template(
        "bulk/field.html",
        choice=choice,
        found=found,
        fault=fault,
        name=name,
        label=one.name if one else FIELDS[name],
        property=one,
        options=_options(name),
        companies=company_names(reading()),
        given=request.form,
    )


def _options(name: str) -> list[tuple[str, str]] | None:
    """Return what a field can be chosen from, None for what is written."""
    if name == "language":
        named = sorted((language_name(code), code) for code in LANGUAGES)
        return [("", "Not known"), *((code, words) for words, code in named)]
    if name in ROLES:
        return [("yes", "Yes"), ("no", "No")]
    if name == "consent_basis":
        return [("", "Not noted"), *((one.value, words) for one, words in CONSENT_WORDS.items())]
    one = property_of(reading(), name)
    if one is not None and one.kind is PropertyKind.YES_NO:
        return [("", "Not known"), ("yes", "Yes"), ("no", "No")]
    if one is not None and one.kind is PropertyKind.CHOICE:
        return [("", "Not known"), *((choice, choice) for choice in one.choices)]
    return None


def _check_page(terms: Terms, fault: str = "") -> str:
    choice = _choice()
    return render_template(
        "bulk/check.html",
        choice=choice,
        found=chosen_count(reading(), choice, current_clock().now()),
        segment=_segment(choice),
        terms=terms,
        given={name: request.form[name] for name in _TERMS if request.form.get(name)},
        fault=fault,
        typed_above=TYPED_ABOVE,
    )


def _again(fault: str) -> str:
    """Return the form that has the fault, with what was written in it."""
    name = request.form.get("field", "")
    is_field = request.form.get("kind") == BulkKind.SET_FIELD.value
    if is_field and name in dict(fields_to_set(reading())):
        return _field_page(name, fault)
    return _choose_page(fault)


def _segment(choice: Choice) -> Segment | None:
    return segment_by_id(reading(), choice.segment_id) if choice.segment_id else None


def _may_send(choice: Choice, found: int) -> dict[str, str] | None:
    """Return how the page of a new send names these people, None where it cannot."""
    if choice.segment_id is not None or choice.contact_ids is not None:
        return choice.query() if found <= MOST_TO_SEND or choice.segment_id is not None else None
    return {} if not choice.filter else None
