import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { receiving } from "../support/receiving.ts";
import { openTestStore, ROOM, storeOptions } from "../support/store.ts";

// What cannot be decrypted, under a clock of the test's own: it waits, is reported once, and is never lost.

const MINUTE_MS = 60_000;
const NO_KEY = { withheldCode: undefined, startsLater: false };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "performance", "setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
});
const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** When the test's device was made, and a moment before. */
const beforeDevice = () => Date.now() - 1;

describe("an event without its room key", () => {
  it.each([
    ["no-key-yet", NO_KEY, () => Date.now(), true],
    ["no-key-yet", NO_KEY, () => Date.now(), false],
    ["key-from-later", { ...NO_KEY, startsLater: true }, () => Date.now(), true],
    ["before-this-device", NO_KEY, beforeDevice, true],
    ["backup-off", NO_KEY, beforeDevice, false],
  ] as const)("(%s) is reported once, a minute later, and delivered when the key comes", async (...row) => {
    const [kind, lack, sentMs, isReadable] = row;
    const bot = await receiving();
    bot.backup.isReadable = isReadable;
    bot.missing.set("A", lack);
    bot.arrive("$1", "A", sentMs());
    await bot.round();
    await wait(MINUTE_MS - 1);
    await bot.round();
    expect([bot.told(), bot.decryptions]).toEqual([[], ["$1"]]);
    expect(bot.wakes()).toBe(0);
    await wait(1000);
    expect(bot.wakes()).toBe(1);
    await bot.round();
    expect(bot.told()).toEqual([`$1 ${kind}`]);
    expect(bot.wanted).toContain(`${ROOM} A`);
    await wait(1000 * MINUTE_MS);
    for (const _again of [1, 2]) await bot.round();
    expect(bot.told()).toHaveLength(1);
    expect(bot.withheldCounts).toEqual({ [kind]: 1 });
    bot.missing.clear();
    bot.keysCome("B", "A");
    expect(await bot.round()).toBe(1);
    expect([bot.heard, bot.told().length]).toEqual([["$1"], 1]);
    expect([...bot.store.inbox.waiting()]).toEqual([]);
  });

  it("is told of in a sentence, with what to do", async () => {
    const bot = await receiving();
    bot.missing.set("A", { ...NO_KEY, withheldCode: "m.blacklisted" });
    bot.arrive("$1", "A");
    await bot.round();
    expect(bot.reports).toMatchObject([
      { kind: "withheld", withheldCode: "m.blacklisted", error: { code: "DECRYPT_FAILED" } },
    ]);
    const [{ error }] = bot.reports as [(typeof bot.reports)[0]];
    expect(error.message).toBe(
      "$1 from @alice:example.org: the sender's device keeps the room key from this one: its owner has blocked this device (m.blacklisted)",
    );
    expect(error.cure).toContain("unblock");
    expect(bot.logged).toEqual([
      [
        "a message is not handed on",
        expect.objectContaining({ eventId: "$1", kind: "withheld", reason: error.message }),
      ],
    ]);
  });

  it("that comes within the minute is delivered without a word", async () => {
    const bot = await receiving();
    bot.missing.set("A", NO_KEY);
    bot.arrive("$1", "A");
    await bot.round();
    bot.missing.clear();
    bot.keysCome("A");
    expect(await bot.round()).toBe(1);
    await wait(2 * MINUTE_MS);
    await bot.round();
    expect([bot.heard, bot.told()]).toEqual([["$1"], []]);
  });

  it("stops none of the others", async () => {
    const bot = await receiving();
    bot.missing.set("A", NO_KEY).set("W", { ...NO_KEY, withheldCode: "m.unverified" });
    for (const [eventId, sessionId] of [
      ["$1", "A"],
      ["$2", "W"],
      ["$3", "S"],
    ] as const)
      bot.arrive(eventId, sessionId);
    expect(await bot.round()).toBe(1);
    expect(bot.heard).toEqual(["$3"]);
  });

  it("and that its sender withholds is reported at once, looked for in the backup, and never lost", async () => {
    const bot = await receiving();
    bot.missing.set("A", { ...NO_KEY, withheldCode: "m.unverified" });
    bot.arrive("$1", "A");
    for (const _again of [1, 2]) await bot.round();
    expect(bot.told()).toEqual(["$1 withheld"]);
    expect(bot.wanted).toEqual([`${ROOM} A`]);
    bot.missing.clear();
    bot.keysCome("A");
    expect(await bot.round()).toBe(1);
  });

  it("is reported again only if the reason is another one", async () => {
    const bot = await receiving();
    bot.missing.set("A", { ...NO_KEY, withheldCode: "m.unverified" });
    bot.arrive("$1", "A");
    await bot.round();
    bot.missing.set("A", { ...NO_KEY, startsLater: true });
    bot.keysCome("A");
    await bot.round();
    await wait(MINUTE_MS + 1000);
    for (const _again of [1, 2]) await bot.round();
    expect(bot.told()).toEqual(["$1 withheld", "$1 key-from-later"]);
  });
});

