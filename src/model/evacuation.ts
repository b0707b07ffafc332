import type { EventId, UserId } from "./ids.ts";

/** What people are told outside of the room by. */
export type Channel = "command" | "webhook";

/** What an evacuation does, in this order; `lift` is its end. */
export type EvacuationStep = "stop" | "rotate" | "notice" | Channel | "second-channel" | "lift";

/** An evacuation that has begun, until it is lifted. */
export interface Evacuation {
  /** What everybody is told. */
  text: string;
  /** The notice's transaction ID: whatever is lost or killed, the room is told once. */
  noticeTxnId: string;
  /** When each had heard it: milliseconds since the epoch. */
  toldMs: Partial<Record<"notice" | Channel, number>>;
}

/** What became of a step. */
export interface StepResult {
  step: EvacuationStep;
  /**
   * - `done`, or `was-done` by an earlier run;
   * - `planned` or `blocked`: what a dry run says would become of it;
   * - `left-out`: there is nothing to do;
   * - `failed`, or `uncertain`, where a request had left and was not answered.
   */
  outcome: "done" | "was-done" | "planned" | "blocked" | "left-out" | "failed" | "uncertain";
  message: string;
  /** What stands against it. */
  code?: string;
  cure?: string;
  /** Of the notice. */
  eventId?: EventId;
  /** Members of whom no device can read it. */
  unreached?: UserId[];
}
