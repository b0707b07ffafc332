import { type Finding, SEVERITIES } from "./finding.ts";
import type { RoomId } from "./ids.ts";

/** What a patrol has found, and what stands until it was looked at again. Nobody has accepted it. */
export interface OpenFinding
  extends Pick<Finding, "ruleId" | "severity" | "subject" | "message" | "cure" | "fingerprint"> {
  result: "fail" | "warn";
}

/** From 1: what fails before what warns, then by severity. What becomes more urgent is news again. */
export const urgencyOf = ({ result, severity }: Pick<OpenFinding, "result" | "severity">): number =>
  1 + SEVERITIES.indexOf(severity) + (result === "fail" ? SEVERITIES.length : 0);

/** What the operators do not know yet. */
export interface PatrolNews {
  /** The most urgent first. */
  found: OpenFinding[];
  /** They were told of these, which are there no more. */
  gone: OpenFinding[];
  /** Rooms that get no voice any more, and those that get it again. */
  stopped: RoomId[];
  freed: RoomId[];
  /** Rooms that were left because they were below the policy. */
  left: RoomId[];
}

/** A room that the account is going to leave. Milliseconds since the epoch. */
export interface Leave {
  roomId: RoomId;
  begunMs: number;
  /** It was said in the room. */
  announcedMs: number | undefined;
}