describe("the next process", () => {
  it("reports nothing that was reported, tries it once, and delivers it", async () => {
    const first = await receiving();
    first.missing.set("A", { ...NO_KEY, withheldCode: "m.unverified" });
    first.arrive("$1", "A");
    await first.round();
    const next = await receiving({ store: first.store });
    next.missing.set("A", { ...NO_KEY, withheldCode: "m.unverified" });
    for (const _again of [1, 2]) await next.round();
    await wait(10 * MINUTE_MS);
    await next.round();
    expect([next.told(), next.decryptions]).toEqual([[], ["$1"]]);
    next.missing.clear();
    next.keysCome("A");
    expect(await next.round()).toBe(1);
  });

  it("asks the backup first, then reports at once what has waited long enough before", async () => {
    const first = await receiving();
    first.missing.set("A", NO_KEY);
    first.arrive("$1", "A");
    await first.round();
    await wait(2 * MINUTE_MS);
    const next = await receiving({ store: first.store });
    next.missing.set("A", NO_KEY);
    await next.round();
    expect([next.told(), next.wanted]).toEqual([[], [`${ROOM} A`]]);
    await wait(6000);
    await next.round();
    expect(next.told()).toEqual(["$1 no-key-yet"]);
  });

  it("knows since when the device is there", async () => {
    const options = storeOptions();
    const made = openTestStore(options);
    const since = made.deviceSinceMs();
    expect(since).toBe(Date.now());
    made.close();
    await wait(MINUTE_MS);
    expect(openTestStore(options).deviceSinceMs()).toBe(since);
  });
});

describe.each(["key-from-backup", "unknown-device"] as const)("an event of no proven sender (%s)", (why) => {
  async function withheldOnce() {
    const bot = await receiving();
    bot.unproven.set("A", why);
    bot.arrive("$1", "A");
    for (const _again of [1, 2]) await bot.round();
    return bot;
  }

  it("is reported once, with the config that hands it on, and stays", async () => {
    const bot = await withheldOnce();
    expect(bot.told()).toEqual([`$1 ${why}`]);
    expect(bot.reports[0]?.error).toMatchObject({
      code: "SENDER_UNTRUSTED",
      message: expect.stringContaining("nothing proves who sent it"),
      cure: expect.stringContaining("acceptFrom: all"),
    });
    const next = await receiving({ store: bot.store });
    next.unproven.set("A", why);
    await next.round();
    expect([next.told(), next.heard, next.downloads]).toEqual([[], [], []]);
    expect([...next.store.inbox.waiting()]).toHaveLength(1);
  });

  it("is handed on by a process whose config takes it", async () => {
    const { store } = await withheldOnce();
    const next = await receiving({ store, rooms: { [ROOM]: { acceptFrom: "all" } } });
    next.unproven.set("A", why);
    expect(await next.round()).toBe(1);
    expect([...store.inbox.waiting()]).toEqual([]);
  });

  it("is handed on when the sender's own key comes", async () => {
    const bot = await withheldOnce();
    bot.unproven.clear();
    bot.keysCome("A");
    expect(await bot.round()).toBe(1);
  });
});
