import * as z from "zod/mini";
import en from "zod/v4/locales/en.js";
import { LOG_LEVELS } from "../log.ts";
import { parseListen } from "../model/listen.ts";
import { described, duration } from "../model/settings.ts";
import { HIGH_PASS_HZ, LOUDNESS_LUFS } from "../model/sound-care.ts";
import { evacuateSchema } from "./evacuate.ts";
import { patrolSchema } from "./patrol.ts";
import { path, roomId, secretFile } from "./places.ts";
import { routeSchema } from "./route.ts";

// zod's small form: its large one takes 25 ms more at each start
z.config(en());

const userId = z.string().check(z.regex(/^@[^\s:]*:\S+$/, "a user ID such as @voice:example.org"));
const inviter = z
  .string()
  .check(
    z.regex(
      /^(?:@[^\s:]*|\*):[^\s*]+$/,
      "a user ID such as @voice:example.org, or *:example.org for a homeserver",
    ),
  );
const WHO = ["signed", "verified", "all"] as const;
const shareWith = z.enum(WHO);
const onExcluded = z.enum(["send", "refuse"]);
const newMembers = z.enum(["send", "hold"]);
const acceptFrom = z.enum(WHO);

const connectorName = z.string().check(z.regex(/^[a-z][a-z0-9-]*$/, "a name such as mailbox or front-door"));

