import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import type { Bot } from "../support/bot.ts";
import { CHANGES, type Change, MembershipHistory } from "../support/membership-history.ts";
import { record } from "../support/recordings.ts";
import { openWorld } from "../support/world.ts";

// A device that was removed, or whose owner has left, never gets a later key; everybody else gets each one. Few
// histories, because each is played with real clients.

const world = await openWorld();
let bot: Bot;
let voice: string;

beforeAll(async () => {
  bot = await world.newBot();
  voice = await record("for-whoever-is-there.ogg", undefined, "-c:a", "libopus");
});

/** What happens in a room, and whether one process does all of the bot's work or each message has its own. */
type History = [sends: "sotto run" | "sotto send", changes: Change[]];

const change = (who: Change[0], ...whats: Change[1][]): Change[] => whats.map((what) => [who, what]);
const JOINED = change(
  "bob",
  "invite",
  "join",
  "log in",
  "send",
  "sign",
  "send",
  "send",
  "remove",
  "send",
  "kick",
);
const INVITED = change(
  "carol",
  "log in",
  "sign",
  "invite",
  "send",
  "remove",
  "send",
  "join",
  "send",
  "leave",
);

/** Played in every run. */
const KNOWN: History[] = [
  ["sotto send", JOINED],
  ["sotto run", JOINED],
  ["sotto run", INVITED],
];

async function play([sends, changes]: History): Promise<string[]> {
  const history = await MembershipHistory.begin(world, bot, voice);
  const service = sends === "sotto run" ? bot.start(["run"]) : undefined;
  await service?.says('"message":"running"');
  for (const each of changes) await history.play(each);
  await history.send();
  await history.end();
  await service?.end("SIGTERM");
  return history.contradictions;
}

it("who may read a message can, and nobody else, whatever the membership and devices went through", async () => {
  const what = fc.oneof(
    { weight: 7, arbitrary: fc.constantFrom(...CHANGES) },
    { weight: 2, arbitrary: fc.constant("send") },
  );
  const step = fc.tuple(fc.constantFrom("bob", "carol"), what);
  const changes = fc.array(step, { minLength: 10, maxLength: 20 });
  const history = fc.tuple(fc.constantFrom("sotto run", "sotto send"), changes);
  const property = fc.asyncProperty(history, async (played) => {
    expect(await play(played)).toEqual([]);
  });
  const examples = KNOWN.map((known): [History] => [known]);
  await fc.assert(property, { numRuns: examples.length + 2, examples, endOnFailure: true });
}, 900_000);
