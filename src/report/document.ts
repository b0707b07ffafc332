import * as z from "zod/mini";
import { AREAS, RESULTS, SEVERITIES } from "../model/finding.ts";
import { GRADES } from "../model/report.ts";
import { SCHEMA_VERSION } from "./json.ts";

const about = <T extends z.ZodMiniType>(text: string, schema: T): T => schema.check(z.describe(text));
const count = z.int().check(z.minimum(0));
const ruleId = about(
  "Never given twice, not even when a rule has gone.",
  z.string().check(z.regex(new RegExp(`^SOTTO-(?:${AREAS.join("|")})-\\d+$`))),
);
const severity = z.enum(SEVERITIES);
const result = about(
  "fail: the policy is broken. warn: it holds, and there is something to look at. not-checked: it could not be read, and is never a pass. error: the rule itself failed.",
  z.enum(RESULTS),
);
const fingerprint = about(
  "The same for the same rule and subject in every audit; under pseudonyms, for the same key.",
  z.string().check(z.regex(/^[0-9a-f]{16}$/)),
);
const subject = about(
  "What it is about. Empty: the homeserver, or Sotto itself.",
  z.strictObject({
    roomId: z.optional(z.string()),
    userId: z.optional(z.string()),
    deviceId: z.optional(z.string()),
    eventId: z.optional(z.string()),
  }),
);

const finding = z.strictObject({
  ruleId,
  severity,
  result,
  subject,
  message: about("One sentence. It can hold words of strangers.", z.string()),
  cure: about("What to send, set or run; absent where nothing is to be done.", z.optional(z.string())),
  notAsked: about(
    "Of not-checked: nobody gave the file or token that it takes.",
    z.optional(z.literal(true)),
  ),
  fingerprint,
  accepted: about(
    "Somebody has signed for it: it fails no run.",
    z.optional(
      z.union([
        z.strictObject({ by: z.literal("baseline") }),
        z.strictObject({
          by: z.literal("waiver"),
          owner: z.string(),
          reason: z.string(),
          expires: z.string(),
        }),
      ]),
    ),
  ),
  change: about(
    "Since the audit that this one is compared with.",
    z.optional(z.enum(["new", "still-there"])),
  ),
});

const results = z.strictObject(
  Object.fromEntries(RESULTS.map((name) => [name, count])) as Record<(typeof RESULTS)[number], typeof count>,
);
const someResults = z.strictObject(
  Object.fromEntries(RESULTS.map((name) => [name, z.optional(count)])) as Record<
    (typeof RESULTS)[number],
    z.ZodMiniOptional<typeof count>
  >,
);
const severities = z.strictObject(
  Object.fromEntries(SEVERITIES.map((name) => [name, count])) as Record<
    (typeof SEVERITIES)[number],
    typeof count
  >,
);

const summary = z.strictObject({
  grade: about("A is the best, F the worst.", z.enum(GRADES)),
  caps: about(
    "Why it is no better, the lowest cap first.",
    z.array(z.strictObject({ grade: z.enum(GRADES), reason: z.string() })),
  ),
  results: about("How many findings came out so; those that are not listed are counted too.", results),
  failed: about("The fails that nobody has accepted, by severity.", severities),
  accepted: about("Fails and warnings that a baseline or a waiver covers.", count),
  rules: about(
    "Each rule that was run, so that it shows what was looked at.",
    z.array(z.strictObject({ ruleId, title: z.string(), severity, results: someResults })),
  ),
  idleWaivers: about(
    "Waivers that cover nothing of this audit; absent where all cover something.",
    z.optional(z.array(z.strictObject({ where: z.string(), covers: z.string(), why: z.string() }))),
  ),
  changes: about(
    "What has changed since an earlier audit; absent unless it was asked for.",
    z.optional(
      z.strictObject({
        sinceMs: z.number(),
        new: count,
        stillThere: count,
        gone: z.array(z.strictObject({ ruleId, severity, subject, fingerprint })),
      }),
    ),
  ),
});

/** What `sotto audit --json` prints; `docs/audit.schema.json` is made of it. */
export const auditDocument = z.strictObject({
  schemaVersion: about(
    "Raised when a reader of the old form would misread the new one.",
    z.literal(SCHEMA_VERSION),
  ),
  tool: z.strictObject({ name: z.literal("sotto"), version: z.string() }),
  collectedMs: about("When the facts were read, milliseconds since the epoch.", z.number()),
  collectedAt: about("The same in ISO 8601.", z.optional(z.string())),
  by: about("Whose account read them.", z.string()),
  homeserver: about("The part of user IDs behind the colon.", z.string()),
  scope: about(
    "admin: every room of the homeserver. member: the rooms that the account is in.",
    z.enum(["member", "admin"]),
  ),
  counts: z.strictObject({ rooms: count, users: count, devices: count }),
  summary,
  findings: about(
    "The most urgent first; without what passed or does not apply, unless all were asked for.",
    z.array(finding),
  ),
});
