import * as z from "zod/mini";
import { SottoError } from "../errors.ts";
import type { Policy, RoomPolicy } from "../model/policy.ts";
import { described, duration } from "../model/settings.ts";
import { schemaFaults } from "./faults.ts";
import { plain, readWritten } from "./written.ts";

const level = z.int().check(z.minimum(0));
const count = z.int().check(z.positive());
const roomId = z.string().check(z.regex(/^!\S+$/, "a room ID such as !abc"));

/** What rooms are held to, without defaults: the exceptions say only what differs. */
const room = {
  encryption: described("Rooms have to be encrypted.", z.enum(["required", "optional"])),
  rotation: described(
    "The longest life of a room key that `m.room.encryption` may allow.",
    z.strictObject({ maxPeriod: duration, maxMessages: count }),
  ),
  historyVisibility: described(
    "The most that may be seen of what was said before: joined, invited, shared or world_readable.",
    z.enum(["joined", "invited", "shared", "world_readable"]),
  ),
  joinRules: described("The join rules that a room may have.", z.array(z.string())),
  guests: described("Guests, who have no account, may join.", z.boolean()),
  federated: described("Users of other homeservers may join.", z.boolean()),
  listed: described("Rooms may be shown in the public directory.", z.boolean()),
  minVersion: described("The oldest room version.", count),
  guardLevel: described("The least power level that may weaken a room.", level),
  inviteLevel: described("The least power level that may invite.", level),
  maxGuards: described("How many users may stand at `guardLevel` or above.", count),
  servers: described("Homeservers whose users may be members; none named: all.", z.array(z.string())),
  aliases: described("Rooms may have public addresses.", z.boolean()),
  widgets: described("Rooms may have widgets: pages of others, shown in the room.", z.boolean()),
  bridges: described(
    "Protocols whose bridges are accepted, although a bridge ends the encryption.",
    z.array(z.string()),
  ),
  reactions: described("Reactions are accepted, which clients send in clear.", z.boolean()),
  maxRetention: described(
    "The longest time that the homeserver may keep messages; nothing is asked for unless said.",
    z.nullable(duration),
  ),
  words: described(
    "No name, topic or alias may hold one of these, whatever its case: homeservers can read them.",
    z.array(z.string()),
  ),
};

const rooms = z.strictObject({
  encryption: z._default(room.encryption, "required"),
  rotation: z.prefault(room.rotation, { maxPeriod: "7d", maxMessages: 100 }),
  historyVisibility: z._default(room.historyVisibility, "shared"),
  joinRules: z._default(room.joinRules, ["invite", "knock", "restricted", "knock_restricted"]),
  guests: z._default(room.guests, false),
  federated: z._default(room.federated, true),
  listed: z._default(room.listed, false),
  minVersion: z._default(room.minVersion, 6),
  guardLevel: z._default(room.guardLevel, 100),
  inviteLevel: z._default(room.inviteLevel, 0),
  maxGuards: z._default(room.maxGuards, 3),
  servers: z._default(room.servers, []),
  aliases: z._default(room.aliases, true),
  widgets: z._default(room.widgets, false),
  bridges: z._default(room.bridges, []),
  reactions: z._default(room.reactions, true),
  maxRetention: z._default(room.maxRetention, null),
  words: z._default(room.words, []),
});

export const roomException = z.strictObject({
  encryption: z.optional(room.encryption),
  rotation: z.optional(room.rotation),
  historyVisibility: z.optional(room.historyVisibility),
  joinRules: z.optional(room.joinRules),
  guests: z.optional(room.guests),
  federated: z.optional(room.federated),
  listed: z.optional(room.listed),
  minVersion: z.optional(room.minVersion),
  guardLevel: z.optional(room.guardLevel),
  inviteLevel: z.optional(room.inviteLevel),
  maxGuards: z.optional(room.maxGuards),
  servers: z.optional(room.servers),
  aliases: z.optional(room.aliases),
  widgets: z.optional(room.widgets),
  bridges: z.optional(room.bridges),
  reactions: z.optional(room.reactions),
  maxRetention: z.optional(room.maxRetention),
  words: z.optional(room.words),
});

