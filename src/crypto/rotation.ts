import { ROTATION_DEFAULTS } from "../model/event.ts";
import type { OutboundSession, RoomRecord } from "../store/index.ts";

/** How long and for how many messages one Megolm session may be used. */
export interface RotationLimits {
  maxPeriodMs: number;
  maxMessages: number;
}

/**
 * The limits of the engine itself, far above any of ours: it ends the process when an expired session is used, and it
 * clamps periods under an hour, so Sotto counts and rotates before it ever has to. 10,000 is the highest it takes.
 */
export const ENGINE_MESSAGES = 10_000n;
export const ENGINE_PERIOD_MICROSECONDS = 366n * 24n * 3_600_000_000n;
const HIGHEST_MESSAGES = Number(ENGINE_MESSAGES) - 1;
const HIGHEST_PERIOD_MS = 365 * 24 * 3_600_000;

/** The stricter of the room's state and the operator's policy. */
export function rotationLimits(room: RoomRecord, policy: RotationLimits): RotationLimits {
  return {
    maxPeriodMs: Math.min(
      room.rotationMs ?? ROTATION_DEFAULTS.periodMs,
      policy.maxPeriodMs,
      HIGHEST_PERIOD_MS,
    ),
    maxMessages: Math.max(
      1,
      Math.min(room.rotationMessages ?? ROTATION_DEFAULTS.messages, policy.maxMessages, HIGHEST_MESSAGES),
    ),
  };
}

/** A clock that went backwards counts as expired: better one session too many than one used too long. */
export function mustRotate(session: OutboundSession, limits: RotationLimits, nowMs: number): boolean {
  const ageMs = nowMs - session.createdMs;
  return (
    session.mustRotate || session.messages >= limits.maxMessages || ageMs >= limits.maxPeriodMs || ageMs < 0
  );
}
