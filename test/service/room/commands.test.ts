import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../src/log.ts";
import type { DecryptedEvent } from "../../../src/model/event.ts";
import type { RoomId } from "../../../src/model/ids.ts";
import type { Account } from "../../../src/service/account.ts";
import { Commands } from "../../../src/service/room/commands.ts";
import { outboxOn } from "../../support/faulty-ports.ts";
import {
  ALICE,
  BOB,
  batch,
  joined,
  MEGOLM,
  OTHER_ROOM,
  OWN,
  openTestStore,
  ROOM,
  state,
} from "../../support/store.ts";

// The outbox and the store are real; what leaves is what the encryptor was given.

function setUp() {
  const store = openTestStore();
  const encryption = state("m.room.encryption", { algorithm: MEGOLM });
  store.rooms.apply(batch({ joined: [joined([encryption]), joined([], { roomId: OTHER_ROOM })] }), OWN);
  const { outbox, encryptor } = outboxOn(store);
  const at = { ms: 0 };
  const stopped = new Set<RoomId>();
  const account = {
    ...{ store, outbox, logger: silentLogger },
    config: { commandsFrom: [ALICE], account: { userId: OWN } },
    sync: { standing: { ageMs: 4_000 } },
    stops: { error: (roomId: RoomId) => stopped.has(roomId) && new Error() },
  } as unknown as Account;
  const route = { from: "door", to: ROOM };
  const elsewhere = { from: OTHER_ROOM, to: ROOM };
  const relay = {
    routesOf: () => [route, elsewhere] as never,
    checks: async () => [
      { connector: "door", ok: false, message: "its folder is gone" },
      { connector: OTHER_ROOM, ok: false, message: `${OTHER_ROOM} is secret` },
    ],
  };
  const commands = new Commands(account, relay, () => at.ms);
  let events = 0;
  const hear = async (more: Partial<DecryptedEvent> = {}, body = "!sotto help") => {
    events += 1;
    const place = { roomId: ROOM, eventId: `$command${events}`, originServerTs: 0, sessionId: "S" };
    const by = { sender: ALICE, senderDeviceId: "D", trust: "verified" as const };
    const content = { msgtype: "m.text", body };
    await commands.hear({ ...place, ...by, type: "m.room.message", content, ...more });
    await outbox.settled();
    return encryptor.encrypted.length;
  };
  return { hear, at, stopped, said: () => String(encryptor.encrypted.at(-1)?.content.body) };
}

describe("a command", () => {
  it("is answered to those who are named and verified, in their room, as a notice", async () => {
    const { hear, said } = setUp();
    expect(await hear()).toBe(1);
    expect(said()).toContain("!sotto why");
  });

  it.each<[string, Partial<DecryptedEvent>, string]>([
    ["of others", { sender: BOB }, "!sotto help"],
    ["of a signed device", { trust: "signed" }, "!sotto help"],
    ["of a violated identity", { trust: "violation" }, "!sotto help"],
    ["in a room that is not encrypted", { roomId: OTHER_ROOM }, "!sotto help"],
    ["inside of other words", {}, "say !sotto help"],
    ["with more words than there are", {}, "!sotto help me now"],
    ["that is no text", { content: { msgtype: "m.text", body: { toString: 1 } } }, ""],
  ])("%s is not", async (_what, more, body) => {
    expect(await setUp().hear(more, body)).toBe(0);
  });

  it("in a room that gets nothing is not, before that is lifted", async () => {
    const { hear, stopped } = setUp();
    stopped.add(ROOM);
    expect(await hear()).toBe(0);
    stopped.clear();
    expect(await hear()).toBe(1);
  });

  it("is answered once where its event comes again", async () => {
    const { hear } = setUp();
    expect(await hear({ eventId: "$same" })).toBe(1);
    expect(await hear({ eventId: "$same" })).toBe(1);
  });

  it("is answered six times a minute at most, whoever asks", async () => {
    const { hear, at } = setUp();
    for (let time = 0; time < 10; time += 1) await hear();
    expect(await hear()).toBe(6);
    at.ms += 60_001;
    expect(await hear()).toBe(7);
  });

  it("tells of routes and their trouble, and names no other room", async () => {
    const { hear, said } = setUp();
    await hear({}, "!sotto status");
    expect(said()).toContain("Last answer of the homeserver: 4 seconds ago.");
    expect(said()).toContain("- door to a room: its folder is gone");
    expect(said()).toContain("- a room to a room: a room of it cannot be used");
    expect(said()).not.toContain(OTHER_ROOM);
  });
});
