import { generateKeyPairSync } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { MAX_AGE_MS, MAX_SILENCE_MS } from "../../src/crypto/patience.ts";
import type { Verification } from "../../src/crypto/verification.ts";
import { KeyExchange } from "../support/key-exchange.ts";
import { exchangeAll, FakeAlarm, newVerifier, ROOM, type Verifier } from "../support/verifier.ts";

// Two real engines whose events a test may hold back, repeat, change or reorder, under a clock of its own.

let alarm: FakeAlarm;
let exchange: KeyExchange;
let alice: Verifier;
let bob: Verifier;

beforeEach(async () => {
  alarm = new FakeAlarm();
  exchange = new KeyExchange();
  [alice, bob] = await Promise.all([
    newVerifier("@alice:example.org", exchange, alarm),
    newVerifier("@bob:example.org", exchange, alarm),
  ]);
});

const ask = () => alice.verifications.request(bob.userId, ROOM);
async function ready(): Promise<[Verification, Verification]> {
  const mine = await ask();
  await exchangeAll(alice, bob);
  const theirs = bob.offered[0]!;
  await theirs.accept();
  await exchangeAll(alice, bob);
  expect([mine.state.phase, theirs.state.phase]).toEqual(["ready", "ready"]);
  return [mine, theirs];
}
async function comparing(): Promise<[Verification, Verification]> {
  const both = await ready();
  await both[0].startSas();
  await exchangeAll(alice, bob);
  expect(both.map(({ state }) => state.phase)).toEqual(["comparing", "comparing"]);
  return both;
}
const phases = (...all: Verification[]) => all.map(({ state }) => state.phase);
const codeOf = ({ state }: Verification) => state.cancelled?.code;
/** A timer's work is done when what it has begun is. */
const settled = (...all: Verification[]) => Promise.all(all.map((verification) => verification.look()));

describe("a whole verification", () => {
  it("shows the same on both sides and is done when both have confirmed", async () => {
    const [mine, theirs] = await comparing();
    expect(mine.state.emoji).toHaveLength(7);
    expect(mine.state.emoji).toEqual(theirs.state.emoji);
    expect(mine.state.decimals).toEqual(theirs.state.decimals);
    await mine.confirm();
    await exchangeAll(alice, bob);
    expect(phases(mine, theirs)).toEqual(["confirmed", "comparing"]);
    await theirs.confirm();
    await exchangeAll(alice, bob);
    expect(phases(mine, theirs)).toEqual(["done", "done"]);
  });

  it("both may begin with emoji at once", async () => {
    const both = await ready();
    await Promise.all(both.map((verification) => verification.startSas()));
    await exchangeAll(alice, bob);
    expect(phases(...both)).toEqual(["comparing", "comparing"]);
  });
});

describe("time", () => {
  it("nobody accepts for two minutes: cancelled, and the other side hears m.timeout", async () => {
    const mine = await ask();
    await exchangeAll(alice, bob);
    alarm.advance(MAX_SILENCE_MS - 1);
    await settled(mine);
    expect(phases(mine)).toEqual(["requested"]);
    alarm.advance(1);
    await settled(mine);
    expect(codeOf(mine)).toBe("m.timeout");
    expect(alice.sent).toMatchObject([{ type: "m.key.verification.cancel", content: { code: "m.timeout" } }]);
  });

  it("a request that nobody here has taken up lapses without a word: another device may take it", async () => {
    await ask();
    await exchangeAll(alice, bob);
    const theirs = bob.offered[0]!;
    alarm.advance(MAX_SILENCE_MS);
    await settled(theirs);
    expect([codeOf(theirs), bob.sent]).toEqual(["m.timeout", []]);
    await expect(theirs.accept()).rejects.toMatchObject({ code: "TIMEOUT" });
  });

  it("nobody compares for two minutes: cancelled on both sides", async () => {
    const both = await comparing();
    alarm.advance(MAX_SILENCE_MS);
    await settled(...both);
    expect(both.map(codeOf)).toEqual(["m.timeout", "m.timeout"]);
    await expect(both[0].confirm()).rejects.toMatchObject({ code: "TIMEOUT" });
  });

  it("each step has its own two minutes, and all of them ten from the request's time", async () => {
    const mine = await ask();
    await exchangeAll(alice, bob);
    const theirs = bob.offered[0]!;
    alarm.advance(MAX_SILENCE_MS - 1);
    await theirs.accept();
    await exchangeAll(alice, bob);
    alarm.advance(MAX_SILENCE_MS - 1);
    await mine.startSas();
    await exchangeAll(alice, bob);
    alarm.advance(MAX_SILENCE_MS - 1);
    await settled(mine, theirs);
    expect(phases(mine, theirs)).toEqual(["comparing", "comparing"]);
  });

  it("an old request has the rest of its ten minutes, and one older than that is none", async () => {
    await ask();
    const [request] = alice.sent.splice(0);
    const aged = (ageMs: number) => ({
      ...request!,
      eventId: `$${ageMs}`,
      originServerTs: alarm.now() - ageMs,
    });
    await bob.verifications.receive(aged(MAX_AGE_MS + 1_000));
    expect(bob.offered).toEqual([]);
    await bob.verifications.receive(aged(MAX_AGE_MS - 30_000));
    alarm.advance(30_000);
    await settled(...bob.offered);
    expect(bob.offered.map(codeOf)).toEqual(["m.timeout"]);
  });
});

