import * as z from "zod/mini";
import { fact, optional } from "./fact-schema.ts";

const who = z.enum(["signed", "verified", "all"]);
const count = z.number();

export const ownSchema = z.looseObject({
  userId: z.string(),
  deviceId: z.string(),
  identity: fact(
    z.looseObject({
      exists: z.boolean(),
      isDeviceSigned: z.boolean(),
      hasChanged: z.boolean(),
      arePrivateKeysHere: z.boolean(),
    }),
  ),
  backup: fact(
    z.nullable(z.looseObject({ version: z.string(), isTrusted: z.boolean(), isInUse: z.boolean() })),
  ),
  recoveryDrilledMs: fact(z.nullable(z.number())),
  settings: z.looseObject({
    shareWith: who,
    acceptFrom: who,
    rooms: z.record(
      z.string(),
      z.looseObject({
        shareWith: optional(z.string()),
        acceptFrom: optional(z.string()),
        acceptClear: optional(z.boolean()),
      }),
    ),
    rotation: z.looseObject({ maxPeriodMs: z.number(), maxMessages: z.number() }),
    signals: z.looseObject({ typing: z.boolean(), receipts: z.boolean(), reactions: z.boolean() }),
    requireSandbox: z.boolean(),
    logLevel: z.string(),
  }),
  withheld: z.array(
    z.looseObject({
      roomId: z.string(),
      userId: z.string(),
      deviceId: z.nullable(z.string()),
      code: z.string(),
      atMs: z.number(),
    }),
  ),
  held: z.array(z.looseObject({ roomId: z.string(), userId: z.string(), because: z.string() })),
  undecryptable: z.record(z.string(), count),
  deadLetters: count,
  uncertain: count,
});
