"""Whether the portal lives, and whether it can serve: for operators and their machines."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from nps_portal.foundation import heartbeats
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.schema import schema_is_current

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """Say that this process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """Say whether database, schema and worker are there; 503 while one is missing."""
    try:
        checks = {
            "database": True,
            "schema": schema_is_current(),
            "worker": heartbeats.is_alive(reading(), heartbeats.WORKER_NAME, current_clock().now()),
        }
    except SQLAlchemyError:
        checks = {"database": False, "schema": False, "worker": False}
    good = all(checks.values())
    return jsonify(status="ok" if good else "not ready", **checks), 200 if good else 503
