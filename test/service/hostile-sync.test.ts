import { expect, it } from "vitest";
import { ODD, placesIn, spoiled } from "../support/garbage.ts";
import { ALICE, BOB, event, member, OWN, ROOM, state } from "../support/store.ts";
import { answer, codeOf, setUp } from "../support/sync-driver.ts";

// Members of a room write what they like into its events, and their homeservers into invitations: no word of it ends sync.

const encrypted = {
  ...event("m.room.encrypted", { algorithm: "m.megolm.v1.aes-sha2", session_id: "s", ciphertext: "c" }),
  unsigned: { transaction_id: "t", age: 1 },
};
const ROOMS = {
  join: {
    [ROOM]: {
      state: {
        events: [
          state("m.room.create", { room_version: "12" }),
          state("m.room.encryption", { algorithm: "m.megolm.v1.aes-sha2", rotation_period_ms: 1 }),
          state("m.room.history_visibility", { history_visibility: "joined" }),
          state("m.room.tombstone", { replacement_room: "!next" }),
          member(ALICE, "join"),
          member(OWN, "join"),
        ],
      },
      timeline: {
        limited: true,
        prev_batch: "p",
        events: [
          encrypted,
          event("m.room.message", { msgtype: "m.audio", body: "voice" }),
          event("m.room.message", { msgtype: "m.key.verification.request", from_device: "D", to: OWN }),
          { ...event("m.room.redaction", { redacts: "$x" }), redacts: "$x" },
          member(BOB, "leave"),
        ],
      },
    },
  },
  invite: {
    "!invited": { invite_state: { events: [member(OWN, "invite"), state("m.room.name", { name: "x" })] } },
  },
  leave: { "!left": { timeline: { events: [member(OWN, "leave")] } } },
};
const WHOLE = {
  rooms: ROOMS,
  account_data: { events: [{ type: "store", content: { epoch: 1 } }] },
  to_device: { events: [{ type: "m.room.encrypted", sender: ALICE, content: { algorithm: "x" } }] },
  device_lists: { changed: [ALICE], left: [BOB] },
  device_one_time_keys_count: { signed_curve25519: 50 },
  device_unused_fallback_key_types: ["signed_curve25519"],
};

it("an answer of sync with anything in one place is taken, and so is what comes after it", async () => {
  let given: object = {};
  const { driver, store } = await setUp((_seen, count) => answer(`s${count}`, given));
  const endedBy: unknown[] = [];
  for (const steps of placesIn(WHOLE)) {
    for (const by of ODD) {
      given = spoiled(WHOLE, steps, by) as object;
      const before = store.syncToken();
      const code = await driver.toLiveEnd().catch(codeOf);
      if (store.syncToken() === before) endedBy.push({ code, steps, by });
    }
  }
  expect(endedBy).toEqual([]);
});
