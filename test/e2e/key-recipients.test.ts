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

const change = (who: Change[0], ...whats: Change[1][]): Change[] => whats.map((what) => [who, what]);

/** What every run plays. */
const KNOWN: Change[][] = [
  change("bob", "invite", "join", "log in", "send", "sign", "send", "send", "remove", "send", "kick", "send"),
  change("carol", "log in", "sign", "invite", "send", "remove", "send", "join", "send", "leave", "send"),
];

it("who may read a message can, and nobody else, whatever the membership and devices went through", async () => {
  const what = fc.oneof(
    { weight: 7, arbitrary: fc.constantFrom(...CHANGES) },
    { weight: 2, arbitrary: fc.constant("send") },
  );
  const step = fc.tuple(fc.constantFrom("bob", "carol"), what);
  const history = fc.array(step, { minLength: 10, maxLength: 20 });
  const property = fc.asyncProperty(history, async (changes: Change[]) => {
    const played = await MembershipHistory.begin(world, bot, voice);
    for (const each of changes) await played.play(each);
    await played.send();
    await played.end();
    expect(played.contradictions).toEqual([]);
  });
  const examples = KNOWN.map((changes): [Change[]] => [changes]);
  await fc.assert(property, { numRuns: examples.length + 2, examples, endOnFailure: true });
}, 600_000);
