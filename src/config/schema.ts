import * as z from "zod";
import { LOG_LEVELS } from "../log.ts";

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `30m`, `12h`, `7d`; gives milliseconds. */
const duration = z
  .string()
  .regex(/^[1-9]\d*[smhd]$/, "a duration such as 90s, 30m, 12h or 7d")
  .transform((text) => Number(text.slice(0, -1)) * UNIT_MS[text.at(-1) as keyof typeof UNIT_MS]);

const userId = z.string().regex(/^@[^\s:]*:\S+$/, "a user ID such as @voice:example.org");
const path = z.string().min(1);

const WHO = ["signed", "verified", "all"] as const;
const shareWith = z.enum(WHO);
const onExcluded = z.enum(["send", "refuse"]);
const newMembers = z.enum(["send", "hold"]);
const acceptFrom = z.enum(WHO);

/** The config file. Descriptions and examples become `config.sample.yaml`. */
export const configSchema = z.strictObject({
  homeserver: z
    .url({ protocol: /^https?$/ })
    .describe("The base URL of the homeserver's client-server API; `sotto init` finds it by .well-known."),
  account: z
    .strictObject({
      userId: userId.describe("Who sends."),
      deviceId: z.string().min(1).describe("The device `sotto init` made."),
      accessTokenFile: path.describe("A file with the access token, mode 0600."),
      passwordFile: path.optional().describe("Only to log in again to the same device after a soft logout."),
    })
    .describe("The account and its device."),
  data: path.default("./data").describe("The data directory: crypto.sqlite, sotto.sqlite, control.sock."),
  storeKeyFile: path
    .default("./data/store.key")
    .describe("32 bytes that seal the stores. Keep a copy elsewhere: without it the device is lost."),
  caFile: path.optional().describe("Certificates to trust besides the system's, PEM."),
  trust: z
    .strictObject({
      shareWith: shareWith
        .default("signed")
        .describe(
          "Who gets room keys: devices signed by their owner, devices of users we verified, or every device. `all` gives them to any device that a homeserver adds; `sotto doctor` reports it.",
        ),
      onExcluded: onExcluded
        .default("send")
        .describe(
          "When some members or devices get no key: send to the others and name them, or refuse before anything is shared.",
        ),
      newMembers: newMembers
        .default("send")
        .describe(
          "Someone never seen before in a room: send, or hold until `sotto trust accept`. A homeserver can add members.",
        ),
      acceptFrom: acceptFrom
        .default("signed")
        .describe("Whose messages are handed on. Commands to a bot want verified."),
      verifyFrom: z
        .array(userId)
        .default([])
        .describe(
          "Whose requests for a verification may be taken up; the account itself stands for its own other devices.",
        ),
      keyTimeout: duration
        .prefault("5s")
        .describe(
          "How long to wait for other homeservers' answers about their users' keys; whose answer is late gets the key with a later message.",
        ),
    })
    .prefault({}),
  rooms: z
    .record(
      z.string().regex(/^!\S+$/, "a room ID such as !abc; an alias can be moved to another room"),
      z.strictObject({
        shareWith: shareWith.optional(),
        onExcluded: onExcluded.optional(),
        newMembers: newMembers.optional(),
        acceptFrom: acceptFrom.optional(),
      }),
    )
    .default({})
    .describe("What is different from `trust` in some rooms, by room ID."),
  rotation: z
    .strictObject({
      maxPeriod: duration
        .prefault("7d")
        .describe("Longest life of a room key; the room's own period counts if it is shorter."),
      maxMessages: z.int().min(1).max(9_999).default(100).describe("Most messages under one room key."),
    })
    .prefault({}),
  clearEvents: z
    .strictObject({
      reactions: z.boolean().default(false).describe("m.reaction: the server sees who reacts to what."),
      redactions: z.boolean().default(false).describe("The server must read what it removes."),
      state: z.boolean().default(false).describe("State has no encrypted form."),
    })
    .prefault({})
    .describe("The only events that may leave unencrypted; messages never do."),
  audio: z
    .strictObject({
      bitrate: z.int().min(6).max(128).default(32).describe("Of what is encoded, in kbit/s."),
      maxDuration: duration.prefault("4h").describe("Longer recordings are refused."),
      requireSandbox: z
        .boolean()
        .default(false)
        .describe(
          "Refuse to start where ffmpeg cannot run in bubblewrap; without this it runs in one where there is one. `sotto doctor` says what holds.",
        ),
    })
    .prefault({})
    .describe("How recordings are made ready."),
  acceptInvitesFrom: z.array(userId).default([]).describe("Whose invitations `sotto run` accepts."),
  log: z
    .strictObject({ level: z.enum(LOG_LEVELS).default("info").describe("debug, info, warn or error.") })
    .prefault({}),
});

/** The config as written, with defaults filled in. */
export type ConfigFile = z.infer<typeof configSchema>;