/** The policy file. Descriptions become `policy.sample.yaml`. */
export const policySchema = z.strictObject({
  rooms: described("What every room is held to.", z.prefault(rooms, {})),
  except: described(
    "What is different in some rooms, by room ID.",
    z._default(z.record(roomId, roomException), {}),
  ),
  people: z.prefault(
    z.strictObject({
      crossSigned: described("Every member has a cross-signing identity.", z._default(z.boolean(), true)),
      unsignedDevices: described(
        "Devices that their owner has not signed are accepted.",
        z._default(z.boolean(), false),
      ),
      verified: described("Our own account has verified every member.", z._default(z.boolean(), false)),
      staleAfter: described("A device that was not seen for so long is stale.", z.prefault(duration, "90d")),
      maxDevices: described("The most devices of one user.", z._default(count, 10)),
      grace: described("How long `sotto enforce` warns before it removes.", z.prefault(duration, "7d")),
    }),
    {},
  ),
  homeserver: z.prefault(
    z.strictObject({
      encryptionByDefault: described("New rooms are encrypted.", z._default(z.boolean(), true)),
      openRegistration: described("Anybody may make an account.", z._default(z.boolean(), false)),
      maxTurnLifetime: described("The longest life of TURN credentials.", z.prefault(duration, "1d")),
      retention: described("Messages and media are deleted some day.", z._default(z.boolean(), true)),
      telemetry: described("The homeserver may report to others.", z._default(z.boolean(), false)),
      presence: described("The homeserver may show who is online.", z._default(z.boolean(), true)),
    }),
    {},
  ),
  own: z.prefault(
    z.strictObject({
      keyBackup: described("Sotto's own account has a key backup.", z._default(z.boolean(), true)),
      maxDrillAge: described(
        "How long ago the recovery key may have been tried last.",
        z.prefault(duration, "90d"),
      ),
    }),
    {},
  ),
});

type PolicyFile = z.infer<typeof policySchema>;

/** What holds where there is no policy file. */
export const DEFAULT_POLICY: Policy = policyOf(policySchema.parse({}));

/** @throws SottoError `CONFIG_NOT_FOUND`; `CONFIG_INVALID` with a line for each fault */
export function loadPolicy(file: string): Policy {
  const written = readWritten(file);
  const result = policySchema.safeParse(plain(written));
  if (result.success) return policyOf(result.data);
  const faults = schemaFaults(policySchema, result.error, written);
  throw new SottoError(
    "CONFIG_INVALID",
    faults.map(({ where, message }) => `${where}: ${message}`).join("\n"),
  );
}

function policyOf({ rooms, except, people, homeserver, own }: PolicyFile): Policy {
  return {
    rooms: exceptionOf(rooms) as RoomPolicy,
    except: Object.fromEntries(Object.entries(except).map(([roomId, said]) => [roomId, exceptionOf(said)])),
    people: {
      crossSigned: people.crossSigned,
      unsignedDevices: people.unsignedDevices,
      verified: people.verified,
      staleAfterMs: people.staleAfter,
      maxDevices: people.maxDevices,
      graceMs: people.grace,
    },
    homeserver: {
      encryptionByDefault: homeserver.encryptionByDefault,
      openRegistration: homeserver.openRegistration,
      maxTurnLifetimeMs: homeserver.maxTurnLifetime,
      retention: homeserver.retention,
      telemetry: homeserver.telemetry,
      presence: homeserver.presence,
    },
    own: { keyBackup: own.keyBackup, maxDrillAgeMs: own.maxDrillAge },
  };
}

/** What a part of a policy says, and nothing else. */
export function exceptionOf({
  rotation,
  maxRetention,
  ...said
}: z.infer<typeof roomException>): Partial<RoomPolicy> {
  const kept = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  return {
    ...kept,
    ...(rotation && {
      rotation: { maxPeriodMs: rotation.maxPeriod, maxMessages: rotation.maxMessages },
    }),
    ...(maxRetention !== undefined && { maxRetentionMs: maxRetention }),
  };
}
