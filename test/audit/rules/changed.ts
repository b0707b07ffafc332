import { DEFAULT_POLICY } from "../../../src/config/policy.ts";
import type { DeviceFacts, Facts, UserFacts } from "../../../src/model/facts.ts";
import type { Policy, RoomPolicy } from "../../../src/model/policy.ts";
import type { Envelope, PowerLevels, RoomFacts, RoomState } from "../../../src/model/room-facts.ts";
import {
  ALICE,
  BOT,
  device,
  facts,
  known,
  NOW_MS,
  room,
  roomState,
  unread,
  user,
} from "../../support/facts.ts";

// The small team's facts with one thing changed.

export const DAY_MS = 86_400_000;

type Change = Partial<Facts>;

export const inRoom = (change: Partial<RoomFacts>): Change => ({ rooms: [room(change)] });
export const inState = (change: Partial<RoomState>): Change => inRoom({ state: known(roomState(change)) });
export const noState = inRoom({ state: unread("M_FORBIDDEN") });

export const inLevels = (change: Partial<PowerLevels>): Change =>
  inState({ powerLevels: { ...roomState().powerLevels, ...change } });
export const needing = (type: string, level: number): Change =>
  inLevels({ events: { ...roomState().powerLevels.events, [type]: level } });
export const inCreate = (change: Partial<RoomState["create"]>): Change =>
  inState({ create: { ...roomState().create, ...change } });
export const inEncryption = (change: Partial<NonNullable<RoomState["encryption"]>>): Change =>
  inState({ encryption: { ...roomState().encryption!, ...change } });

/** An event of the room's past, a day old unless told. */
export const envelope = (change: Partial<Envelope> = {}): Envelope => ({
  eventId: "$event",
  type: "m.room.encrypted",
  sender: ALICE,
  sentMs: NOW_MS - DAY_MS,
  ...change,
});
/** The event that encrypted the room. */
export const setting = (change: Partial<Envelope> = {}): Envelope =>
  envelope({
    eventId: "$encryption",
    type: "m.room.encryption",
    stateKey: "",
    sentMs: roomState().encryption!.sentMs,
    content: {
      algorithm: "m.megolm.v1.aes-sha2",
      rotation_period_ms: 604_800_000,
      rotation_period_msgs: 100,
    },
    ...change,
  });
/** Newest first, on top of the event that encrypted the room. */
export const saying = (...envelopes: Envelope[]): Change =>
  inRoom({ timeline: known({ isWhole: true, envelopes: [...envelopes, setting()] }) });
export const past = (isWhole: boolean, ...envelopes: Envelope[]): Change =>
  inRoom({ timeline: known({ isWhole, envelopes }) });
export const noPast = inRoom({ timeline: unread("429") });

/** Alice, changed. */
export const ofAlice = (change: Partial<UserFacts>): Change => ({
  users: [user(ALICE, change), facts().users.find(({ userId }) => userId === BOT)!],
});
export const withDevice = (...changes: Partial<DeviceFacts>[]): Change =>
  ofAlice({ devices: known(changes.map((change) => device(change))) });
export const inIdentity = (change: Record<string, unknown>): Change =>
  ofAlice({
    identity: known({
      masterKey: `master-of-${ALICE}`,
      isConsistent: true,
      isVerifiedByUs: known(true),
      change: known<"none">("none"),
      ...change,
    }),
  });

export const policy = (rooms: Partial<RoomPolicy>): { policy: Policy } => ({
  policy: { ...DEFAULT_POLICY, rooms: { ...DEFAULT_POLICY.rooms, ...rooms } },
});
export const people = (change: Partial<Policy["people"]>): { policy: Policy } => ({
  policy: { ...DEFAULT_POLICY, people: { ...DEFAULT_POLICY.people, ...change } },
});
