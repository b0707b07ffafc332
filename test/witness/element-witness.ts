import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
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

interface Answer {
  id: number;
  result?: unknown;
  error?: string;
}

export async function startElement(options: ElementOptions): Promise<ElementWitness> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "element.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const ended = once(child, "close").then(() => {
    for (const { reject } of waiting.values()) reject(new Error("the witness has ended"));
    waiting.clear();
  });
  child.stdin.on("error", () => {}); // it ended before it read: `ended` tells
  createInterface(child.stdout).on("line", (line) => {
    const { id, result, error } = JSON.parse(line) as Answer;
    const request = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) request?.resolve(result);
    else request?.reject(new Error(error));
  });

  let lastId = 0;
  async function ask(command: string, parameters: unknown = {}): Promise<unknown> {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error("the witness has ended");
    const request = Promise.withResolvers<unknown>();
    waiting.set(++lastId, request);
    child.stdin.write(`${JSON.stringify({ id: lastId, command, parameters })}\n`);
    return await request.promise;
  }

  async function close(): Promise<void> {
    child.stdin.end();
    await ended;
  }

  try {
    const session = (await ask("start", options)) as ElementSession;
    return { session, close, request: ask as ElementWitness["request"] };
  } catch (error) {
    await close();
    throw error;
  }
}
