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

/** How wide a terminal is; undefined where it is none, or does not say. */
export const columnsOf = (stream: Writable): number | undefined =>
  "columns" in stream && Number.isSafeInteger(stream.columns) && Number(stream.columns) > 0
    ? Number(stream.columns)
    : undefined;
/** Whether a person sees what is written there. */
export const isTerminal = (stream: Writable): boolean => "isTTY" in stream && stream.isTTY === true;
