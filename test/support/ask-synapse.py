"""What Synapse itself makes of config files: a list of lists of paths on standard input, a list of answers, or of the
reason why Synapse would not start, on standard output."""

import contextlib
import json
import os
import sys
import tempfile

import jinja2
from synapse.util import check_dependencies

# What is not installed here would be on a server that uses it.
check_dependencies.check_requirements = lambda *_: None

from synapse.api.constants import RoomCreationPreset
from synapse.config._base import Config, find_config_files, read_config_files
from synapse.config.homeserver import HomeServerConfig

EMPTY = jinja2.Template("")
# They take most of the time, and say nothing of the settings.
Config.read_templates = lambda self, names, *_: [EMPTY] * len(names)

KEY = "ed25519 a_test 5dUe2jVeSUwMcHx04ZeKPBiWHZ53xPJt0YsbnHpjMQM"


def facts(paths, folder):
    said = read_config_files(find_config_files(paths))
    said.setdefault("media_store_path", folder)
    c = HomeServerConfig()
    c.parse_config_dict({"signing_key": KEY, **said}, config_dir_path=folder, data_dir_path=folder)
    presets = c.room.encryption_enabled_by_default_for_room_presets
    by_default = {0: "off", 2: "invite", 3: "all"}[len(presets & set(
        [RoomCreationPreset.PRIVATE_CHAT, RoomCreationPreset.TRUSTED_PRIVATE_CHAT, RoomCreationPreset.PUBLIC_CHAT]))]
    r, v, s = c.registration, c.voip, c.server
    domains = c.federation.federation_domain_whitelist
    return {
        "encryptionByDefault": by_default,
        "isRegistrationOpen": r.enable_registration,
        "isRegistrationVerified": r.enable_registration and bool(
            r.registration_requires_token or r.registrations_require_3pid or c.captcha.enable_registration_captcha),
        "areGuestsAllowed": bool(r.allow_guest_access),
        "retention": {
            "isEnabled": bool(c.retention.retention_enabled),
            "maxLifetimeMs": c.retention.retention_default_max_lifetime,
        },
        "mediaRetention": {
            "localLifetimeMs": c.media.media_retention_local_media_lifetime_ms,
            "remoteLifetimeMs": c.media.media_retention_remote_media_lifetime_ms,
        },
        "redactionRetentionMs": s.redaction_retention_period,
        "turn": {
            "hasSharedSecret": bool(v.turn_shared_secret),
            "hasStaticPassword": bool(v.turn_username) and bool(v.turn_password),
            "userLifetimeMs": v.turn_user_lifetime,
            "areGuestsAllowed": bool(v.turn_allow_guests),
        },
        "federationDomains": None if domains is None else list(domains),
        "isStatsReported": bool(c.metrics.report_stats),
        "isSentryOn": c.metrics.sentry_enabled,
        "isTracingOn": bool(c.tracing.opentracer_enabled),
        "presence": ("on" if s.track_presence else "untracked") if s.presence_enabled else "off",
        "isUrlPreviewOn": c.media.url_preview_enabled,
        "isMediaAuthenticated": bool(c.media.enable_authenticated_media),
        "deleteStaleDevicesAfterMs": s.delete_stale_devices_after,
        "isPublicRoomListOpen": bool(s.allow_public_rooms_without_auth),
        "isPublicRoomListFederated": bool(s.allow_public_rooms_over_federation),
        "areProfilesGuarded": bool(s.require_auth_for_profile_requests),
        "isEveryoneSearchable": bool(
            c.userdirectory.user_directory_search_enabled and c.userdirectory.user_directory_search_all_users),
        "areDeviceNamesFederated": bool(c.federation.allow_device_name_lookup_over_federation),
        "userIpsMaxAgeMs": s.user_ips_max_age,
        "pushHasContent": bool(c.push.enable_push and c.push.push_include_content),
        "emailHasContent": bool(c.email.email_enable_notifs),
        "messageRateLimit": {
            "perSecond": c.ratelimiting.rc_message.per_second,
            "burstCount": c.ratelimiting.rc_message.burst_count,
        },
        "listeners": [
            {
                "port": listener.port,
                "bindAddresses": list(listener.bind_addresses),
                "resources": [name for resource in listener.http_options.resources for name in resource.names]
                if listener.type == "http" else [listener.type],
                "isTls": bool(listener.tls),
            }
            for listener in s.listeners
            if hasattr(listener, "port")
        ],
    }


def answer(paths):
    with tempfile.TemporaryDirectory() as folder:
        try:
            return {"value": facts(paths, folder)}
        except (Exception, SystemExit) as error:
            return {"refused": f"{type(error).__name__}: {error}"[:300]}


questions = json.load(sys.stdin)
answers = sys.stdout
with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
    said = [answer(paths) for paths in questions]
json.dump(said, answers)
