import type { UserId } from "../model/ids.ts";
import { wasm } from "./engine.ts";

/**
 * Without what is no user ID: a homeserver may list anything as a user, and have its users invite anything. Nobody is
 * behind it, and it must not stop what is for all others.
 *
 * @returns each for one call: the engine takes them away with it
 */
export const soundUserIds = (ids: readonly UserId[]): wasm.UserId[] =>
  ids.flatMap((id) => soundUserId(id) ?? []);

export function soundUserId(id: UserId): wasm.UserId | undefined {
  try {
    return new wasm.UserId(id);
  } catch {
    return undefined;
  }
}
