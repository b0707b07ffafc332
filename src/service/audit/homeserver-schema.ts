import * as z from "zod/mini";
import { fact } from "./fact-schema.ts";

const lifetimeMs = z.nullable(z.number());

const config = z.looseObject({
  encryptionByDefault: z.enum(["off", "invite", "all"]),
  isRegistrationOpen: z.boolean(),
  isRegistrationVerified: z.boolean(),
  areGuestsAllowed: z.boolean(),
  retention: z.looseObject({ isEnabled: z.boolean(), maxLifetimeMs: lifetimeMs }),
  mediaRetention: z.looseObject({ localLifetimeMs: lifetimeMs, remoteLifetimeMs: lifetimeMs }),
  redactionRetentionMs: lifetimeMs,
  turn: z.looseObject({
    hasSharedSecret: z.boolean(),
    hasStaticPassword: z.boolean(),
    userLifetimeMs: z.number(),
    areGuestsAllowed: z.boolean(),
  }),
  federationDomains: z.nullable(z.array(z.string())),
  isStatsReported: z.boolean(),
  isSentryOn: z.boolean(),
  isTracingOn: z.boolean(),
  presence: z.enum(["on", "off", "untracked"]),
  isUrlPreviewOn: z.boolean(),
  isMediaAuthenticated: z.boolean(),
  deleteStaleDevicesAfterMs: lifetimeMs,
  isPublicRoomListOpen: z.boolean(),
  isPublicRoomListFederated: z.boolean(),
  areProfilesGuarded: z.boolean(),
  isEveryoneSearchable: z.boolean(),
  areDeviceNamesFederated: z.boolean(),
  userIpsMaxAgeMs: lifetimeMs,
  pushHasContent: z.boolean(),
  emailHasContent: z.boolean(),
  messageRateLimit: z.looseObject({ perSecond: z.number(), burstCount: z.number() }),
  listeners: z.array(
    z.looseObject({
      port: z.number(),
      bindAddresses: z.array(z.string()),
      resources: z.array(z.string()),
      isTls: z.boolean(),
    }),
  ),
});

const logging = z.looseObject({
  rootLevel: z.string(),
  loggers: z.record(z.string(), z.string()),
  formats: z.array(z.string()),
  handlerLevel: z.string(),
});

export const homeserverSchema = z.looseObject({
  baseUrl: z.string(),
  serverName: z.string(),
  publicUrl: fact(z.string()),
  software: fact(z.looseObject({ name: z.string(), version: z.string() })),
  outside: z.looseObject({
    registrationFlows: fact(z.nullable(z.array(z.array(z.string())))),
    isAdminApiExposed: fact(z.boolean()),
    areProfilesPublic: fact(z.boolean()),
    isDirectoryPublic: fact(z.boolean()),
    isFederating: fact(z.boolean()),
  }),
  turn: fact(
    z.nullable(z.looseObject({ ttlSec: z.number(), uris: z.array(z.string()), isTimeLimited: z.boolean() })),
  ),
  uploadLimit: fact(z.nullable(z.number())),
  messageRateLimit: fact(
    z.nullable(z.looseObject({ messagesPerSecond: z.number(), burstCount: z.number() })),
  ),
  config: fact(config),
  logging: fact(logging),
});