describe("events that are not what they should be", () => {
  it("a request to somebody else is not ours", async () => {
    await ask();
    const [request] = alice.sent.splice(0);
    const content = { ...request!.content, to: "@carol:example.org" };
    expect(await bob.verifications.receive({ ...request!, content })).toBe(true);
    expect(bob.offered).toEqual([]);
  });

  it("a request that comes again is the same request", async () => {
    await ask();
    const [request] = alice.sent.splice(0);
    for (let times = 0; times < 3; times++) await bob.verifications.receive(request!);
    expect(bob.offered).toHaveLength(1);
    expect(phases(...bob.offered)).toEqual(["requested"]);
  });

  it("two requests of one user at once: both are cancelled", async () => {
    await ask();
    const [request] = alice.sent.splice(0);
    await bob.verifications.receive(request!);
    await bob.verifications.receive({ ...request!, eventId: "$another" });
    await settled(...bob.offered);
    expect(phases(...bob.offered)).toEqual(["cancelled"]);
  });

  it("every event twice, and all of them again afterwards: done once, by two confirmations", async () => {
    const said: Parameters<typeof bob.verifications.receive>[0][] = [];
    const exchangeTwice = async () => {
      while (alice.sent.length + bob.sent.length > 0) {
        for (const [from, to] of [
          [alice, bob],
          [bob, alice],
        ] as const) {
          for (const event of from.sent.splice(0)) {
            said.push(event);
            await to.verifications.receive(event);
            await to.verifications.receive(event);
          }
        }
      }
    };
    const mine = await ask();
    await exchangeTwice();
    const theirs = bob.offered[0]!;
    await theirs.accept();
    await exchangeTwice();
    await mine.startSas();
    await exchangeTwice();
    expect(phases(mine, theirs)).toEqual(["comparing", "comparing"]);
    expect(mine.state.emoji).toEqual(theirs.state.emoji);
    await mine.confirm();
    await exchangeTwice();
    const again = async () => {
      for (const event of said) {
        await (event.sender === alice.userId ? bob : alice).verifications.receive(event);
      }
    };
    await again();
    expect(phases(mine, theirs)).toEqual(["confirmed", "comparing"]);
    await theirs.confirm();
    await exchangeTwice();
    await again();
    expect(phases(mine, theirs)).toEqual(["done", "done"]);
    expect(bob.offered).toHaveLength(1);
  });

  it("a start that comes again under another ID cancels: nobody is verified", async () => {
    const [mine, theirs] = await ready();
    await mine.startSas();
    const [start] = alice.sent.splice(0);
    await bob.verifications.receive(start!);
    await exchangeAll(alice, bob);
    expect(phases(mine, theirs)).toEqual(["comparing", "comparing"]);
    await bob.verifications.receive({ ...start!, eventId: "$again" });
    await exchangeAll(alice, bob);
    for (const one of [mine, theirs]) await one.confirm().catch(() => undefined);
    await exchangeAll(alice, bob);
    expect(phases(mine, theirs)).not.toContain("done");
  });

  it("a key before its turn cancels, or is passed over; nothing is shown", async () => {
    const [mine, theirs] = await ready();
    await mine.startSas();
    const [start] = alice.sent.splice(0);
    const relation = start!.content["m.relates_to"];
    const early = { ...start!, eventId: "$early", type: "m.key.verification.key" };
    await bob.verifications.receive({ ...early, content: { key: "A".repeat(43), "m.relates_to": relation } });
    await bob.verifications.receive(start!);
    expect(theirs.state.emoji).toBeUndefined();
    expect(["started", "cancelled"]).toContain(theirs.state.phase);
  });

  it("a key that was exchanged on the way: a mismatch, and nothing to compare", async () => {
    const [mine, theirs] = await ready();
    const { x } = generateKeyPairSync("x25519").publicKey.export({ format: "jwk" });
    const mallory = Buffer.from(x!, "base64url").toString("base64").replace("=", "");
    await mine.startSas();
    for (let round = 0; round < 4; round++) {
      for (const event of alice.sent.splice(0)) await bob.verifications.receive(event);
      for (const event of bob.sent.splice(0)) {
        const exchanged = { ...event.content, key: mallory };
        const isKey = event.type === "m.key.verification.key";
        await alice.verifications.receive(isKey ? { ...event, content: exchanged } : event);
      }
    }
    expect(phases(mine, theirs)).toEqual(["cancelled", "cancelled"]);
    expect(codeOf(mine)).toBe("m.key_mismatch"); // the engine's code for a broken commitment
    await expect(mine.confirm()).rejects.toMatchObject({ code: "VERIFICATION_MISMATCH" });
  });

  it("of a third user, in the name of this verification: passed over", async () => {
    const carol = await newVerifier("@carol:example.org", exchange, alarm);
    const [mine, theirs] = await comparing();
    await mine.confirm();
    const [mac] = alice.sent.splice(0);
    await bob.verifications.receive({ ...mac!, sender: carol.userId });
    await theirs.confirm();
    for (const event of bob.sent.splice(0)) await alice.verifications.receive(event);
    expect(phases(theirs)).toEqual(["confirmed"]);
    const content = { code: "m.user", reason: "", "m.relates_to": mac!.content["m.relates_to"] };
    await bob.verifications.receive({
      ...mac!,
      eventId: "$cancel",
      sender: carol.userId,
      type: "m.key.verification.cancel",
      content,
    });
    expect(phases(theirs)).toEqual(["confirmed"]);
  });

  it("what is no verification event is nobody's business here", async () => {
    const content = { msgtype: "m.audio", body: "a voice" };
    const event = { roomId: ROOM, eventId: "$voice", sender: alice.userId, originServerTs: 1, content };
    expect(await bob.verifications.receive({ ...event, type: "m.room.message" })).toBe(false);
  });
});
