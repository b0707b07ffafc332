import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { audit } from "../../src/audit/index.ts";
import { DEFAULT_POLICY } from "../../src/config/policy.ts";
import { SottoError } from "../../src/errors.ts";
import { parseRoomState } from "../../src/matrix/facts/room-state.ts";
import { readTimeline } from "../../src/matrix/facts/timeline.ts";
import type { RoomEvent } from "../../src/model/event.ts";
import type { Policy } from "../../src/model/policy.ts";
import type { RoomState } from "../../src/model/room-facts.ts";
import { facts, known, room } from "../support/facts.ts";
import { garbage } from "../support/garbage.ts";
import { ALICE, BOB, event, member, ROOM, state } from "../support/store.ts";

// A room in which much is wrong, and then garbage somewhere in what is said of it: nothing breaks, and nothing is cured.

const POLICY: Policy = {
  ...DEFAULT_POLICY,
  rooms: { ...DEFAULT_POLICY.rooms, historyVisibility: "joined", joinRules: ["invite"], federated: false },
};
const bad = (): RoomEvent[] => [
  state("m.room.create", { room_version: "9" }),
  state("m.room.encryption", { algorithm: "none", rotation_period_ms: "1" }),
  state("m.room.history_visibility", { history_visibility: "world_readable" }),
  state("m.room.guest_access", { guest_access: "can_join" }),
  state("m.room.join_rules", { join_rule: "public" }),
  state("m.room.power_levels", { users: { [ALICE]: 100 }, users_default: 100, state_default: 0, events: {} }),
  state("m.widget", { url: "https://evil.example", type: "m.custom" }, "w"),
  state("m.bridge", { protocol: { id: "telegram" } }, "b"),
  member(ALICE, "join"),
  member(BOB, "join"),
];
const results = (found: RoomState) =>
  audit({ facts: facts({ rooms: [room({ roomId: ROOM, state: known(found) })] }), policy: POLICY }).findings;
/** Who finds it, whatever stands in it. Power levels that are none have no effect; a name or a topic is gone. */
const FOUND_BY: Record<string, string[]> = {
  "m.room.encryption": ["SOTTO-ENC-002"],
  "m.room.history_visibility": ["SOTTO-ACC-001", "SOTTO-ACC-002"],
  "m.room.guest_access": ["SOTTO-ACC-003"],
  "m.room.join_rules": ["SOTTO-ACC-004", "SOTTO-ACC-005"],
  "m.widget": ["SOTTO-ACC-025"],
  "m.bridge": ["SOTTO-ENC-017"],
};

describe("garbage", () => {
  it("in a state event's content breaks no rule, and hides nothing from those that found it", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), garbage, (which, field, value) => {
        const events = bad();
        const one = events[which % events.length]!;
        const names = Object.keys(one.content);
        if (one.type !== "m.room.member") one.content[names[field % names.length]!] = value;
        const found = results(parseRoomState(events, ROOM));
        expect(found.filter(({ result }) => result === "error")).toEqual([]);
        const open = found.filter(({ result }) => result === "fail" || result === "warn");
        for (const rules of Object.values(FOUND_BY))
          expect(open.some(({ ruleId }) => rules.includes(ruleId))).toBe(true);
      }),
      { seed: 7, numRuns: 1_000 },
    );
  });

  it("in the place of an event, or in its envelope, is no state and no past, or none that breaks", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.constantFrom("type", "content", "state_key", "sender", "event_id"),
        garbage,
        async (which, part, value) => {
          const events = bad();
          events[which % events.length] = { ...events[which % events.length]!, [part]: value };
          try {
            const found = results(parseRoomState(events, ROOM));
            expect(found.filter(({ result }) => result === "error")).toEqual([]);
          } catch (thrown) {
            expect(thrown).toMatchObject({ code: "HOMESERVER_ERROR" });
          }
          const page = {
            chunk: [...events, event("m.room.message", { url: value, file: value, "m.relates_to": value })],
          };
          await readTimeline(async () => page, 100).catch((thrown) =>
            expect(thrown).toBeInstanceOf(SottoError),
          );
        },
      ),
      { seed: 7, numRuns: 1_000 },
    );
  });
});
