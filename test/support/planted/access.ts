import { type PlantedFault, replaced } from "./fault.ts";
import { DAY_MS } from "./policy.ts";
import { ENCRYPTION } from "./room.ts";

const set = (name: string, type: string, content: object, rule: string): PlantedFault => ({
  name,
  plant: async ({ room }) => void (await room.set(`m.room.${type}`, content)),
  rules: [rule],
});
const guarded = (type: string, rule: string): PlantedFault => ({
  name: `m.room.${type} at level 50`,
  plant: ({ room }) =>
    room.changeLevels(({ events }) => {
      events[`m.room.${type}`] = 50;
    }),
  rules: [rule],
});
const level = (name: string, setting: string, value: number, rule: string): PlantedFault => ({
  name,
  plant: ({ room }) =>
    room.changeLevels((levels) => {
      levels[setting] = value;
    }),
  rules: [rule],
});

/**
 * Not planted: ACC-024, a member of another homeserver. One that is not there can be neither invited nor let in, and a
 * second one would have to be reached by TLS under its own name. test/audit/faults/access.ts has it in facts.
 */
export const ACCESS_FAULTS: PlantedFault[] = [
  set(
    "a history open to the world",
    "history_visibility",
    { history_visibility: "world_readable" },
    "ACC-001",
  ),
  set("a history open to later members", "history_visibility", { history_visibility: "shared" }, "ACC-002"),
  set("guests", "guest_access", { guest_access: "can_join" }, "ACC-003"),
  set("a public room", "join_rules", { join_rule: "public" }, "ACC-004"),
  set("a join rule that the policy does not know", "join_rules", { join_rule: "knock" }, "ACC-005"),
  {
    name: "a public room that leads into this one",
    async plant({ house, room }) {
      const lobby = await house.newRoom();
      await lobby.set("m.room.join_rules", { join_rule: "public" });
      const allow = [{ type: "m.room_membership", room_id: lobby.roomId }];
      await room.set("m.room.join_rules", { join_rule: "restricted", allow });
      return [lobby];
    },
    rules: ["ACC-004", "ACC-006"],
    // "send m.room.join_rules, or close" the other: here both, since the other is found as well
    async cure({ house, room }, findings) {
      const lobby = findings.find(({ ruleId }) => ruleId === "SOTTO-ACC-004")!.subject.roomId!;
      const content = { join_rule: "invite" };
      await room.set("m.room.join_rules", content);
      await house.call("PUT", `rooms/${encodeURIComponent(lobby)}/state/m.room.join_rules/`, content);
    },
  },
  {
    name: "a place in the directory",
    plant: async ({ house, room }) => {
      const path = `directory/list/room/${encodeURIComponent(room.roomId)}`;
      await house.call("PUT", path, { visibility: "public" });
    },
    rules: ["ACC-007"],
  },
  guarded("encryption", "ACC-008"),
  guarded("history_visibility", "ACC-009"),
  guarded("power_levels", "ACC-010"),
  guarded("join_rules", "ACC-011"),
  guarded("guest_access", "ACC-012"),
  guarded("server_acl", "ACC-013"),
  guarded("tombstone", "ACC-014"),
  level("a level for everybody", "users_default", 50, "ACC-015"),
  level("state that takes no level", "state_default", 0, "ACC-016"),
  {
    name: "a level for encrypted messages only",
    plant: ({ room }) =>
      room.changeLevels(({ events }) => {
        events["m.room.encrypted"] = 50;
      }),
    rules: ["ACC-017"],
  },
  level("invitations by anybody", "invite", 0, "ACC-018"),
  {
    name: "one guard too many",
    hasMember: true,
    plant: ({ house, room, member }) =>
      room.changeLevels(({ users }) => {
        users[house.alice.userId] = 100;
        users[member.userId] = 100;
      }),
    rules: ["ACC-019"],
    // "lower in users those who need not be there"
    cure: ({ room, member }) =>
      room.changeLevels(({ users }) => {
        delete users[member.userId];
      }),
  },
  {
    name: "the only guard has left",
    made: () => ({ version: "11", encryption: ENCRYPTION }),
    async plant({ house: { alice, bot }, room }) {
      await room.changeLevels(({ users }) => {
        users[alice.userId] = 100;
        users[bot.userId] = 50;
      });
      await alice.call("POST", room.path("leave"), {});
    },
    rules: ["ACC-020"],
    // "let one of those come back by an invitation"
    async cure({ house: { alice }, room }) {
      await room.invite(alice.userId);
      await alice.join(room.roomId);
    },
  },
  {
    name: "a creator who cannot be demoted",
    made: ({ alice }) => ({ by: alice, version: "12" }),
    rules: ["ACC-021"],
    cure: replaced,
  },
  { name: "an old room version", made: () => ({ version: "5" }), rules: ["ACC-022"], cure: replaced },
  { name: "a room that federates", made: () => ({ federated: true }), rules: ["ACC-023"], cure: replaced },
  {
    name: "a widget",
    plant: async ({ room }) => {
      const widget = { type: "m.custom", url: "https://widget.example.org/", name: "board" };
      await room.set("im.vector.modular.widgets", widget, "board");
    },
    rules: ["ACC-025"],
  },
  {
    name: "a replaced room with members",
    async plant(place) {
      place.next = await place.house.newRoom();
      const { roomId } = place.next;
      await place.room.set("m.room.tombstone", { body: "moved", replacement_room: roomId });
    },
    rules: ["ACC-026"],
    // "kick for each who is still there, then leave"
    async cure({ house, room, next }) {
      await room.kick(house.alice.userId);
      await house.call("POST", room.path("leave"), {});
      return next;
    },
  },
  {
    name: "an invitation of forty days ago",
    async plant({ house, room }) {
      const { userId } = await house.synapse.registerUser("invited");
      const path = room.path(`state/m.room.member/${encodeURIComponent(userId)}`);
      const thenMs = Date.now() - 40 * DAY_MS;
      await house.callThen(house.bot.userId, thenMs, "PUT", path, { membership: "invite" });
    },
    rules: ["ACC-027"],
  },
];
