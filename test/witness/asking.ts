import { type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

// A witness is a process of its own: one JSON line for each command, and one for its answer.

interface Answer {
  id: number;
  result?: unknown;
  error?: string;
}

export interface AskedProcess {
  program: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  /** How the witness wants a command; its `id` is added. */
  lineOf(command: string, parameters: unknown): object;
}

export interface Asked<Session> {
  readonly session: Session;
  request(command: string, parameters: unknown): Promise<unknown>;
  /** Ends the process. */
  close(): Promise<void>;
}

/** Starts a witness with its first command, whose answer is the session; without one it is ended again. */
export async function startAsked<Session>(
  { program, args, env, lineOf }: AskedProcess,
  command: string,
  parameters: object,
): Promise<Asked<Session>> {
  const options: SpawnOptions = { env: env ?? process.env, stdio: ["pipe", "pipe", "inherit"] };
  const child = spawn(program, args, options);
  const [stdin, stdout] = [child.stdin as Writable, child.stdout as Readable];
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const ended = once(child, "close").then(() => {
    for (const { reject } of waiting.values()) reject(new Error("the witness has ended"));
    waiting.clear();
  });
  stdin.on("error", () => {}); // it ended before it read: `ended` tells
  createInterface(stdout).on("line", (line) => {
    const { id, result, error } = JSON.parse(line) as Answer;
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(result);
    else asked?.reject(new Error(error));
  });

  let lastId = 0;
  async function request(command: string, parameters: unknown): Promise<unknown> {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error("the witness has ended");
    const asked = Promise.withResolvers<unknown>();
    waiting.set(++lastId, asked);
    stdin.write(`${JSON.stringify({ ...lineOf(command, parameters), id: lastId })}\n`);
    return await asked.promise;
  }

  async function close(): Promise<void> {
    stdin.end();
    await ended;
  }

  try {
    return { session: (await request(command, parameters)) as Session, request, close };
  } catch (error) {
    await close();
    throw error;
  }
}
