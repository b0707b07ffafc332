import type { DeviceFacts, Fact, Facts, UserFacts } from "../../src/model/facts.ts";
import type { HomeserverFacts } from "../../src/model/homeserver-facts.ts";
import type { OwnFacts } from "../../src/model/own-facts.ts";
import type { RoomFacts, RoomState } from "../../src/model/room-facts.ts";

// Facts of a small team in which everything is as it should be. A test changes one thing.

export const NOW_MS = Date.parse("2026-11-01T12:00:00Z");
const BEGUN_MS = NOW_MS - 30 * 86_400_000;
export const ALICE = "@alice:example.org";
export const BOT = "@voice:example.org";
export const ROOM = "!team:example.org";

export const known = <T>(value: T): Fact<T> => ({ value });
export const unread = (reason: string): Fact<never> => ({ unread: reason });

export const roomState = (change: Partial<RoomState> = {}): RoomState => ({
  create: {
    sender: ALICE,
    sentMs: BEGUN_MS,
    version: "11",
    privilegedCreators: [],
    isFederated: true,
    type: null,
    predecessor: null,
  },
  encryption: {
    algorithm: "m.megolm.v1.aes-sha2",
    rotationPeriodMs: 604_800_000,
    rotationPeriodMsgs: 100,
    eventId: "$encryption",
    sender: ALICE,
    sentMs: BEGUN_MS,
  },
  historyVisibility: "invited",
  guestAccess: "forbidden",
  joinRule: { rule: "invite", allowedRooms: [] },
  powerLevels: {
    users: { [ALICE]: 100 },
    usersDefault: 0,
    events: {
      "m.room.encryption": 100,
      "m.room.history_visibility": 100,
      "m.room.power_levels": 100,
      "m.room.server_acl": 100,
      "m.room.tombstone": 100,
      "m.room.join_rules": 100,
      "m.room.guest_access": 100,
    },
    eventsDefault: 0,
    stateDefault: 50,
    invite: 50,
    kick: 50,
    ban: 50,
    redact: 50,
    isSet: true,
  },
  name: null,
  topic: null,
  avatarUrl: null,
  aliases: [],
  tombstone: null,
  retention: null,
  serverAcl: null,
  widgets: [],
  bridges: [],
  members: [ALICE, BOT].map((userId) => ({ userId, membership: "join", sinceMs: BEGUN_MS })),
  ...change,
});

export const room = (change: Partial<RoomFacts> = {}): RoomFacts => ({
  roomId: ROOM,
  state: known(roomState()),
  timeline: known({
    isWhole: true,
    envelopes: [
      {
        eventId: "$voice",
        type: "m.room.encrypted",
        sender: BOT,
        sentMs: BEGUN_MS + 60_000,
        sessionId: "session",
      },
      { eventId: "$encryption", type: "m.room.encryption", stateKey: "", sender: ALICE, sentMs: BEGUN_MS },
    ],
  }),
  isListed: known(false),
  clearMedia: known([]),
  ...change,
});

export const device = (change: Partial<DeviceFacts> = {}): DeviceFacts => ({
  deviceId: "PHONE",
  keys: { ed25519: "ed25519-of-phone", curve25519: "curve25519-of-phone" },
  isSelfSigned: true,
  isCrossSigned: true,
  isDehydrated: false,
  lastSeenMs: NOW_MS - 3_600_000,
  ...change,
});

export const user = (userId: string, change: Partial<UserFacts> = {}): UserFacts => ({
  userId,
  rooms: [ROOM],
  identity: known({
    masterKey: `master-of-${userId}`,
    isConsistent: true,
    isVerifiedByUs: known(true),
    change: known("none"),
  }),
  devices: known([device()]),
  account: known({
    isDeactivated: false,
    isAdmin: false,
    userType: null,
    appservice: null,
    createdMs: BEGUN_MS,
  }),
  ...change,
});

export const homeserver = (change: Partial<HomeserverFacts> = {}): HomeserverFacts => ({
  baseUrl: "https://matrix.example.org",
  serverName: "example.org",
  publicUrl: known("https://matrix.example.org"),
  software: known({ name: "Synapse", version: "1.161.0" }),
  outside: {
    registrationFlows: known(null),
    isAdminApiExposed: known(false),
    areProfilesPublic: known(false),
    isDirectoryPublic: known(false),
    isFederating: known(true),
  },
  turn: known({ ttlSec: 3_600, uris: ["turn:turn.example.org"], isTimeLimited: true }),
  uploadLimit: known(52_428_800),
  messageRateLimit: known({ messagesPerSecond: 0, burstCount: 0 }),
  config: known({
    encryptionByDefault: "all",
    isRegistrationOpen: false,
    isRegistrationVerified: false,
    areGuestsAllowed: false,
    retention: { isEnabled: true, maxLifetimeMs: 365 * 86_400_000 },
    mediaRetention: { localLifetimeMs: 366 * 86_400_000, remoteLifetimeMs: 90 * 86_400_000 },
    redactionRetentionMs: 7 * 86_400_000,
    turn: {
      hasSharedSecret: true,
      hasStaticPassword: false,
      userLifetimeMs: 3_600_000,
      areGuestsAllowed: false,
    },
    federationDomains: null,
    isStatsReported: false,
    isSentryOn: false,
    isTracingOn: false,
    presence: "off",
    isUrlPreviewOn: false,
    isMediaAuthenticated: true,
    deleteStaleDevicesAfterMs: null,
    isPublicRoomListOpen: false,
    isPublicRoomListFederated: false,
    areProfilesGuarded: true,
    isEveryoneSearchable: false,
    areDeviceNamesFederated: false,
    userIpsMaxAgeMs: 28 * 86_400_000,
    pushHasContent: false,
    emailHasContent: false,
    messageRateLimit: { perSecond: 0.2, burstCount: 10 },
    listeners: [
      { port: 8008, bindAddresses: ["127.0.0.1"], resources: ["client", "federation"], isTls: false },
    ],
  }),
  logging: known({
    rootLevel: "WARNING",
    loggers: { "synapse.storage.SQL": "INFO" },
    formats: [],
    handlerLevel: "NOTSET",
  }),
  ...change,
});

export const own = (change: Partial<OwnFacts> = {}): OwnFacts => ({
  userId: BOT,
  deviceId: "SOTTO1",
  identity: known({ exists: true, isDeviceSigned: true, hasChanged: false, arePrivateKeysHere: true }),
  backup: known({ version: "1", isTrusted: true, isInUse: true }),
  recoveryDrilledMs: known(NOW_MS - 86_400_000),
  settings: {
    shareWith: "signed",
    acceptFrom: "signed",
    rooms: {},
    rotation: { maxPeriodMs: 604_800_000, maxMessages: 100 },
    signals: { typing: false, receipts: false, reactions: false },
    requireSandbox: true,
    logLevel: "info",
  },
  withheld: [],
  held: [],
  undecryptable: {},
  deadLetters: 0,
  uncertain: 0,
  ...change,
});

export const facts = (change: Partial<Facts> = {}): Facts => ({
  schemaVersion: 1,
  collectedMs: NOW_MS,
  by: BOT,
  scope: "admin",
  homeserver: homeserver(),
  own: known(own()),
  rooms: [room()],
  users: [user(ALICE), user(BOT, { devices: known([device({ deviceId: "SOTTO1" })]) })],
  ...change,
});
