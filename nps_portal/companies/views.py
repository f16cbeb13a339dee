"""Pages of companies: the list, one of them, adding, editing, and those that addresses suggest."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor
from nps_portal.accounts.queries import active_users
from nps_portal.companies import queries
from nps_portal.companies.forms import CompanyForm
from nps_portal.companies.gathering import LOOKED_AT, suggestions
from nps_portal.companies.queries import CompanyFilter
from nps_portal.companies.walking import CompanyGroup, CompanyOrder, Walk
from nps_portal.contacts import company_commands as commands
from nps_portal.contacts.models import Company
from nps_portal.contacts.queries import has_many_contacts
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.paging import page_links
from nps_portal.foundation.row_ids import row_id
from nps_portal.foundation.work import unit_of_work

blueprint = Blueprint("companies", __name__)

GROUPS = (
    ("", "All companies"),
    (CompanyGroup.ALARM.value, "An unhappy decider"),
    (CompanyGroup.SILENT.value, "Not heard from in a year"),
)
ORDERS = (("", "By name"), (CompanyOrder.REVENUE.value, "By revenue"))


@dataclass(frozen=True, kw_only=True)
class WalkUrls:
    """Where a list goes back and on that nobody has counted; None at its ends."""

    previous: str | None
    next: str | None


@blueprint.get("/companies")
def index() -> ResponseReturnValue:
    """Show the companies."""
    session, wanted, now = reading(), _filter(), current_clock().now()
    page = queries.company_page(session, wanted, now)
    companies = queries.company_count(session)
    # Among very many people the totals are asked for by the page that is shown already.
    at_once = "totals" in request.args or not has_many_contacts(session)
    return render_template(
        "companies/index.html",
        page=page,
        links=page_links(page.place, _url_of_page) if page.place else None,
        walk=_walk_urls(page.walk) if page.walk else None,
        wanted=wanted,
        groups=GROUPS,
        orders=ORDERS,
        companies=companies,
        totals=queries.company_totals(session, now) if at_once else None,
        totals_url=url_for(".index", **_filters(), totals=1),
        none_at_all=not companies and wanted == CompanyFilter(),
    )


@blueprint.get("/companies/totals")
def totals() -> str:
    """Show what all companies add up to, for the list."""
    found = queries.company_totals(reading(), current_clock().now())
    return render_template("companies/_totals.html", totals=found)


@blueprint.get("/companies/<int:company_id>")
def show(company_id: int) -> ResponseReturnValue:
    """Show one Company with its people."""
    company = _company(company_id)
    names = {user.id: user.name for user in active_users(reading())}
    record = queries.company_record(reading(), company, current_clock().now())
    return render_template("companies/show.html", record=record, company=company, names=names)


@blueprint.get("/companies/new")
def new() -> ResponseReturnValue:
    """Show the form for a new Company."""
    return _form_page(_form(None), None)


@blueprint.post("/companies")
def create() -> ResponseReturnValue:
    """Add a Company."""
    form = _form(None)
    if not form.validate_on_submit():
        return _form_page(form, None), 422
    try:
        with unit_of_work(current_actor()) as work:
            company = commands.add_company(work, form.to_details(), source="by hand")
    except PortalError as fault:
        return _refused(form, None, fault)
    return redirect(url_for(".show", company_id=company.id), 303)


@blueprint.get("/companies/<int:company_id>/edit")
def edit(company_id: int) -> ResponseReturnValue:
    """Show the form of a Company."""
    company = _company(company_id)
    return _form_page(_form(company), company)


@blueprint.post("/companies/<int:company_id>/edit")
def update(company_id: int) -> ResponseReturnValue:
    """Change a Company."""
    company = _company(company_id)
    form = _form(company)
    if not form.validate_on_submit():
        return _form_page(form, company), 422
    try:
        with unit_of_work(current_actor()) as work:
            commands.edit_company(work, company_id, form.to_details())
    except PortalError as fault:
        return _refused(form, company, fault)
    return redirect(url_for(".show", company_id=company_id), 303)


@blueprint.post("/companies/<int:company_id>/removal")
def remove(company_id: int) -> ResponseReturnValue:
    """Take away a Company that nobody belongs to."""
    company = _company(company_id)
    try:
        with unit_of_work(current_actor()) as work:
            commands.remove_company(work, company_id)
    except commands.CompanyHasPeople as fault:
        flash(f"{company.name} stays: {fault}", "warning")
        return redirect(url_for(".show", company_id=company_id), 303)
    flash(f"{company.name} was removed.", "success")
    return redirect(url_for(".index"), 303)


@blueprint.get("/companies/suggestions")
def suggested() -> ResponseReturnValue:
    """Show the companies that people's addresses suggest."""
    # Among very many people they are looked for when the page is shown already.
    at_once = "whole" in request.args or not has_many_contacts(reading())
    return render_template(
        "companies/suggestions.html",
        suggestions=suggestions(reading()) if at_once else None,
        most=LOOKED_AT,
    )


@blueprint.post("/companies/suggestions")
def gather() -> ResponseReturnValue:
    """Make the chosen suggestions companies."""
    chosen = set(request.form.getlist("domains"))
    joined = made = 0
    for one in suggestions(reading()):
        if one.domain in chosen:
            name = " ".join(request.form.get(f"name-{one.domain}", "").split())[:200] or one.name
            with unit_of_work(current_actor()) as work:
                joined += commands.gather_company(work, one.domain, name, one.contact_ids)
            made += 1
    if not made:
        flash("Nothing was chosen.", "warning")
        return redirect(url_for(".suggested"), 303)
    flash(f"{joined} people belong to {made} companies now.", "success")
    return redirect(url_for(".index"), 303)


def _company(company_id: int) -> Company:
    return queries.company_by_id(reading(), company_id) or abort(404)


def _form(company: Company | None) -> CompanyForm:
    domains = list(queries.domains_of(reading(), company.id)) if company else []
    return CompanyForm(list(active_users(reading())), company, domains)


def _form_page(form: CompanyForm, company: Company | None) -> str:
    return render_template("companies/form.html", form=form, company=company)


def _refused(form: CompanyForm, company: Company | None, fault: PortalError) -> ResponseReturnValue:
    field = form.domains if isinstance(fault, commands.DomainTaken) else form.name
    field.errors = [str(fault)]
    return _form_page(form, company), 422


def _filter() -> CompanyFilter:
    groups = {group.value: group for group in CompanyGroup}
    orders = {order.value: order for order in CompanyOrder}
    return CompanyFilter(
        text=request.args.get("q", "").strip(),
        group=groups.get(request.args.get("group", ""), CompanyGroup.ALL),
        order=orders.get(request.args.get("order", ""), CompanyOrder.NAME),
        page=request.args.get("page", 1, type=int),
        start=request.args.get("start", 0, type=row_id),
        end=request.args.get("end", type=row_id),
    )


def _url_of_page(number: int) -> str:
    return url_for("companies.index", **_filters(), page=number)


def _walk_urls(walk: Walk) -> WalkUrls:
    return WalkUrls(
        previous=url_for("companies.index", **_filters(), end=walk.start) if walk.start else None,
        next=url_for("companies.index", **_filters(), start=walk.end) if walk.end else None,
    )


def _filters() -> dict[str, Any]:
    return {name: request.args.get(name) or None for name in ("q", "group", "order")}
