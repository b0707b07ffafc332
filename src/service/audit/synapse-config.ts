import type { HomeserverConfig } from "../../model/homeserver-facts.ts";
import {
  at,
  durationAt,
  isTrue,
  NotUnderstood,
  numberAt,
  type Section,
  sectionAt,
  textOf,
} from "./python-yaml.ts";
import { listenersOf } from "./synapse-listeners.ts";

/**
 * What a `homeserver.yaml` makes Synapse do, with Synapse's own defaults, as its `synapse/config/*.py` has them in
 * version 1.163. Secrets are looked for, and not kept.
 * https://element-hq.github.io/synapse/latest/usage/configuration/config_documentation.html
 *
 * @throws NotUnderstood for what Synapse would not start with either
 */
export function synapseConfig(config: Section): HomeserverConfig {
  const retention = sectionAt(config, "retention");
  const media = sectionAt(config, "media_retention");
  const directory = sectionAt(config, "user_directory");
  const areRoomsLocal = isTrue(at(config, "restrict_public_rooms_to_local_users"));
  return {
    encryptionByDefault: encryptionByDefault(config),
    ...registration(config),
    areGuestsAllowed: isTrue(at(config, "allow_guest_access")),
    retention: {
      isEnabled: isTrue(at(retention, "enabled")),
      maxLifetimeMs: durationAt(sectionAt(retention, "default_policy"), "max_lifetime"),
    },
    mediaRetention: {
      localLifetimeMs: durationAt(media, "local_media_lifetime"),
      remoteLifetimeMs: durationAt(media, "remote_media_lifetime"),
    },
    redactionRetentionMs: durationAt(config, "redaction_retention_period", "7d"),
    turn: {
      hasSharedSecret:
        isTrue(at(config, "turn_shared_secret")) || isTrue(at(config, "turn_shared_secret_path")),
      hasStaticPassword: isTrue(at(config, "turn_username")) && isTrue(at(config, "turn_password")),
      userLifetimeMs: durationAt(config, "turn_user_lifetime", "1h") ?? 0,
      areGuestsAllowed: isTrue(at(config, "turn_allow_guests", true)),
    },
    federationDomains: federationDomains(config),
    isStatsReported: isTrue(at(config, "report_stats")),
    isSentryOn: Object.hasOwn(config, "sentry"),
    isTracingOn: isTrue(at(sectionAt(config, "opentracing"), "enabled")),
    presence: presence(config),
    isUrlPreviewOn: isTrue(at(config, "url_preview_enabled")),
    isMediaAuthenticated: isTrue(at(config, "enable_authenticated_media", true)),
    deleteStaleDevicesAfterMs: isTrue(at(config, "delete_stale_devices_after"))
      ? durationAt(config, "delete_stale_devices_after")
      : null,
    isPublicRoomListOpen: !areRoomsLocal && isTrue(at(config, "allow_public_rooms_without_auth")),
    isPublicRoomListFederated: !areRoomsLocal && isTrue(at(config, "allow_public_rooms_over_federation")),
    areProfilesGuarded: isTrue(at(config, "require_auth_for_profile_requests")),
    isEveryoneSearchable: isTrue(at(directory, "enabled", true)) && isTrue(at(directory, "search_all_users")),
    areDeviceNamesFederated: isTrue(at(config, "allow_device_name_lookup_over_federation")),
    userIpsMaxAgeMs: durationAt(config, "user_ips_max_age", "28d"),
    ...pushed(config),
    messageRateLimit: messageRateLimit(config),
    listeners: listenersOf(config),
  };
}

function encryptionByDefault(config: Section): HomeserverConfig["encryptionByDefault"] {
  const said = at(config, "encryption_enabled_by_default_for_room_type", "off");
  if (said === "all" || said === "invite" || said === "off") return said;
  if (said === false) return "off"; // as YAML 1.1 reads it without quotes
  throw new NotUnderstood("encryption_enabled_by_default_for_room_type is neither all, invite nor off");
}

const YES = new Set(["y", "yes", "t", "true", "on", "1"]);
const NO = new Set(["n", "no", "f", "false", "off", "0"]);

/** The two settings of which Synapse takes the text, not the truth. */
function flagAt(config: Section, key: string): boolean {
  const text = textOf(at(config, key, false), key).toLowerCase();
  if (YES.has(text)) return true;
  if (NO.has(text)) return false;
  throw new NotUnderstood(`${key} is neither true nor false`);
}

function registration(config: Section) {
  const isOpen = Object.hasOwn(config, "disable_registration")
    ? !flagAt(config, "disable_registration")
    : flagAt(config, "enable_registration");
  return {
    isRegistrationOpen: isOpen,
    isRegistrationVerified:
      isOpen &&
      (isTrue(at(config, "registration_requires_token")) ||
        isTrue(at(config, "registrations_require_3pid")) ||
        isTrue(at(config, "enable_registration_captcha"))),
  };
}

function federationDomains(config: Section): string[] | null {
  const said = at(config, "federation_domain_whitelist");
  if (said === null) return null;
  // a map does as well: Synapse walks over its keys
  const domains = Array.isArray(said) ? said : Object.keys(sectionAt(config, "federation_domain_whitelist"));
  return domains.map((domain) => textOf(domain, "federation_domain_whitelist"));
}

function presence(config: Section): HomeserverConfig["presence"] {
  const said = at(sectionAt(config, "presence"), "enabled") ?? at(config, "use_presence", true);
  if (!isTrue(said)) return "off";
  return said === "untracked" ? "untracked" : "on";
}

function pushed(config: Section) {
  const push = sectionAt(config, "push");
  const email = sectionAt(config, "email");
  const isRedacted = at(email, "redact_content");
  const includesContent =
    isRedacted === null ? isTrue(at(push, "include_content", true)) : !isTrue(isRedacted);
  return {
    pushHasContent: isTrue(at(push, "enabled", true)) && includesContent,
    emailHasContent: isTrue(at(email, "enable_notifs")),
  };
}

function messageRateLimit(config: Section): HomeserverConfig["messageRateLimit"] {
  if (!Object.hasOwn(config, "rc_message"))
    return {
      perSecond: numberAt(config, "rc_messages_per_second", 0.2),
      burstCount: numberAt(config, "rc_message_burst_count", 10),
    };
  const limit = sectionAt(config, "rc_message");
  return {
    perSecond: numberAt(limit, "per_second", 0.2),
    burstCount: Math.trunc(numberAt(limit, "burst_count", 10)),
  };
}
