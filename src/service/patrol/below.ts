import { SEVERITIES, type Severity } from "../../model/finding.ts";
import type { RoomId, UserId } from "../../model/ids.ts";
import { type OpenFinding, urgencyOf } from "../../model/patrol.ts";

/** From which severity on a fail stops a room. */
export type StopAt = Exclude<Severity, "info"> | "never";

/**
 * Rooms below the policy, each with what is most urgent: what fails at or above a severity, and is about the room or
 * somebody in it.
 *
 * @param roomsOf - where somebody is or is invited to
 */
export function belowPolicy(
  open: readonly OpenFinding[],
  stopAt: StopAt,
  roomsOf: (userId: UserId) => readonly RoomId[],
): Map<RoomId, OpenFinding> {
  const below = new Map<RoomId, OpenFinding>();
  if (stopAt === "never") return below;
  const least = SEVERITIES.indexOf(stopAt);
  for (const finding of open) {
    const { result, severity, subject } = finding;
    if (result !== "fail" || SEVERITIES.indexOf(severity) < least) continue;
    const { roomId, userId } = subject;
    const rooms = roomId !== undefined ? [roomId] : userId !== undefined ? roomsOf(userId) : [];
    for (const room of rooms) {
      const worst = below.get(room);
      if (!worst || urgencyOf(finding) > urgencyOf(worst)) below.set(room, finding);
    }
  }
  return below;
}
