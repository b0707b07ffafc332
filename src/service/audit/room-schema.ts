import * as z from "zod/mini";
import { fact, optional } from "./fact-schema.ts";

const creation = z.looseObject({
  sender: z.string(),
  sentMs: z.number(),
  version: z.string(),
  privilegedCreators: z.array(z.string()),
  isFederated: z.boolean(),
  type: z.nullable(z.string()),
  predecessor: z.nullable(z.string()),
});

/** What the event does not say, JSON does not say either. */
const anything = z._default(z.unknown(), undefined);

const encryption = z.looseObject({
  algorithm: anything,
  rotationPeriodMs: anything,
  rotationPeriodMsgs: anything,
  eventId: z.string(),
  sender: z.string(),
  sentMs: z.number(),
});

const powerLevels = z.looseObject({
  users: z.record(z.string(), z.number()),
  usersDefault: z.number(),
  events: z.record(z.string(), z.number()),
  eventsDefault: z.number(),
  stateDefault: z.number(),
  invite: z.number(),
  kick: z.number(),
  ban: z.number(),
  redact: z.number(),
  isSet: z.boolean(),
});

const widget = z.looseObject({
  stateKey: z.string(),
  type: z.nullable(z.string()),
  name: z.nullable(z.string()),
  url: z.nullable(z.string()),
  sender: z.string(),
});

const member = z.looseObject({
  userId: z.string(),
  membership: z.enum(["join", "invite", "knock"]),
  displayName: optional(z.string()),
  sinceMs: z.number(),
});

const state = z.looseObject({
  create: creation,
  encryption: z.nullable(encryption),
  historyVisibility: z.string(),
  guestAccess: z.string(),
  joinRule: z.looseObject({ rule: z.string(), allowedRooms: z.array(z.string()) }),
  powerLevels,
  name: z.nullable(z.string()),
  topic: z.nullable(z.string()),
  avatarUrl: z.nullable(z.string()),
  aliases: z.array(z.string()),
  tombstone: z.nullable(z.looseObject({ successor: z.nullable(z.string()), sender: z.string() })),
  retention: z.nullable(
    z.looseObject({ minLifetimeMs: optional(z.number()), maxLifetimeMs: optional(z.number()) }),
  ),
  serverAcl: z.nullable(z.looseObject({ allow: z.array(z.string()), deny: z.array(z.string()) })),
  widgets: z.array(widget),
  bridges: z.array(
    z.looseObject({ stateKey: z.string(), protocol: z.string(), bot: z.nullable(z.string()) }),
  ),
  members: z.array(member),
});

const envelope = z.looseObject({
  eventId: z.string(),
  type: z.string(),
  sender: z.string(),
  sentMs: z.number(),
  stateKey: optional(z.string()),
  sessionId: optional(z.string()),
  msgtype: optional(z.string()),
  media: optional(z.enum(["clear", "encrypted"])),
  relation: optional(z.string()),
  isRedacted: optional(z.literal(true)),
  isChange: optional(z.literal(true)),
  content: optional(z.record(z.string(), z.unknown())),
});

export const roomSchema = z.looseObject({
  roomId: z.string(),
  state: fact(state),
  timeline: fact(z.looseObject({ isWhole: z.boolean(), envelopes: z.array(envelope) })),
  isListed: fact(z.boolean()),
  clearMedia: fact(z.array(z.string())),
});
