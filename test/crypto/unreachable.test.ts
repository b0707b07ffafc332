import { beforeAll, describe, expect, it } from "vitest";
import { RequestPump } from "../../src/crypto/requests.ts";
import { PolicyEncryptor } from "../../src/crypto/room-encryptor.ts";
import type { SharingPolicy } from "../../src/crypto/sharing.ts";
import { storeOfRoom } from "../support/encrypted-room.ts";
import { ManyDevices } from "../support/many-devices.ts";
import { ONLY_STORE, OWN, ROOM } from "../support/store.ts";

// Our homeserver answers, and says that another one did not. Two real ones that do not find each other are more than a
// test can set up; what the engine makes of it is real.

const CAROL = "@carol:slow.example:8448";
let others: ManyDevices;

beforeAll(async () => {
  others = await ManyDevices.create(OWN, 1);
});

async function roomWithCarol(onExcluded: SharingPolicy["onExcluded"] = "send") {
  const store = storeOfRoom([OWN, CAROL, ...others.userIds]);
  const machine = await others.sender();
  others.failures = { "slow.example:8448": { errcode: "M_UNAVAILABLE" } };
  const at = { ms: Date.now() };
  const policy = {
    sharing: () => ({ shareWith: "all", onExcluded, newMembers: "send" }) as const,
    rotation: { maxPeriodMs: 86_400_000, maxMessages: 100 },
  };
  const pump = new RequestPump(machine, others);
  const encryptor = new PolicyEncryptor(machine, pump, store, ONLY_STORE, policy, () => at.ms);
  const outcomes = (sessionId: string) =>
    store.ledger.entries(sessionId).map(({ userId, deviceId, outcome }) => [userId, deviceId, outcome]);
  return {
    encryptor,
    machine,
    pump,
    at,
    outcomes,
    encrypt: () => encryptor.encrypt(ROOM, "m.room.message", {}),
  };
}

describe("a member whose homeserver does not answer", () => {
  it("is named, the others get the key, and no further message asks again at once", async () => {
    const { encrypt, outcomes } = await roomWithCarol();
    const { session_id: sessionId } = await encrypt();
    expect(outcomes(sessionId)).toEqual([
      [CAROL, null, "unreachable"],
      [others.userIds[0], "PHONE", "shared"],
    ]);
    const before = others.requests.length;
    await encrypt();
    expect(others.requests.slice(before)).toEqual([]);
  });

  it("is no longer named once it has answered, and the session stays", async () => {
    const { encrypt, outcomes, machine, pump, at } = await roomWithCarol();
    const { session_id: sessionId } = await encrypt();
    others.failures = {};
    const { UserId } = (await import("../../src/crypto/engine.ts")).wasm;
    await pump.send(machine.queryKeysForUsers([new UserId(CAROL)]));
    at.ms += 60_000;
    expect((await encrypt()).session_id).toBe(sessionId);
    expect(outcomes(sessionId)).toEqual([
      [CAROL, null, "no-device"],
      [others.userIds[0], "PHONE", "shared"],
    ]);
  });

  it("is reason enough to refuse, before anything is claimed, where the room says so", async () => {
    const { encrypt } = await roomWithCarol("refuse");
    await expect(encrypt()).rejects.toMatchObject({
      code: "RECIPIENTS_EXCLUDED",
      message: expect.stringContaining(`${CAROL} (unreachable)`),
    });
    expect(others.requests.filter(({ kind }) => kind === "keys-claim" || kind === "to-device")).toEqual([]);
  });
});
