"""NPS Portal: ask customers by email how likely they are to recommend a business."""

from datetime import timedelta

from flask import Flask
from flask_compress import Compress
from flask_mail import Mail
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from nps_portal import doors
from nps_portal.accounts.guards import install_sign_in
from nps_portal.accounts.limits import limiter
from nps_portal.config import WEB_THREADS, Settings, load_settings
from nps_portal.foundation.clock import Clock, SystemClock, install_clock
from nps_portal.foundation.database import engine_options, install_database
from nps_portal.foundation.row_ids import install_row_ids
from nps_portal.foundation.schema import install_migrations
from nps_portal.foundation.sessions import SparingSessions
from nps_portal.foundation.static_files import install_static_files
from nps_portal.foundation.templating import register_templating
from nps_portal.logs import configure_logs

LARGEST_REQUEST_BYTES = 34_000_000
MOST_FORM_PARTS = 2_000
STATIC_SECONDS = 30 * 24 * 3600


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> Flask:
    """Make the application: settings, extensions, rooms behind their doors, commands.

    :raises BadSettings: a setting cannot be used.
    """
    settings = settings or load_settings()
    configure_logs(settings.log_format)
    app = Flask(__name__, instance_path=str(settings.instance_dir))
    app.extensions["nps_settings"] = settings
    app.config.from_mapping(_flask_config(settings))
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask documents this assignment
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )
    install_clock(app, clock or SystemClock())
    app.session_interface = SparingSessions()
    install_database(app)
    install_migrations(app)
    Mail(app)
    CSRFProtect(app)
    Compress(app)
    limiter.init_app(app)
    install_sign_in(app)
    register_templating(app)
    install_static_files(app)
    install_row_ids(app)
    doors.open_doors(app)
    return app


def _flask_config(settings: Settings) -> dict[str, object]:
    secure = settings.public_url.startswith("https://")
    bind_host = settings.bind.rpartition(":")[0].strip("[]")
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(
            settings.database_url,
            # The worker's duties, at most one thread each, stay far below the web's threads.
            threads=WEB_THREADS + settings.mail_connections,
        ),
        # A forged Host header would otherwise end up in links.
        "TRUSTED_HOSTS": sorted({settings.public_host, bind_host, "localhost", "127.0.0.1"}),
        "SESSION_COOKIE_NAME": "__Host-nps" if secure else "nps",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(days=30),
        # A cookie is sent when it changes, never along with a page: a customer gets none at all.
        "SESSION_REFRESH_EACH_REQUEST": False,
        "MAX_CONTENT_LENGTH": LARGEST_REQUEST_BYTES,
        "MAX_FORM_MEMORY_SIZE": 1_000_000,
        "MAX_FORM_PARTS": MOST_FORM_PARTS,
        "SEND_FILE_MAX_AGE_DEFAULT": STATIC_SECONDS,
        "WTF_CSRF_TIME_LIMIT": None,
        "COMPRESS_MIMETYPES": [
            "text/html",
            "text/css",
            "text/javascript",
            "application/javascript",
            "image/svg+xml",
        ],
        "RATELIMIT_STORAGE_URI": "memory://",
    }


__all__ = ["create_app"]
