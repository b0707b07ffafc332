import type { EncryptionSetting } from "../model/room-facts.ts";

/** What holds where `m.room.encryption` says nothing. https://spec.matrix.org/v1.19/client-server-api/#mroomencryption */
export const DEFAULT_PERIOD_MS = 604_800_000;
export const DEFAULT_MESSAGES = 100;

/** Below and above these, clients on matrix-rust-sdk take the nearest one, whatever the state says. */
export const FLOOR_PERIOD_MS = 3_600_000;
export const MESSAGES_RANGE = [1, 10_000] as const;

export const MEGOLM = "m.megolm.v1.aes-sha2";

/** A whole number of 0 or more, as the spec asks for; undefined for anything else. */
export const wholeNumber = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;

/** What clients make of the setting. */
export function rotationOf({ rotationPeriodMs, rotationPeriodMsgs }: EncryptionSetting): {
  periodMs: number;
  messages: number;
} {
  const [least, most] = MESSAGES_RANGE;
  const messages = wholeNumber(rotationPeriodMsgs) ?? DEFAULT_MESSAGES;
  return {
    periodMs: Math.max(wholeNumber(rotationPeriodMs) ?? DEFAULT_PERIOD_MS, FLOOR_PERIOD_MS),
    messages: Math.min(Math.max(messages, least), most),
  };
}
