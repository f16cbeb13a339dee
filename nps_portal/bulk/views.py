"""Pages of acts on many contacts: what shall be done, whether that is meant, and how far it is."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, owners_only, visitor
from nps_portal.accounts.queries import active_users
from nps_portal.bulk.choice import BadChoice, Choice, chosen, chosen_count
from nps_portal.bulk.commands import NumberChanged, begin_act
from nps_portal.bulk.filter_rules import rules_of_filter
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
from nps_portal.contacts.list_filters import ContactAddress
from nps_portal.contacts.models import PropertyKind
from nps_portal.contacts.queries import company_names
from nps_portal.contacts.tags import all_tags
from nps_portal.exports.downloads import csv_download, workbook_download
from nps_portal.exports.people_tables import contacts_among
from nps_portal.exports.table import Table
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import unit_of_work
from nps_portal.segments.commands import add_segment
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
        _refuse_many(terms, chosen_count(reading(), _choice(), current_clock().now()))
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
        _refuse_many(terms, shown)
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


@blueprint.get("/contacts/bulk/contacts.csv")
@owners_only
def csv() -> ResponseReturnValue:
    """Give the chosen contacts as CSV, in a stream."""
    return csv_download(_chosen_table())


@blueprint.get("/contacts/bulk/contacts.xlsx")
@owners_only
def workbook() -> ResponseReturnValue:
    """Give the chosen contacts as a workbook."""
    return workbook_download(_chosen_table())


@blueprint.get("/contacts/bulk/send")
@owners_only
def send() -> ResponseReturnValue:
    """Lead to the page of a new send, with the chosen as they are now."""
    try:
        choice = _choice()
        ids = reading().scalars(chosen(reading(), choice, current_clock().now())).all()
    except BadChoice:
        abort(404)
    if not 0 < len(ids) <= MOST_TO_SEND:
        return redirect(url_for(".choose", **choice.query()), 303)
    named = ",".join(map(str, sorted(ids)))
    return redirect(url_for("batches.new", contact_ids=named), 303)


@blueprint.post("/contacts/bulk/segment")
@owners_only
def save_segment() -> ResponseReturnValue:
    """Save a filter as a Segment, and lead to the page of a send to it."""
    try:
        rules = rules_of_filter(reading(), ContactAddress.of(_choice().filter).to_filter())
        with unit_of_work(current_actor()) as work:
            segment = add_segment(work, request.form.get("name", ""), rules or abort(404))
    except PortalError as fault:
        return _choose_page(str(fault)), 422
    return redirect(url_for("batches.new", segment_id=segment.id), 303)


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


def _chosen_table() -> Table:
    """Return the table of the chosen; a choice of nobody is no page."""
    now = current_clock().now()
    try:
        choice = _choice()
        chosen(reading(), choice, now)
    except BadChoice:
        abort(404)
    return contacts_among(lambda session: chosen(session, choice, now))


def _terms() -> Terms:
    terms = read_terms(reading(), request.form, {code: language_name(code) for code in LANGUAGES})
    if terms.kind is BulkKind.ERASE and not visitor().is_owner:
        abort(403)
    return terms


def _refuse_many(terms: Terms, number: int) -> None:
    """Keep from colleagues what takes away many people at once.

    :raises BadTerms: an owner must do it.
    """
    is_taking_away = terms.kind is BulkKind.REMOVE and number > TYPED_ABOVE
    if is_taking_away and not visitor().is_owner:
        raise BadTerms(
            f"Only owners remove more than {TYPED_ABOVE} people at once. Nothing was changed."
        )


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
        may_be_segment=_may_be_segment(choice),
        given_name=request.form.get("name", ""),
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


def _may_send(choice: Choice, found: int) -> str:
    """Return the address that leads to a send to these people; nothing where none does."""
    if choice.segment_id is not None:
        return url_for("batches.new", segment_id=choice.segment_id)
    if choice.contact_ids is None and not choice.filter:
        return url_for("batches.new")
    return url_for(".send", **choice.query()) if 0 < found <= MOST_TO_SEND else ""


def _may_be_segment(choice: Choice) -> bool:
    """Tell whether a Segment can find the same people."""
    if choice.contact_ids is not None or choice.segment_id is not None:
        return False
    return rules_of_filter(reading(), ContactAddress.of(choice.filter).to_filter()) is not None
