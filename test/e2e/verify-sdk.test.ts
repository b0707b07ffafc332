import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createLogger,
  Sotto,
  type Verification,
  type VerificationPhase,
  type VerificationState,
} from "../../src/index.ts";
import type { Bot } from "../support/bot.ts";
import { type ElementUser, openWorld } from "../support/world.ts";

// A program that verifies a person who has Element, and is verified by them.

const { newBot, newElement } = await openWorld();
let bot: Bot;
let sotto: Sotto;
let person: ElementUser;
let roomId: string;

beforeAll(async () => {
  [bot, person] = await Promise.all([newBot(), newElement()]);
  bot.configure({ trust: { verifyFrom: [person.userId, bot.userId] } });
  ({ roomId } = await person.request("createRoom", { invite: [bot.userId], direct: true }));
  sotto = await Sotto.open(bot.config, {
    logger: createLogger({ level: "debug", json: true, write: (l) => process.stderr.write(l + "\n") }),
  });
  await sotto.account.rooms.join(roomId);
});
afterAll(() => sotto?.close());

/** The state when the verification comes to this phase; another end is an error. */
async function until(verification: Verification, phase: VerificationPhase): Promise<VerificationState> {
  for await (const state of verification.states()) {
    if (state.phase === phase) return state;
    if (state.cancelled) throw new Error(`no ${phase}: ${state.cancelled.code}, ${state.cancelled.reason}`);
  }
  throw new Error(`no ${phase}`);
}

/** The next request that is offered to the program. */
const offered = (sotto: Sotto) =>
  new Promise<Verification>((resolve) => {
    const end = sotto.verification.onRequest((verification) => {
      end();
      resolve(verification);
    });
  });

const trustOf = async (userId: string) => (await sotto.account.crypto.keysOf(userId)).identity?.verified;

describe("verification by emoji, asked for by the person", () => {
  it("is offered, shows the same emoji, and verifies both", async () => {
    const offer = offered(sotto);
    const which = await person.request("requestVerification", { userId: bot.userId, roomId });
    const verification = await offer;
    expect(verification.state).toMatchObject({
      phase: "requested",
      userId: person.userId,
      roomId,
      incoming: true,
    });
    await verification.accept();
    await person.request("startSas", which);
    const shown = await person.request("showSas", which);
    const { emoji, decimals } = await until(verification, "comparing");
    expect(emoji?.map(({ symbol }) => symbol)).toEqual(shown.emoji.map(([symbol]) => symbol));
    expect(decimals).toEqual(shown.decimal);
    await person.request("confirmSas", which);
    await verification.confirm();
    await until(verification, "done");
    expect(await person.request("waitVerification", { ...which, phase: "done" })).toMatchObject({
      phase: "done",
    });
    expect(await trustOf(person.userId)).toBe(true);
  });
});
