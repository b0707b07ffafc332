import * as z from "zod/mini";
import { SottoError } from "../errors.ts";
import { isUserId, serverNameOf, type UserId } from "../model/ids.ts";
import { described } from "../model/settings.ts";
import type { Team, TeamRoom } from "../model/team.ts";
import { type Fault, schemaFaults } from "./faults.ts";
import { exceptionOf, roomException } from "./policy.ts";
import { partAt, plain, readWritten, type Written } from "./written.ts";

/** What others are called by in file names, room markers and sentences. */
const key = z.string().check(z.regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, "small letters, digits, - and _"));
const words = z.string().check(z.minLength(1), z.maxLength(255));
const user = z
  .string()
  .check(
    z.refine(
      (written) => isUserId(written) || LOCALPART.test(written),
      "a user ID (@alice:example.org), or its part before the colon (alice)",
    ),
  );
/** https://spec.matrix.org/v1.19/appendices/#user-identifiers */
const LOCALPART = /^[a-z0-9._=/+-]+$/;

const member = z.strictObject({ user, name: z.optional(words) });
const room = z.strictObject({
  name: described("Homeservers can read it; the key of the room unless said.", z.optional(words)),
  topic: described("Homeservers can read it.", z.optional(words)),
  members: described("Who is in it; every member unless said.", z.optional(z.array(user))),
  guards: described("Members who may change the room as our own account may.", z._default(z.array(user), [])),
  policy: described("What is different from the policy.", z._default(roomException, {})),
});

export const teamSchema = z.strictObject({
  team: described("The name of the team among those of this account.", key),
  bot: described("Our own account: the one of the config.", z.optional(user)),
  outOfBand: described(
    "How keys are compared, for the cards.",
    z.optional(z.string().check(z.maxLength(500))),
  ),
  members: z.array(member).check(z.minLength(1)),
  rooms: described("By a name of one's own, which stays when the room's does not.", z.record(key, room)),
});

type TeamFile = z.infer<typeof teamSchema>;

/**
 * @param own our account: whoever has no homeserver written is of its
 * @throws SottoError `CONFIG_NOT_FOUND`; `CONFIG_INVALID` with a line for each fault
 */
export function loadTeam(file: string, own: UserId): Team {
  const written = readWritten(file);
  const result = teamSchema.safeParse(plain(written));
  if (!result.success) throw invalid(schemaFaults(teamSchema, result.error, written));
  const team = teamOf(result.data, own);
  const faults = teamFaults(team, own, written);
  if (faults.length > 0) throw invalid(faults);
  return team;
}

const invalid = (faults: readonly Fault[]): SottoError =>
  new SottoError("CONFIG_INVALID", faults.map(({ where, message }) => `${where}: ${message}`).join("\n"));

function teamOf({ team, bot, outOfBand, members, rooms }: TeamFile, own: UserId): Team {
  const whole = (user: string): UserId => (isUserId(user) ? user : `@${user}:${serverNameOf(own)}`);
  const all = members.map((member) => ({ userId: whole(member.user), name: member.name ?? null }));
  return {
    team,
    bot: bot === undefined ? own : whole(bot),
    outOfBand: outOfBand ?? null,
    members: all,
    rooms: Object.entries(rooms).map(([key, said]): TeamRoom => {
      const { name = key, topic = null, members, guards, policy } = said;
      return {
        ...{ key, name, topic },
        members: members?.map(whole) ?? all.map(({ userId }) => userId),
        guards: guards.map(whole),
        policy: exceptionOf(policy),
      };
    }),
  };
}

/** What a schema cannot see. */
function teamFaults({ bot, members, rooms }: Team, own: UserId, written: Written): Fault[] {
  const faults: Fault[] = [];
  const wrong = (path: PropertyKey[], message: string): void => {
    faults.push({ where: partAt(written, path).where, message: `${path.join(".")}: ${message}` });
  };
  if (bot !== own) wrong(["bot"], `the config's account is ${own}`);
  const known = members.map(({ userId }) => userId);
  for (const [at, userId] of known.entries()) {
    if (userId === own) wrong(["members", at], "our own account is in every room by itself");
    else if (known.indexOf(userId) < at) wrong(["members", at], `${userId} is there twice`);
    else if (isOurs(userId, own) && !LOCALPART.test(localpartOf(userId)))
      wrong(["members", at], "no account of this name can be made: small letters, digits and . _ = / + -");
  }
  for (const { key, members: inside, guards, policy } of rooms) {
    for (const [at, userId] of inside.entries()) {
      const path = ["rooms", key, "members", at];
      if (!known.includes(userId)) wrong(path, `${userId} is no member of the team`);
      else if (inside.indexOf(userId) < at) wrong(path, `${userId} is there twice`);
      if (policy.federated === false && !isOurs(userId, own))
        wrong(path, `${userId} is of another homeserver, and the room is local only`);
    }
    for (const [at, userId] of guards.entries())
      if (!inside.includes(userId)) wrong(["rooms", key, "guards", at], `${userId} is not in the room`);
  }
  return faults;
}

const isOurs = (userId: UserId, own: UserId): boolean => serverNameOf(userId) === serverNameOf(own);
const localpartOf = (userId: UserId): string => userId.slice(1, userId.indexOf(":"));
