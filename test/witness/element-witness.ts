import { join } from "node:path";
import { compileCache } from "../support/sotto.ts";
import { startAsked } from "./asking.ts";
import type { ElementCommands } from "./element.ts";
import type { ElementOptions, ElementSession } from "./element-client.ts";

// Drives element.ts, the witness on matrix-js-sdk, as a child process.

export type { ElementSession } from "./element-client.ts";
export type { ElementEvent } from "./element-rooms.ts";
export type { VerificationState } from "./element-verification.ts";

export interface ElementWitness {
  readonly session: ElementSession;
  /** The commands and their parameters stand in the element-*.ts files. */
  request<C extends keyof ElementCommands>(
    command: C,
    ...parameters: Parameters<ElementCommands[C]>
  ): ReturnType<ElementCommands[C]>;
  /** Ends the client; its device stays on the server, and its keys are lost with its memory. */
  close(): Promise<void>;
}

export async function startElement(options: ElementOptions): Promise<ElementWitness> {
  const { request, ...asked } = await startAsked<ElementSession>(
    {
      program: process.execPath,
      args: [join(import.meta.dirname, "element.ts")],
      env: { ...process.env, ...compileCache() },
      lineOf: (command, parameters = {}) => ({ command, parameters }),
    },
    "start",
    options,
  );
  return { ...asked, request: request as ElementWitness["request"] };
}
