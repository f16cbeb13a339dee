"""The settings of what comes back: the inbox, the bounce domain, the providers' hooks."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, owners_only
from nps_portal.accounts.limits import TEST_MAILS_PER_CLIENT, limiter
from nps_portal.accounts.portal_settings import (
    PortalSettings,
    change_settings,
    forget_setting,
    portal_settings,
    process_settings,
)
from nps_portal.accounts.settings_forms import StoredSettingsForm
from nps_portal.accounts.settings_views import SAVED, settings_tabs
from nps_portal.foundation.database import reading
from nps_portal.foundation.tokens import Purpose, make_token
from nps_portal.foundation.work import unit_of_work
from nps_portal.inbox.commands import note_trouble
from nps_portal.inbox.forms import InboxForm, KeysForm
from nps_portal.inbox.places import InboxTrouble
from nps_portal.inbox.providers import PROVIDERS
from nps_portal.inbox.queries import inbox_state, unmatched_reports
from nps_portal.inbox.reading import try_inbox
from nps_portal.messages.fates import report_words, teller_words

blueprint = Blueprint("inbox", __name__)


@dataclass(frozen=True, kw_only=True)
class Hook:
    """What an owner enters at a provider."""

    label: str
    url: str


@blueprint.get("/settings/returned-mail")
@owners_only
def index() -> ResponseReturnValue:
    """Show where returned emails arrive, how reading them goes, and the providers' hooks."""
    return _page(InboxForm.of(_settings()), KeysForm.of(_settings()))


@blueprint.post("/settings/returned-mail")
@owners_only
def save() -> ResponseReturnValue:
    """Store the bounce domain and the inbox; a new inbox is read without waiting."""
    form = InboxForm.of(_settings())
    if not form.validate_on_submit():
        return _page(form, KeysForm.of(_settings())), 422
    return _saved(form)


@blueprint.post("/settings/returned-mail/keys")
@owners_only
def save_keys() -> ResponseReturnValue:
    """Store the keys with which providers sign."""
    form = KeysForm.of(_settings())
    if not form.validate_on_submit():
        return _page(InboxForm.of(_settings()), form), 422
    return _saved(form)


@blueprint.post("/settings/returned-mail/trial")
@owners_only
@limiter.limit(TEST_MAILS_PER_CLIENT)
def try_now() -> ResponseReturnValue:
    """Look into the inbox; when it can be read, the worker goes on at once."""
    url = _settings().inbox_url
    reading().rollback()
    try:
        words, trouble = try_inbox(url), ""
    except InboxTrouble as error:
        words = trouble = str(error)
    with unit_of_work(current_actor()) as work:
        note_trouble(work, trouble)
    flash(words, "error" if trouble else "success")
    return redirect(url_for(".index"), 303)


@blueprint.post("/settings/returned-mail/end")
@owners_only
def stop_reading() -> ResponseReturnValue:
    """Forget the stored inbox, with its password."""
    with unit_of_work(current_actor()) as work:
        forget_setting(work, "inbox_url")
        note_trouble(work, "")
    flash("The inbox is forgotten, and not read any more.", "success")
    return redirect(url_for(".index"), 303)


def _settings() -> PortalSettings:
    return portal_settings(reading())


def _saved(form: StoredSettingsForm) -> ResponseReturnValue:
    with unit_of_work(current_actor()) as work:
        change_settings(work, form.to_settings())
        note_trouble(work, "")
    flash(SAVED, "success")
    return redirect(url_for(".index"), 303)


def _page(form: InboxForm, keys: KeysForm) -> str:
    settings = _settings()
    return render_template(
        "inbox/index.html",
        form=form,
        keys=keys,
        settings=settings,
        process=process_settings(),
        state=inbox_state(reading(), settings.inbox_url),
        hooks=[_hook(name) for name in PROVIDERS],
        reports=unmatched_reports(reading()),
        report_words=report_words,
        teller_words=teller_words,
        tabs=settings_tabs(),
    )


def _hook(name: str) -> Hook:
    path = url_for("hooks.receive", name=name, key=make_token(Purpose.HOOK, name))
    return Hook(label=PROVIDERS[name].label, url=process_settings().public_url + path)
