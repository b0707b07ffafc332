import { ALICE, BOT, homeserver, known, NOW_MS, room, roomState } from "../../support/facts.ts";
import { DAY_MS, inCreate, inLevels, inRoom, inState, needing, policy } from "../rules/changed.ts";
import { config } from "../rules/server.ts";
import type { Fault } from "./fault.ts";

const { members } = roomState();
const member = (userId: string, membership: "join" | "invite" = "join", days = 1) =>
  inState({ members: [...members, { userId, membership, sinceMs: NOW_MS - days * DAY_MS }] });
const by = (rule: string, ...allowedRooms: string[]) => inState({ joinRule: { rule, allowedRooms } });
const localHomeserver = { homeserver: homeserver(config({ federationDomains: [] })) };
const guarded = (type: string, rule: string): Fault => ({
  name: `${type} at level 50`,
  change: needing(type, 50),
  rules: [rule],
});

export const ACCESS_FAULTS: Fault[] = [
  {
    name: "a history open to the world",
    change: inState({ historyVisibility: "world_readable" }),
    rules: ["ACC-001"],
  },
  {
    name: "a history open to later members",
    change: inState({ historyVisibility: "shared" }),
    rules: ["ACC-002"],
    more: policy({ historyVisibility: "invited" }),
  },
  { name: "guests", change: inState({ guestAccess: "can_join" }), rules: ["ACC-003"] },
  { name: "a public room", change: by("public"), rules: ["ACC-004"] },
  { name: "a join rule that nobody knows", change: by("org.example.new"), rules: ["ACC-005"] },
  {
    name: "a public room that leads into this one",
    change: {
      rooms: [
        room({ state: known(roomState({ joinRule: { rule: "restricted", allowedRooms: ["!lobby"] } })) }),
        room({
          roomId: "!lobby",
          state: known(roomState({ joinRule: { rule: "public", allowedRooms: [] } })),
        }),
      ],
    },
    rules: ["ACC-006"],
    more: { policy: { ...policy({}).policy, except: { "!lobby": { joinRules: ["public"] } } } },
  },
  {
    name: "a room of which nothing is known leads into this one",
    change: by("restricted", "!dark"),
    rules: ["ACC-006"],
  },
  { name: "a place in the directory", change: inRoom({ isListed: known(true) }), rules: ["ACC-007"] },
  guarded("m.room.encryption", "ACC-008"),
  guarded("m.room.history_visibility", "ACC-009"),
  guarded("m.room.power_levels", "ACC-010"),
  guarded("m.room.join_rules", "ACC-011"),
  guarded("m.room.guest_access", "ACC-012"),
  guarded("m.room.server_acl", "ACC-013"),
  guarded("m.room.tombstone", "ACC-014"),
  { name: "a level for everybody", change: inLevels({ usersDefault: 50 }), rules: ["ACC-015"] },
  { name: "state that takes no level", change: inLevels({ stateDefault: 0 }), rules: ["ACC-016"] },
  {
    name: "a level for encrypted messages only",
    change: needing("m.room.encrypted", 50),
    rules: ["ACC-017"],
  },
  {
    name: "invitations by anybody",
    change: inLevels({ invite: 0 }),
    rules: ["ACC-018"],
    more: policy({ inviteLevel: 50 }),
  },
  {
    name: "one guard too many",
    change: inLevels({ users: { [ALICE]: 100, [BOT]: 100 } }),
    rules: ["ACC-019"],
    more: policy({ maxGuards: 1 }),
  },
  {
    name: "the only guard has left",
    change: inState({ members: members.filter(({ userId }) => userId !== ALICE) }),
    rules: ["ACC-020"],
  },
  {
    name: "a creator who cannot be demoted",
    change: inCreate({ version: "12", privilegedCreators: [ALICE] }),
    rules: ["ACC-021"],
  },
  { name: "an old room version", change: inCreate({ version: "5" }), rules: ["ACC-022"] },
  {
    name: "federation where the policy says local only",
    change: { ...inCreate({ isFederated: true }), ...localHomeserver },
    rules: ["ACC-023"],
    more: policy({ federated: false }),
    clean: { ...inCreate({ isFederated: false }), ...localHomeserver },
  },
  {
    name: "a member of another homeserver",
    change: member("@mallory:elsewhere.org"),
    rules: ["ACC-024"],
    more: policy({ servers: ["example.org"] }),
  },
  {
    name: "a widget",
    change: inState({ widgets: [{ stateKey: "w", type: "m.custom", name: null, url: null, sender: ALICE }] }),
    rules: ["ACC-025"],
  },
  {
    name: "a replaced room with members",
    change: inState({ tombstone: { successor: "!next", sender: ALICE } }),
    rules: ["ACC-026"],
  },
  {
    name: "an invitation of forty days ago",
    change: member("@eve:example.org", "invite", 40),
    rules: ["ACC-027"],
  },
];
