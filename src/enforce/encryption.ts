import type { Content, EnforcedState, Step } from "../model/enforcement.ts";
import { neededForState } from "../model/levels.ts";
import type { RoomPolicy } from "../model/policy.ts";
import { type Room, step } from "./step.ts";

const TYPE = "m.room.encryption";
const MEGOLM = "m.megolm.v1.aes-sha2";

/** What holds where the state says nothing. https://spec.matrix.org/v1.19/client-server-api/#mroomencryption */
const DEFAULTS = { periodMs: 604_800_000, messages: 100 };

/** With the rotation that the policy asks for: clients keep what a room begins with. */
export const encryptionOf = ({ rotation }: RoomPolicy): Content => ({
  algorithm: MEGOLM,
  rotation_period_ms: rotation.maxPeriodMs,
  rotation_period_msgs: rotation.maxMessages,
});

/** Turned on where it is asked for and there is none. One that is there is never changed: see `encryptionNotes`. */
export function encrypt(room: Room, now: EnforcedState): Step[] {
  const { state, policy } = room;
  const isForTalk = state.create.type !== "m.space";
  if (!isForTalk || policy.encryption !== "required" || state.encryption !== null || now[TYPE] !== null)
    return [];
  const request = { kind: "state" as const, type: TYPE, before: null, after: encryptionOf(policy) } as const;
  const what = "turn encryption on: it cannot be turned off again, and what was said before stays readable";
  return [step(room, request, { what, needs: neededForState(state.powerLevels, TYPE), reversible: false })];
}

/** What only another room cures: clients that know a room's `m.room.encryption` ignore another one. */
export function encryptionFaults({ state, policy }: Room): string[] {
  const { encryption } = state;
  if (encryption === null) return [];
  if (encryption.algorithm !== MEGOLM)
    return [
      `the state names the algorithm ${JSON.stringify(encryption.algorithm)}, which clients cannot use`,
    ];
  const { maxPeriodMs, maxMessages } = policy.rotation;
  const periodMs = wholeNumber(encryption.rotationPeriodMs) ?? DEFAULTS.periodMs;
  const messages = wholeNumber(encryption.rotationPeriodMsgs) ?? DEFAULTS.messages;
  if (periodMs <= maxPeriodMs && messages <= maxMessages) return [];
  return [
    `the state says rotation after ${periodMs} ms or ${messages} messages, the policy ${maxPeriodMs} ms or ${maxMessages}: clients that know the room would ignore another m.room.encryption, so none is sent; what they do is measured by the audit`,
  ];
}

const wholeNumber = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
