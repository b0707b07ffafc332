import type { Connector, Intake } from "../../model/connector.ts";

export { MemoryIntake } from "./memory-intake.ts";

/** One promise that every connector keeps; `run` rejects where it does not. Any test runner can run it. */
export interface ContractCase {
  promise: string;
  run(): Promise<void>;
}

/** What the contract needs to know of a connector that brings recordings. */
export interface SourceBench {
  /** A connector on the one origin of this bench; called again, it is a new process after the first one ended. */
  open(): Promise<Connector & { start(intake: Intake): Promise<void> }>;
  /**
   * Lets the origin offer a recording under an identity of its own. Resolves when it is offered; where the origin waits
   * for an answer (HTTP, SMTP), when it has one, and rejects if it was refused for good.
   */
  offer(id: string, recording: Uint8Array): Promise<void>;
  /** Gives back what `open` and `offer` made. */
  close(): Promise<void>;
}
