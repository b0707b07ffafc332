import { createHash } from "node:crypto";
import type { Step, StepRequest } from "../model/enforcement.ts";
import type { RoomId, UserId } from "../model/ids.ts";
import { levelOf, standingAt } from "../model/levels.ts";
import type { RoomPolicy } from "../model/policy.ts";
import type { RoomState } from "../model/room-facts.ts";

/** One room under its policy. */
export interface Room {
  roomId: RoomId;
  state: RoomState;
  policy: RoomPolicy;
  /** Our own account. */
  by: UserId;
}

/** Members may be keyed in any order: what is the same is written the same. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join()}}`;
}

export const isSame = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

/** A step with what it takes; blocked where our account does not stand high enough. */
export function step(
  { roomId, state, by }: Room,
  request: StepRequest,
  how: { what: string; reversible: boolean; needs: number },
): Step {
  const level = levelOf(state, by);
  const digest = createHash("sha256").update(canonical([roomId, request]));
  return {
    id: digest.digest("hex").slice(0, 12),
    roomId,
    what: how.what,
    reversible: how.reversible,
    request,
    needs: how.needs,
    has: level === Number.POSITIVE_INFINITY ? "creator" : level,
    ...(level < how.needs && { blocked: tooLow(state, level, how.needs) }),
  };
}

function tooLow(state: RoomState, level: number, needs: number): string {
  const able = standingAt(state, needs);
  const who = able.length > 0 ? `${named(able)} could` : "nobody in the room stands so high";
  return `it takes level ${needs} and our account stands at ${level}: ${who}`;
}

/** `a, b and 3 more`. */
export function named(names: readonly string[], most = 5): string {
  const shown = names.length > most ? [...names.slice(0, most), `${names.length - most} more`] : [...names];
  const last = shown.pop() ?? "nobody";
  return shown.length > 0 ? `${shown.join(", ")} and ${last}` : last;
}

/** In UTC. What a homeserver says may be no time at all. */
export function day(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? "an unknown day" : date.toISOString().slice(0, 10);
}
