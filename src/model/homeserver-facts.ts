import type { Fact } from "./facts.ts";

export interface HomeserverFacts {
  baseUrl: string;
  /** The part of user IDs behind the colon. */
  serverName: string;
  /** Where clients elsewhere reach it: `baseUrl`, or what its `/.well-known/matrix/client` says if only this machine or its network knows that. */
  publicUrl: Fact<string>;
  /** What the server calls itself: https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1version */
  software: Fact<{ name: string; version: string }>;
  /** What anybody can see at `publicUrl`, without an account. */
  outside: OutsideFacts;
  /** What `/voip/turnServer` gave; null: there is none. The password is not kept. */
  turn: Fact<{ ttlSec: number; uris: string[]; isTimeLimited: boolean } | null>;
  /** `m.upload.size`, in bytes; null: no limit is said. */
  uploadLimit: Fact<number | null>;
  /** The admin API's, for our own account; null: the defaults hold. */
  messageRateLimit: Fact<{ messagesPerSecond: number; burstCount: number } | null>;
  /** Unread unless a file was given. */
  config: Fact<HomeserverConfig>;
  /** Python's logging configuration; unread unless a file was given. */
  logging: Fact<LoggingConfig>;
}

export interface OutsideFacts {
  /** The stages of each registration flow; null: registration is closed. */
  registrationFlows: Fact<string[][] | null>;
  /** The admin API answers on the URL that clients use. */
  isAdminApiExposed: Fact<boolean>;
  /** A profile can be read without an access token. */
  areProfilesPublic: Fact<boolean>;
  /** The list of public rooms can be read without an access token. */
  isDirectoryPublic: Fact<boolean>;
  /** The homeserver answers on the federation API. */
  isFederating: Fact<boolean>;
}

/** `homeserver.yaml`, its secrets left out, defaults of Synapse filled in. Lifetimes in milliseconds. */
export interface HomeserverConfig {
  encryptionByDefault: "off" | "invite" | "all";
  isRegistrationOpen: boolean;
  /** Registering takes a token, an address or a captcha. */
  isRegistrationVerified: boolean;
  areGuestsAllowed: boolean;
  retention: { isEnabled: boolean; maxLifetimeMs: number | null };
  mediaRetention: { localLifetimeMs: number | null; remoteLifetimeMs: number | null };
  redactionRetentionMs: number | null;
  turn: {
    hasSharedSecret: boolean;
    hasStaticPassword: boolean;
    userLifetimeMs: number;
    areGuestsAllowed: boolean;
  };
  /** Null: every server may federate. */
  federationDomains: string[] | null;
  isStatsReported: boolean;
  isSentryOn: boolean;
  isTracingOn: boolean;
  presence: "on" | "off" | "untracked";
  isUrlPreviewOn: boolean;
  isMediaAuthenticated: boolean;
  deleteStaleDevicesAfterMs: number | null;
  isPublicRoomListOpen: boolean;
  isPublicRoomListFederated: boolean;
  areProfilesGuarded: boolean;
  /** The user directory is searched for everyone, and not only for those in shared or public rooms. */
  isEveryoneSearchable: boolean;
  /** Other homeservers are told the names of devices. */
  areDeviceNamesFederated: boolean;
  /** How long is known who came from which IP address; null: for ever. */
  userIpsMaxAgeMs: number | null;
  pushHasContent: boolean;
  emailHasContent: boolean;
  messageRateLimit: { perSecond: number; burstCount: number };
  /** Each that has a port: what it serves (`client`, `federation`, `metrics`, `manhole` …), and whether TLS is its own. */
  listeners: { port: number; bindAddresses: string[]; resources: string[]; isTls: boolean }[];
}

export interface LoggingConfig {
  /** The root logger's level; Python's default is WARNING. */
  rootLevel: string;
  /** Loggers with a level of their own. */
  loggers: Record<string, string>;
  /** Format strings in use. */
  formats: string[];
  /** The lowest level that a handler writes down; `NOTSET`: all. */
  handlerLevel: string;
}
