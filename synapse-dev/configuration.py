"""What a development Synapse is configured to do. Everything is as an operator would run it, except
for what is said here. The file is JSON, which is YAML too."""

import base64
import json
import os
import secrets

# High enough that nothing ever waits; the numbers are requests per second and how many at once.
UNLIMITED = {"per_second": 10000, "burst_count": 10000}

LIFTED_RATE_LIMITS = {
    "rc_message": UNLIMITED,
    "rc_registration": UNLIMITED,
    "rc_login": {"address": UNLIMITED, "account": UNLIMITED, "failed_attempts": UNLIMITED},
    "rc_admin_redaction": UNLIMITED,
    "rc_joins": {"local": UNLIMITED, "remote": UNLIMITED},
    "rc_joins_per_room": UNLIMITED,
    "rc_key_requests": UNLIMITED,
    "rc_invites": {"per_room": UNLIMITED, "per_user": UNLIMITED, "per_issuer": UNLIMITED},
    "rc_media_create": UNLIMITED,
    "rc_room_creation": UNLIMITED,
    "rc_delayed_event_mgmt": UNLIMITED,
    "rc_reports": UNLIMITED,
    "rc_user_directory": UNLIMITED,
    "max_pending_media_uploads": 10000,
}


def write_private(path, text):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def new_signing_key():
    """The server's own key, in Synapse's file format: algorithm, version, unpadded base64 of the seed."""
    seed = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    return f"ed25519 a_{secrets.token_hex(2)} {seed}\n"


def write_configuration(folder, *, server_name, port, shared_secret, lift_rate_limits, log_level):
    """Writes Synapse's files into the folder; keys that are there already are kept."""

    def inside(name):
        return os.path.join(folder, name)

    signing_key = inside("signing.key")
    if not os.path.exists(signing_key):
        write_private(signing_key, new_signing_key())

    # Synapse's own secret: a new one would end every session that an earlier start has given out.
    macaroon_key = inside("macaroon.key")
    if not os.path.exists(macaroon_key):
        write_private(macaroon_key, secrets.token_urlsafe(32))
    with open(macaroon_key) as file:
        macaroon_secret = file.read()

    log = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(request)s %(message)s"}},
        "handlers": {"file": {"class": "logging.FileHandler", "formatter": "line", "filename": inside("homeserver.log")}},
        "root": {"level": log_level, "handlers": ["file"]},
    }
    write_private(inside("log.yaml"), json.dumps(log, indent=2))

    configuration = {
        "server_name": server_name,
        "public_baseurl": f"http://127.0.0.1:{port}/",
        "listeners": [
            {
                "port": port,
                "bind_addresses": ["127.0.0.1"],
                "type": "http",
                "resources": [{"names": ["client"], "compress": False}],
            }
        ],
        "database": {"name": "sqlite3", "args": {"database": inside("homeserver.db")}},
        "media_store_path": inside("media"),
        "signing_key_path": signing_key,
        "macaroon_secret_key": macaroon_secret,
        "form_secret": macaroon_secret,
        "registration_shared_secret": shared_secret,
        "log_config": inside("log.yaml"),
        "encryption_enabled_by_default_for_room_type": "all",
        # It talks to no other server.
        "federation_domain_whitelist": [],
        "trusted_key_servers": [],
        "report_stats": False,
        # Cheap: hashing a test account's password is not what anybody wants to wait for.
        "bcrypt_rounds": 4,
        "presence": {"enabled": False},
        **(LIFTED_RATE_LIMITS if lift_rate_limits else {}),
    }
    write_private(inside("homeserver.yaml"), json.dumps(configuration, indent=2))
