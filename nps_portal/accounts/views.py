"""The doors of the house itself: sign in, sign out, and the first visit."""

import flask_login
import structlog
from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts import commands
from nps_portal.accounts.forms import OwnerForm, SignInForm
from nps_portal.accounts.guards import Visitor, current_actor, visitor
from nps_portal.accounts.limits import (
    SET_UPS_PER_CLIENT,
    SIGN_INS_PER_CLIENT,
    client_address,
    count_password_try,
    forget_password_tries,
    limiter,
)
from nps_portal.accounts.passwords import WrongCredentials, recognise
from nps_portal.accounts.queries import has_users, live_session
from nps_portal.accounts.return_address import local_path
from nps_portal.accounts.set_up_steps import SetUpStep, set_up_steps
from nps_portal.accounts.setup_code import setup_code_is_needed
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import Actor, ActorKind, unit_of_work

blueprint = Blueprint("accounts", __name__)

# Nobody is signed in yet, so the one who acts has no number.
NEWCOMER = Actor(kind=ActorKind.USER)

log = structlog.get_logger(__name__)


@blueprint.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Show the form, unless there is nobody yet or the visitor is signed in."""
    if flask_login.current_user.is_authenticated:
        return redirect(_next_address(), 303)
    if not has_users(reading()):
        return redirect(url_for("accounts.set_up"), 303)
    return render_template("accounts/sign_in.html", form=SignInForm())


@blueprint.post("/sign-in")
@limiter.limit(SIGN_INS_PER_CLIENT)
def begin_session() -> ResponseReturnValue:
    """Sign in with a fresh session; a wrong address and a wrong password look alike."""
    form = SignInForm()
    if not form.validate_on_submit():
        return render_template("accounts/sign_in.html", form=form), 422
    given = form.to_credentials()
    count_password_try(given.email)
    try:
        user = recognise(reading(), email=given.email, password=given.password)
    except WrongCredentials as error:
        log.warning("sign-in refused", client=client_address())
        form.form_errors.append(str(error))
        return render_template("accounts/sign_in.html", form=form), 422
    forget_password_tries(given.email)
    with unit_of_work(Actor(kind=ActorKind.USER, id=user.id)) as work:
        token = commands.begin_session(work, user.id)
    _welcome(token)
    return redirect(_next_address(), 303)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session here and at the server."""
    if flask_login.current_user.is_authenticated:
        with unit_of_work(current_actor()) as work:
            commands.sign_out(work, visitor().token)
        flask_login.logout_user()
    session.clear()
    return redirect(url_for("accounts.sign_in"), 303)


@blueprint.get("/set-up")
def set_up() -> ResponseReturnValue:
    """Show the first step of the first visit; there is only one first visit."""
    if has_users(reading()):
        return redirect(url_for("accounts.sign_in"), 303)
    return _set_up_page(_owner_form())


@blueprint.post("/set-up")
@limiter.limit(SET_UPS_PER_CLIENT)
def make_owner() -> ResponseReturnValue:
    """Make the owner and sign them in."""
    if has_users(reading()):
        return redirect(url_for("accounts.sign_in"), 303)
    form = _owner_form()
    if not form.validate_on_submit():
        return _set_up_page(form), 422
    owner = form.to_owner()
    try:
        with unit_of_work(NEWCOMER) as work:
            user = commands.create_first_owner(
                work, email=owner.email, name=owner.name, password=owner.password
            )
            token = commands.begin_session(work, user.id)
    except commands.AlreadySetUp as error:
        flash(str(error), "error")
        return redirect(url_for("accounts.sign_in"), 303)
    _welcome(token)
    return redirect(url_for("settings.set_up_business"), 303)


def _welcome(token: str) -> None:
    """Begin the browser's session anew, so that nothing of the one before goes on."""
    row = live_session(reading(), token, current_clock().now())
    session.clear()
    if row is not None:
        session.permanent = True
        flask_login.login_user(Visitor(row, token))


def _next_address() -> str:
    return local_path(request.args.get("next")) or url_for("overview.index")


def _owner_form() -> OwnerForm:
    form = OwnerForm()
    if not setup_code_is_needed():
        del form.code
    return form


def _set_up_page(form: OwnerForm) -> str:
    return render_template("accounts/set_up.html", form=form, steps=set_up_steps(SetUpStep.OWNER))
