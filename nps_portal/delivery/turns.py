"""Delivering what is due: one turn of the worker, and one email outside the queue."""

import threading
from dataclasses import replace

import structlog
from flask import Flask

from nps_portal.accounts.portal_settings import (
    PortalSettings,
    dkim_key_file,
    portal_settings,
    process_settings,
)
from nps_portal.delivery.dispatch import Dispatch, Turn
from nps_portal.delivery.fence import check_fence
from nps_portal.delivery.mail_server import (
    may_try,
    record_stopped,
    record_unreachable,
    record_working,
    relay_of,
)
from nps_portal.delivery.pace import Manners, pace_in_force
from nps_portal.delivery.press import Press
from nps_portal.delivery.rendering import House
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import WORKER, unit_of_work
from nps_portal.mail.dkim import BadKey, load_signer
from nps_portal.mail.mime import Envelope, Mail, Signs, build
from nps_portal.mail.outcomes import Outcome
from nps_portal.mail.parcels import Finished
from nps_portal.mail.smtp_client import TimeLimits
from nps_portal.outbox import claims
from nps_portal.outbox.claims import Claim
from nps_portal.outbox.models import RelayState, RelayStatus
from nps_portal.outbox.queries import something_is_due
from nps_portal.outbox.settling import record_outcomes
from nps_portal.outbox.transport import RelayUnavailable, open_relay

PROMPT = TimeLimits(connect_seconds=5, reply_seconds=5, after_dot_seconds=10)

log = structlog.get_logger(__name__)


def deliver_due_messages(app: Flask, stopping: threading.Event) -> int:
    """Deliver what is due over several connections side by side; return how many were tried."""
    with app.app_context():
        reading().rollback()
        # The first look of a process shows the owner a fence before anything is due.
        is_first = "nps_mail_manners" not in app.extensions
        manners = app.extensions.setdefault("nps_mail_manners", Manners())
        unsettled = app.extensions.setdefault("nps_mail_unsettled", [])
        _settle(unsettled)
        if not (is_first or something_is_due(reading(), current_clock().now())):
            return 0
        with unit_of_work(WORKER) as work:
            if not (check_fence(work) and may_try(work)):
                return 0
        try:
            turn = _turn(stopping)
            dispatch = Dispatch(turn, Press(_house()), manners, lambda: _is_in_force(turn))
        except PortalError as error:
            _note_trouble(error)
            return 0
        try:
            dispatch.run()
        finally:
            unsettled += dispatch.unsettled
            _note(dispatch)
        return dispatch.tried


def deliver_now(settings: PortalSettings, mail: Mail) -> Outcome:
    """Deliver one email outside the queue, such as a test; nothing of it is stored.

    Somebody waits for the outcome, so the mail server gets seconds and not minutes.

    :raises RelayUnavailable: the mail server cannot be reached.
    :raises RelayRefused: it refuses our certificate, password or sender.
    :raises BadKey: the DKIM key cannot be used.
    """
    envelope = Envelope(
        sender=mail.sender_email, recipient=mail.recipient_email, envelope_id="test"
    )
    relay = replace(relay_of(settings), limits=PROMPT)
    content = build(mail, signer_of(settings))
    with open_relay(relay) as connection:
        return connection.deliver(envelope, content, lambda: True)


def _settle(unsettled: list[Finished[Claim]]) -> None:
    """Write down what an earlier turn could not; it harms nobody to be written down late."""
    if not unsettled:
        return
    with unit_of_work(WORKER) as work:
        for owner in {one.ticket.owner for one in unsettled}:
            record_outcomes(work, [one for one in unsettled if one.ticket.owner == owner])
    unsettled.clear()


def _turn(stopping: threading.Event) -> Turn:
    """Return what a turn goes by at this moment."""
    settings, process = portal_settings(reading()), process_settings()
    return Turn(
        relay=relay_of(settings),
        connections=process.mail_connections,
        pace=pace_in_force(settings, process.mail_rate_per_minute, current_clock().now()),
        owner=claims.new_owner(),
        stopping=stopping,
    )


def _is_in_force(turn: Turn) -> bool:
    """Tell whether a turn that began now would go by the same."""
    reading().rollback()
    return replace(_turn(turn.stopping), owner=turn.owner) == turn


def _house() -> House:
    """Return what all emails share at this moment.

    :raises BadKey: there is a DKIM key, and it cannot be used.
    """
    settings = portal_settings(reading())
    return House(
        public_url=process_settings().public_url,
        bounce_domain=settings.bounce_domain,
        signer=signer_of(settings),
    )


def signer_of(settings: PortalSettings) -> Signs | None:
    """Return what signs our email: the owner's key, if there is one.

    :raises BadKey: there is one, and it cannot be used.
    """
    process = process_settings()
    key_file = dkim_key_file(process, settings)
    if not key_file.exists():
        if process.dkim_key_file is None:
            return None
        raise BadKey(f"The DKIM key, {key_file}, is not there.")
    return load_signer(
        domain=settings.dkim_domain, selector=settings.dkim_selector, key_file=key_file
    )


def _note(dispatch: Dispatch) -> None:
    """Write down how the mail server was."""
    if dispatch.trouble is not None:
        _note_trouble(dispatch.trouble)
    elif dispatch.has_worked:
        state = reading().get(RelayState, 1)
        if state is not None and state.status is RelayStatus.UNREACHABLE:
            with unit_of_work(WORKER) as work:
                record_working(work)


def _note_trouble(trouble: PortalError) -> None:
    with unit_of_work(WORKER) as work:
        if isinstance(trouble, RelayUnavailable):
            log.warning("mail server unreachable", reason=str(trouble))
            record_unreachable(work, str(trouble))
        else:
            log.error("sending stopped", reason=str(trouble))
            record_stopped(work, str(trouble))
