import { describe, expect, it, vi } from "vitest";
import { type ErrorCode, SottoError } from "../../../src/errors.ts";
import { handing, Told, toEach } from "../../support/handing.ts";
import { event, MEGOLM, openTestStore, ROOM } from "../../support/store.ts";

// Receivers of one room, on a real inbox; the engine and the homeserver are stubs.

const never = new Promise(() => undefined);
const PATIENCE = { timeout: 10_000, interval: 5 };
const until = (check: () => void) => vi.waitFor(check, PATIENCE);
const notNow = () => new SottoError("CONNECTOR_FAILED", "not now");

describe("a receiver that never ends", () => {
  it("holds up nobody else, and its messages wait for it", async () => {
    const [stuck, other] = [new Told(), new Told()];
    stuck.turn = never;
    const { arrive, inbox, settled, decryptions } = await handing({
      ...{ stuck: stuck.deliver, other: other.deliver },
    });
    arrive("$1", "$2", "$3");
    await until(() => expect(other.had).toEqual(["$1", "$2", "$3"]));
    arrive("$4");
    await until(() => expect(other.had).toEqual(["$1", "$2", "$3", "$4"]));
    expect(stuck.begun).toEqual(["$1"]);
    expect(inbox()).toEqual(["$1", "$2", "$3", "$4"]);
    expect(settled).toEqual([]);
    // once when it came, and once for the other; never again at every further round
    expect(decryptions.filter((eventId) => eventId === "$2")).toHaveLength(2);
  });

  it("keeps no text in the inbox, and nobody from hearing why a message is withheld", async () => {
    const stuck = new Told();
    stuck.turn = never;
    const { arrive, inbox, unproven, withheldCounts, account } = await handing({ stuck: stuck.deliver });
    arrive("$1");
    await until(() => expect(stuck.begun).toEqual(["$1"]));
    const { decrypt } = account.crypto;
    account.crypto.decrypt = async (roomId, encrypted) => ({
      ...(await decrypt(roomId, encrypted)),
      ...(encrypted.event_id === "$text" && { content: { msgtype: "m.text", body: "hello" } }),
      ...(encrypted.event_id === "$stranger" && { trust: "violation" as const }),
    });
    arrive("$text", "$stranger");
    await until(() => expect(inbox()).toEqual(["$1"]));
    expect(withheldCounts).toEqual({ "untrusted-sender": 1 });
    expect(unproven.size).toBe(0);
  });

  it("is not waited for when the service stops", async () => {
    const stuck = new Told();
    stuck.turn = never;
    stuck.isDeaf = true;
    const { arrive, inbox, stop } = await handing({ stuck: stuck.deliver });
    arrive("$1");
    await until(() => expect(stuck.begun).toEqual(["$1"]));
    await stop();
    expect(inbox()).toEqual(["$1"]);
  });

  it("keeps only as much in memory as the inbox holds", async () => {
    const stuck = new Told();
    stuck.turn = never;
    const { handOver, store } = await handing({ stuck: stuck.deliver });
    const voice = (count: number) => event(MEGOLM, { session_id: "S" }, { event_id: `$event${count}` });
    store.transaction(() => {
      for (let count = 0; count < 5_000; count += 1) store.inbox.add(ROOM, voice(count), 1);
    });
    for (let count = 0; count < 5_000; count += 1) handOver.add(ROOM, `$event${count}`);
    store.inbox.add(ROOM, voice(5_000), 1);
    handOver.add(ROOM, "$event5000");
    expect([0, 1, 5_000].map((count) => handOver.knows(`$event${count}`))).toEqual([false, true, true]);
  });
});