/** The config file. Descriptions and examples become `config.sample.yaml`. */
export const configSchema = z.strictObject({
  homeserver: described(
    "The base URL of the homeserver's client-server API; `sotto init` finds it by .well-known.",
    z.url({ protocol: /^https?$/ }),
  ),
  account: described(
    "The account and its device.",
    z.strictObject({
      userId: described("Who sends.", userId),
      deviceId: described("The device `sotto init` made.", z.string().check(z.minLength(1))),
      accessTokenFile: described("A file with the access token, mode 0600.", secretFile),
      passwordFile: described(
        "Only to log in again to the same device after a soft logout.",
        z.optional(secretFile),
      ),
    }),
  ),
  data: described(
    "The data directory: crypto.sqlite, sotto.sqlite, control.sock.",
    z._default(path, "./data"),
  ),
  storeKeyFile: described(
    "32 bytes that seal the stores. Keep a copy elsewhere: without it the device is lost.",
    z._default(secretFile, "./data/store.key"),
  ),
  caFile: described("Certificates to trust besides the system's, PEM.", z.optional(secretFile)),
  trust: z.prefault(
    z.strictObject({
      shareWith: described(
        "Who gets room keys: devices signed by their owner, devices of users we verified, or every device. `all` gives them to any device that a homeserver adds; `sotto doctor` reports it.",
        z._default(shareWith, "signed"),
      ),
      onExcluded: described(
        "When some members or devices get no key: send to the others and name them, or refuse before anything is shared.",
        z._default(onExcluded, "send"),
      ),
      newMembers: described(
        "Someone who is new in a room, or who was out of it: send, or hold until `sotto trust accept`. A homeserver can add members.",
        z._default(newMembers, "send"),
      ),
      acceptFrom: described(
        "Whose messages are handed on. Commands to a bot want verified. `all` takes any device, and messages whose key came from a backup: nothing proves who sent those.",
        z._default(acceptFrom, "signed"),
      ),
      verifyFrom: described(
        "Whose requests for a verification may be taken up; the account itself stands for its own other devices.",
        z._default(z.array(userId), []),
      ),
      keyTimeout: described(
        "How long to wait for other homeservers' answers about their users' keys; whose answer is late gets the key with a later message.",
        z.prefault(duration, "5s"),
      ),
    }),
    {},
  ),
  rooms: described(
    "What is different from `trust` in some rooms, by room ID.",
    z._default(
      z.record(
        roomId,
        z.strictObject({
          shareWith: z.optional(shareWith),
          onExcluded: z.optional(onExcluded),
          newMembers: z.optional(newMembers),
          acceptFrom: z.optional(acceptFrom),
          acceptClear: described(
            "The room is not encrypted, and its voice messages are handed on all the same: anyone who runs a homeserver in it can forge them.",
            z.optional(z.boolean()),
          ),
        }),
      ),
      {},
    ),
  ),
  rotation: z.prefault(
    z.strictObject({
      maxPeriod: described(
        "Longest life of a room key; the room's own period counts if it is shorter.",
        z.prefault(duration, "7d"),
      ),
      maxMessages: described(
        "Most messages under one room key.",
        z._default(z.int().check(z.minimum(1), z.maximum(9_999)), 100),
      ),
    }),
    {},
  ),
  retention: described(
    "How long things are kept; looked at once a day.",
    z.prefault(
      z.strictObject({
        failed: described(
          "A message that was given up, with its sealed recording's key: `sotto queue`.",
          z.prefault(duration, "30d"),
        ),
        history: described(
          "What was sent and who got its key: `sotto why` and `sotto queue resend` know it for so long. What was enforced, unless it can be undone. That a message was received is never forgotten, or it could be played again.",
          z.prefault(duration, "180d"),
        ),
        audits: described(
          "What audits found: `sotto audit --since` and `sotto audit verify-log` know it for so long.",
          z.prefault(duration, "400d"),
        ),
      }),
      {},
    ),
  ),
  policy: described(
    "What `sotto audit` holds rooms, people, the homeserver and Sotto itself to; `policy.sample.yaml` has every key. Without it, the defaults.",
    z.optional(path),
  ),
  waivers: described(
    "Findings that somebody has signed for until a day: they count as accepted in `sotto audit` and the patrol.",
    z.optional(path),
  ),
  baseline: described(
    "Findings that were known, as `sotto audit --write-baseline` writes them: accepted likewise.",
    z.optional(path),
  ),
  patrol: described(
    "`sotto run` looks at rooms, members and devices by the rules of `sotto audit`: when sync tells of a change, when it starts, and by a timetable. Not unless told.",
    z.optional(patrolSchema),
  ),
  operatorsRoom: described(
    "Where the patrol says what is new and what has gone: an encrypted room, by ID. Without it, in the log and the metrics only.",
    z.optional(roomId),
  ),
  clearEvents: described(
    "The only events that may leave unencrypted; messages never do.",
    z.prefault(
      z.strictObject({
        reactions: described(
          "m.reaction: the server sees who reacts to what.",
          z._default(z.boolean(), false),
        ),
        redactions: described("The server must read what it removes.", z._default(z.boolean(), false)),
        state: described("State has no encrypted form.", z._default(z.boolean(), false)),
      }),
      {},
    ),
  ),
  audio: described(
    "How recordings are made ready.",
    z.prefault(
      z.strictObject({
        bitrate: described(
          "Of what is encoded, in kbit/s.",
          z._default(z.int().check(z.minimum(6), z.maximum(128)), 32),
        ),
        loudness: described(
          "Loudness to bring recordings to, in LUFS (EBU R128), such as -16 for quiet voicemail. Each is then listened to as a whole before it is encoded.",
          z.optional(z.number().check(z.minimum(LOUDNESS_LUFS.min), z.maximum(LOUDNESS_LUFS.max))),
        ),
        trimSilence: described(
          "Take away the silence before and behind the sound.",
          z._default(z.boolean(), false),
        ),
        highPass: described(
          "Take away what lies below this frequency, in Hz, such as 80 for the hum of a telephone line.",
          z.optional(z.number().check(z.minimum(HIGH_PASS_HZ.min), z.maximum(HIGH_PASS_HZ.max))),
        ),
        maxDuration: described("Longer recordings are refused.", z.prefault(duration, "4h")),
        requireSandbox: described(
          "Refuse to start where ffmpeg cannot run in bubblewrap; without this it runs in one where there is one. `sotto doctor` says what holds.",
          z._default(z.boolean(), false),
        ),
      }),
      {},
    ),
  ),
  connectors: described(
    "Where recordings come from and where voice messages go, each under a name of its own.",
    z._default(z.record(connectorName, z.looseObject({ type: z.string() })), {}),
  ),
  routes: described(
    "What `sotto run` joins: `from` a connector or a room, `to` a room or a connector.",
    z._default(z.array(routeSchema), []),
  ),
  acceptInvitesFrom: described(
    "Whose invitations `sotto run` accepts: users, or everyone of a homeserver as *:example.org.",
    z._default(z.array(inviter), []),
  ),
  commandsFrom: described(
    "Who may ask `!sotto status`, `why` and `help` in an encrypted room. Each must have been verified (`sotto verify`); the answer is encrypted, for everyone in the room.",
    z._default(z.array(userId), []),
  ),
  signals: described(
    "What `sotto run` shows in rooms of its work. None of it is encrypted: the homeservers of a room see it.",
    z.prefault(
      z.strictObject({
        reactions: described(
          "React to a voice message with ✔ once all its routes have it, ✖ where one gave it up. Not encrypted: the server sees which message, and what became of it. Allows m.reaction as clearEvents.reactions does.",
          z._default(z.boolean(), false),
        ),
        receipts: described(
          "Mark voice messages as read once they were handed on. Not encrypted: the server sees when.",
          z._default(z.boolean(), false),
        ),
        typing: described(
          "Show as typing in a room while a recording is made ready for it. Not encrypted.",
          z._default(z.boolean(), false),
        ),
      }),
      {},
    ),
  ),
  evacuate: described(
    "What `sotto evacuate` tells people, and by which way besides the room.",
    z.prefault(evacuateSchema, {}),
  ),
  listen: described(
    "Where `sotto run` answers /live, /ready and /metrics: a port of the loopback address, `address:port`, or the path of a UNIX socket; nowhere unless told. Who can reach it can read how much is sent, and nothing of whom.",
    z.optional(
      z
        .string()
        .check(
          z.refine(
            (text) => parseListen(text) !== undefined,
            "a port, an address such as 127.0.0.1:9090, or a path",
          ),
        ),
    ),
  ),
  log: z.prefault(
    z.strictObject({
      level: described("debug, info, warn or error.", z._default(z.enum(LOG_LEVELS), "info")),
    }),
    {},
  ),
});

/** The config as written, with defaults filled in. */
export type ConfigFile = z.infer<typeof configSchema>;
