import * as z from "zod/mini";
import {
  ENFORCED_TYPES,
  ENFORCEMENT_SCHEMA_VERSION,
  STEP_RESULTS,
  UNDO_RESULTS,
} from "../model/enforcement.ts";

const about = <T extends z.ZodMiniType>(text: string, schema: T): T => schema.check(z.describe(text));
const schemaVersion = about(
  "Raised when a reader of the old form would misread the new one.",
  z.literal(ENFORCEMENT_SCHEMA_VERSION),
);
const count = z.int().check(z.minimum(0));
const content = z.nullable(z.record(z.string(), z.unknown()));
const someContent = z.record(z.string(), z.unknown());

const newRoom = z.strictObject({
  name: z.nullable(z.string()),
  topic: z.nullable(z.string()),
  minVersion: z.number(),
  isFederated: z.boolean(),
  encryption: content,
  historyVisibility: z.string(),
  joinRule: someContent,
  guestAccess: z.string(),
  powerLevels: someContent,
  invite: z.array(z.string()),
  predecessor: z.nullable(z.strictObject({ roomId: z.string(), eventId: z.nullable(z.string()) })),
  marker: about("By which it is found again if the answer is lost.", z.optional(z.string())),
});

const request = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("state"),
    type: z.enum(ENFORCED_TYPES),
    before: about("null: there is no such event.", content),
    after: content,
  }),
  z.strictObject({ kind: z.literal("unlist") }),
  z.strictObject({
    kind: z.literal("redact"),
    eventId: z.string(),
    sender: z.string(),
    purges: about("Its media go too.", z.boolean()),
  }),
  z.strictObject({
    kind: z.literal("warn"),
    users: z.array(
      z.strictObject({
        userId: z.string(),
        round: about("Which notice it is, from 1.", count),
        devices: about("Unsigned; none: the user has no identity.", z.array(z.string())),
      }),
    ),
    graceMs: z.number(),
  }),
  z.strictObject({
    kind: z.literal("kick"),
    userId: z.string(),
    warnedMs: z.number(),
    lacks: about("What the policy wants of them and was not there.", z.enum(["identity", "signatures"])),
  }),
  z.strictObject({ kind: z.literal("replace"), room: newRoom }),
]);

const step = z.strictObject({
  id: about("The same for the same request to the same room.", z.string().check(z.regex(/^[0-9a-f]{12}$/))),
  roomId: z.string(),
  what: about("One sentence. It can hold words of strangers.", z.string()),
  reversible: about("`sotto enforce undo` can take it back.", z.boolean()),
  request,
  needs: about("The power level that it takes.", z.number()),
  has: about("Our account's power level.", z.union([z.number(), z.literal("creator")])),
  blocked: about("Why our account may not do it, and who could.", z.optional(z.string())),
});

const plan = about(
  "enforce plan",
  z.strictObject({
    schemaVersion,
    madeMs: about("Milliseconds since the epoch.", z.number()),
    by: about("Whose account planned it.", z.string()),
    rooms: about(
      "Those with steps or notes.",
      z.array(
        z.strictObject({
          roomId: z.string(),
          steps: about("In the order in which they are done.", z.array(step)),
          notes: about("What no step changes, or a person should know.", z.array(z.string())),
          isUnread: about("Whether it is to policy nobody knows.", z.optional(z.literal(true))),
        }),
      ),
    ),
    cleared: about(
      "Who was warned, and is signed by now or gone.",
      z.array(z.strictObject({ roomId: z.string(), userId: z.string() })),
    ),
  }),
);

const outcome = z.strictObject({
  step,
  result: about(
    "was-done: it stood there already. unconfirmed: it cannot be undone, and nobody gave --confirm. stale: the room is not as planned any more.",
    z.enum(STEP_RESULTS),
  ),
  message: about("Why not, or what stays.", z.optional(z.string())),
});

const undone = z.strictObject({
  step,
  result: about("left: it cannot be undone, or somebody has changed the room since.", z.enum(UNDO_RESULTS)),
  message: z.optional(z.string()),
});

/** What the commands under `sotto enforce` print with `--json`; `docs/enforce.schema.json` is made of it. */
export const enforcementDocument = z.union([
  plan,
  about("enforce apply", z.strictObject({ schemaVersion, outcomes: z.array(outcome), plan })),
  about("enforce undo: the newest first.", z.strictObject({ schemaVersion, undone: z.array(undone) })),
  about(
    "enforce create",
    z.strictObject({
      schemaVersion,
      roomId: z.string(),
      refused: about("Whom the homeserver did not let us invite.", z.array(z.string())),
    }),
  ),
]);