describe("each receiver", () => {
  it("gets every message once, in order, at its own pace; one recording serves those who are in step", async () => {
    const [slow, fast] = [new Told(), new Told()];
    const held = Promise.withResolvers<void>();
    slow.turn = held.promise;
    const { arrive, inbox, settled, downloads } = await handing({ slow: slow.deliver, fast: fast.deliver });
    arrive("$1", "$2", "$3");
    await until(() => expect(fast.had).toEqual(["$1", "$2", "$3"]));
    expect(downloads).toHaveLength(3);
    held.resolve();
    await until(() => expect(settled).toEqual(["$1", "$2", "$3"]));
    expect([slow.begun, slow.had]).toEqual([fast.had, fast.had]);
    expect([inbox(), downloads.length]).toEqual([[], 5]);
  });

  it("rests where it fails, and then goes on with the same message; the others do not wait", async () => {
    const [failing, other] = [new Told(), new Told()];
    failing.refusals.push(notNow(), notNow());
    const { arrive, settled } = await handing({ failing: failing.deliver, other: other.deliver });
    arrive("$1", "$2");
    await until(() => expect(other.had).toEqual(["$1", "$2"]));
    expect(failing.begun).toEqual(["$1"]);
    await until(() => expect(settled).toEqual(["$1", "$2"]));
    expect(failing.begun).toEqual(["$1", "$1", "$1", "$2"]);
  });

  it("is spared a recording that does not come, and gets those behind it", async () => {
    const [one, other] = [new Told(), new Told()];
    const { arrive, failures, inbox } = await handing({ one: one.deliver, other: other.deliver });
    failures.set("$1", new SottoError("HOMESERVER_UNREACHABLE", "nothing came"));
    arrive("$1", "$2");
    await until(() => expect([one.had, other.had]).toEqual([["$2"], ["$2"]]));
    expect(inbox()).toEqual(["$1"]);
  });

  it("tells nobody anew of a message that none of them may have", async () => {
    const [one, other] = [new Told(), new Told()];
    const { arrive, failures, inbox, withheldCounts } = await handing({
      ...{ one: one.deliver, other: other.deliver },
    });
    failures.set("$1", new SottoError("ATTACHMENT_HASH_MISMATCH", "not what was sent"));
    arrive("$1", "$2");
    await until(() => expect(inbox()).toEqual([]));
    expect([one.had, other.had]).toEqual([["$2"], ["$2"]]);
    expect(withheldCounts).toEqual({ "bad-attachment": 1 });
  });

  it.each<[ErrorCode, boolean]>([
    ["CONNECTOR_FAILED", false],
    ["ROUTE_UNKNOWN", false],
    ["INTERNAL", false],
    ["HOMESERVER_UNREACHABLE", false],
    ["AUDIO_TOO_LARGE", true],
  ])("that fails with %s has had the message: %s", async (code, isOver) => {
    const [failing, other] = [new Told(), new Told()];
    failing.refusals.push(...Array.from({ length: 9 }, () => new SottoError(code, "not now")));
    const { arrive, inbox, refused } = await handing({ failing: failing.deliver, other: other.deliver });
    arrive("$1");
    await until(() => expect([failing.begun[0], other.had]).toEqual(["$1", ["$1"]]));
    if (isOver) await until(() => expect(inbox()).toEqual([]));
    else expect(inbox()).toEqual(["$1"]);
    expect(refused).toEqual(isOver ? ["$1"] : []);
  });
});

describe("what is redacted", () => {
  it("goes to nobody who has not had it", async () => {
    const [slow, other] = [new Told(), new Told()];
    const held = Promise.withResolvers<void>();
    slow.turn = held.promise;
    const { arrive, store, inbox } = await handing({ slow: slow.deliver, other: other.deliver });
    arrive("$1", "$2", "$3");
    await until(() => expect(other.had).toHaveLength(3));
    store.inbox.done("$2");
    held.resolve();
    await until(() => expect(slow.had).toEqual(["$1", "$3"]));
    expect(inbox()).toEqual([]);
  });
});

describe("a process that begins", () => {
  it("gives each receiver what it has not had, and nothing else", async () => {
    const [one, other] = [new Told(), new Told()];
    const store = openTestStore();
    other.turn = never;
    const first = await handing({ one: one.deliver, other: other.deliver }, { store });
    first.arrive("$1", "$2");
    await until(() => expect(one.had).toEqual(["$1", "$2"]));
    await first.stop();
    const [oneAgain, otherAgain] = [new Told(), new Told()];
    const second = await handing({ one: oneAgain.deliver, other: otherAgain.deliver }, { store });
    await until(() => expect(second.inbox()).toEqual([]));
    expect([oneAgain.begun, otherAgain.begun]).toEqual([[], ["$1", "$2"]]);
  });

  it("lets go of what only a receiver has not had whose route is gone", async () => {
    const [one, gone] = [new Told(), new Told()];
    const store = openTestStore();
    gone.turn = never;
    const first = await handing({ one: one.deliver, gone: gone.deliver }, { store });
    first.arrive("$1");
    await until(() => expect(one.had).toEqual(["$1"]));
    await first.stop();
    const again = new Told();
    const second = await handing({ one: again.deliver }, { store });
    await until(() => expect(second.inbox()).toEqual([]));
    expect(again.begun).toEqual([]);
  });
});

describe("a new plan", () => {
  it("begins no message that a receiver still has from the old one, and goes on behind it", async () => {
    const [before, after, stuck] = [new Told(), new Told(), new Told()];
    const held = Promise.withResolvers<void>();
    before.turn = held.promise;
    stuck.turn = never;
    const { arrive, handOver, inbox } = await handing({ one: before.deliver });
    arrive("$1", "$2");
    await until(() => expect(before.begun).toEqual(["$1"]));
    handOver.join(toEach({ one: after.deliver, new: stuck.deliver }));
    await until(() => expect(stuck.begun).toEqual(["$1"]));
    held.resolve();
    await until(() => expect(after.had).toEqual(["$2"]));
    expect(inbox()).toEqual(["$1", "$2"]);
    expect([before.had, after.begun]).toEqual([["$1"], ["$2"]]);
  });
});
