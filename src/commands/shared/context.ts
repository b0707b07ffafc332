import type { Readable, Writable } from "node:stream";

/** What a command sees of the world. */
export interface Context {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
  env: NodeJS.ProcessEnv;
  /** A person sits there: progress, colour and questions are welcome. */
  interactive: boolean;
  /** Aborted on SIGINT and SIGTERM, with `INTERRUPTED`. */
  signal: AbortSignal;
}

/** Options every command takes. */
export interface CommonOptions {
  config?: string[];
  json?: boolean;
  wait: string;
}

/** Whether a person sees what is written there. */
export const isTerminal = (stream: Writable): boolean => "isTTY" in stream && stream.isTTY === true;
