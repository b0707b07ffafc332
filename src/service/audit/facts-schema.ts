import * as z from "zod/mini";
import type { Facts } from "../../model/facts.ts";
import { fact, optional } from "./fact-schema.ts";
import { homeserverSchema } from "./homeserver-schema.ts";
import { ownSchema } from "./own-schema.ts";
import { roomSchema } from "./room-schema.ts";

const identity = z.looseObject({
  masterKey: z.string(),
  isConsistent: z.boolean(),
  isVerifiedByUs: fact(z.boolean()),
  change: fact(z.enum(["none", "changed", "changed-after-verification"])),
});

const device = z.looseObject({
  deviceId: z.string(),
  displayName: optional(z.string()),
  keys: optional(z.looseObject({ ed25519: z.string(), curve25519: z.string() })),
  isSelfSigned: z.boolean(),
  isCrossSigned: z.boolean(),
  isDehydrated: z.boolean(),
  lastSeenMs: optional(z.number()),
});

const account = z.looseObject({
  isDeactivated: z.boolean(),
  isAdmin: z.boolean(),
  userType: z.nullable(z.string()),
  appservice: z.nullable(z.string()),
  createdMs: z.number(),
});

const user = z.looseObject({
  userId: z.string(),
  rooms: z.array(z.string()),
  identity: fact(z.nullable(identity)),
  lost: optional(z.enum(["known", "verified"])),
  devices: fact(z.array(device)),
  account: fact(account),
});

/**
 * Facts as they were saved. Nothing may be missing: what a rule does not find it would take for something that is not
 * there, and pass.
 */
export const factsSchema: z.ZodMiniType<Facts> = z.looseObject({
  schemaVersion: z.literal(1),
  collectedMs: z.number(),
  by: z.string(),
  scope: z.enum(["member", "admin"]),
  isPseudonymous: optional(z.literal(true)),
  homeserver: homeserverSchema,
  own: fact(ownSchema),
  rooms: z.array(roomSchema),
  users: z.array(user),
});
