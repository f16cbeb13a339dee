"""Settings, one matter a page; the first visit shows the same forms as steps."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts import commands
from nps_portal.accounts.forms import NameForm, PasswordChange, PasswordForm
from nps_portal.accounts.guards import current_actor, owners_only, visitor
from nps_portal.accounts.limits import count_password_try, forget_password_tries
from nps_portal.accounts.passwords import WrongCredentials
from nps_portal.accounts.portal_settings import (
    PortalSettings,
    change_settings,
    portal_settings,
    process_settings,
)
from nps_portal.accounts.set_up_steps import SetUpStep, set_up_steps
from nps_portal.accounts.settings_forms import BusinessForm, MailForm, PaceForm, StoredSettingsForm
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import unit_of_work

blueprint = Blueprint("settings", __name__)

SAVED = "Saved."


@dataclass(frozen=True, kw_only=True)
class Tab:
    """One page of the settings."""

    label: str
    url: str
    current: bool


@blueprint.get("/settings")
def index() -> ResponseReturnValue:
    """Go to the first page that the visitor may change."""
    first = "settings.business" if visitor().is_owner else "settings.account"
    return redirect(url_for(first), 303)


@blueprint.get("/settings/business")
@owners_only
def business() -> ResponseReturnValue:
    """Show the business's name, address and zone."""
    return _business_page(BusinessForm.of(_settings()))


@blueprint.post("/settings/business")
@owners_only
def save_business() -> ResponseReturnValue:
    """Store the business's name, address and zone."""
    form = BusinessForm.of(_settings())
    if not form.validate_on_submit():
        return _business_page(form), 422
    return _saved(form, "settings.business")


@blueprint.get("/settings/mail")
@owners_only
def mail() -> ResponseReturnValue:
    """Show the sender and the mail server."""
    return _mail_page(MailForm.of(_settings()), PaceForm.of(_settings()))


@blueprint.post("/settings/mail")
@owners_only
def save_mail() -> ResponseReturnValue:
    """Store the sender and the mail server."""
    form = MailForm.of(_settings())
    if not form.validate_on_submit():
        return _mail_page(form, PaceForm.of(_settings())), 422
    return _saved(form, "settings.mail")


@blueprint.post("/settings/mail/pace")
@owners_only
def save_pace() -> ResponseReturnValue:
    """Store how fast emails may leave."""
    form = PaceForm.of(_settings())
    if not form.validate_on_submit():
        return _mail_page(MailForm.of(_settings()), form), 422
    with unit_of_work(current_actor()) as work:
        today = work.now.astimezone(form.settings.zone).date()
        change_settings(work, form.to_pace(today))
    flash(SAVED, "success")
    return redirect(url_for("settings.mail"), 303)


@blueprint.get("/settings/account")
def account() -> ResponseReturnValue:
    """Show one's own name and the change of the password."""
    return _account_page(NameForm(name=visitor().name), PasswordForm())


@blueprint.post("/settings/account")
def save_name() -> ResponseReturnValue:
    """Change one's own name."""
    form = NameForm()
    if not form.validate_on_submit():
        return _account_page(form, PasswordForm(formdata=None)), 422
    with unit_of_work(current_actor()) as work:
        commands.rename(work, visitor().user.id, form.to_name())
    flash(SAVED, "success")
    return redirect(url_for("settings.account"), 303)


@blueprint.post("/settings/account/password")
def save_password() -> ResponseReturnValue:
    """Change one's own password; every other browser must sign in again."""
    form = PasswordForm()
    name_form = NameForm(formdata=None, name=visitor().name)
    if not form.validate_on_submit():
        return _account_page(name_form, form), 422
    count_password_try(visitor().email)
    try:
        _change_password(form.to_change())
    except WrongCredentials as error:
        form.present.errors = [str(error)]
        return _account_page(name_form, form), 422
    forget_password_tries(visitor().email)
    flash("Your password is changed. Other browsers must sign in again.", "success")
    return redirect(url_for("settings.account"), 303)


@blueprint.get("/set-up/business")
@owners_only
def set_up_business() -> ResponseReturnValue:
    """Show the second step of the first visit."""
    return _business_step(BusinessForm.of(_settings()))


@blueprint.post("/set-up/business")
@owners_only
def save_set_up_business() -> ResponseReturnValue:
    """Store the business and go on to the mail."""
    form = BusinessForm.of(_settings())
    if not form.validate_on_submit():
        return _business_step(form), 422
    _store(form)
    return redirect(url_for("settings.set_up_mail"), 303)


@blueprint.get("/set-up/mail")
@owners_only
def set_up_mail() -> ResponseReturnValue:
    """Show the third step of the first visit."""
    return _mail_step(MailForm.of(_settings()))


@blueprint.post("/set-up/mail")
@owners_only
def save_set_up_mail() -> ResponseReturnValue:
    """Store the mail's settings and stay, so that they can be tested."""
    form = MailForm.of(_settings())
    if not form.validate_on_submit():
        return _mail_step(form), 422
    return _saved(form, "settings.set_up_mail")


def settings_tabs() -> list[Tab]:
    """Return the pages of the settings that the visitor may open, in every room."""
    pages = (
        ("Business", "settings.business", True),
        ("Mail", "settings.mail", True),
        ("Properties", "contact_properties.index", True),
        ("Returned mail", "inbox.index", True),
        ("Check-up", "doctor.index", True),
        ("Privacy", "privacy.retention", True),
        ("Data", "exports.index", True),
        ("Account", "settings.account", False),
    )
    return [
        Tab(label=label, url=url_for(endpoint), current=request.path.startswith(url_for(endpoint)))
        for label, endpoint, is_for_owners in pages
        if visitor().is_owner or not is_for_owners
    ]


def _settings() -> PortalSettings:
    return portal_settings(reading())


def _store(form: StoredSettingsForm) -> None:
    with unit_of_work(current_actor()) as work:
        change_settings(work, form.to_settings())


def _saved(form: StoredSettingsForm, endpoint: str) -> ResponseReturnValue:
    _store(form)
    flash(SAVED, "success")
    return redirect(url_for(endpoint), 303)


def _change_password(change: PasswordChange) -> None:
    with unit_of_work(current_actor()) as work:
        commands.change_password(
            work,
            visitor().user.id,
            present=change.present,
            new=change.new,
            kept_session_id=visitor().session_id,
        )


def _business_page(form: BusinessForm) -> str:
    return render_template("accounts/business.html", form=form, tabs=settings_tabs())


def _mail_page(form: MailForm, pace: PaceForm) -> str:
    # Two forms on one page must not share the id of their hidden field.
    pace.csrf_token.id = "pace_csrf_token"
    return render_template(
        "accounts/mail.html",
        form=form,
        pace=pace,
        tabs=settings_tabs(),
        settings=_settings(),
        process=process_settings(),
    )


def _account_page(name_form: NameForm, password_form: PasswordForm) -> str:
    # Two forms on one page must not share the id of their hidden field.
    password_form.csrf_token.id = "password_csrf_token"
    return render_template(
        "accounts/account.html",
        name_form=name_form,
        password_form=password_form,
        tabs=settings_tabs(),
    )


def _business_step(form: BusinessForm) -> str:
    return render_template(
        "accounts/set_up_business.html", form=form, steps=set_up_steps(SetUpStep.BUSINESS)
    )


def _mail_step(form: MailForm) -> str:
    return render_template(
        "accounts/set_up_mail.html",
        form=form,
        steps=set_up_steps(SetUpStep.MAIL),
        settings=_settings(),
        process=process_settings(),
    )
