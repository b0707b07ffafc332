import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

const READY_EVERY_MS = 10;

/** A message that is in its room, as the service's log says it. */
export interface SentMessage {
  /** Whence its recording came: the connector's name, or `room/event`. */
  source: string;
  /** When the line was read: milliseconds since the epoch. */
  atMs: number;
}

/** `sotto run` as an operator starts it, and what its log says. */
export class RunningService implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #socket: string;
  readonly #startMs = Date.now();
  readonly #listeners = new Set<(sent: SentMessage) => void>();
  readonly #end = Promise.withResolvers<never>();

  /** @param socket where it answers /ready: `listen` of its config */
  constructor(cli: string, config: string, socket: string) {
    this.#socket = socket;
    this.#process = spawn(process.execPath, [cli, "run", "--config", config, "--json"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process.once("exit", () => this.#end.reject(new Error("sotto run has ended")));
    this.ended.catch(() => undefined);
    createInterface({ input: this.#process.stderr! }).on("line", (line) => this.#read(line));
  }

  /** Rejects when the process ends. */
  get ended(): Promise<never> {
    return this.#end.promise;
  }

  /** Milliseconds from its start until /ready says so. */
  async ready(): Promise<number> {
    while (!(await isReady(this.#socket))) await Promise.race([pause(READY_EVERY_MS), this.ended]);
    return Date.now() - this.#startMs;
  }

  /** The next that is in its room, of those whose source begins so. */
  async sent(from: string): Promise<SentMessage> {
    const next = Promise.withResolvers<SentMessage>();
    const stop = this.onSent((sent) => sent.source.startsWith(from) && next.resolve(sent));
    try {
      return await Promise.race([next.promise, this.ended]);
    } finally {
      stop();
    }
  }

  /** Milliseconds from its start until the first message is in its room. */
  async firstSent(): Promise<number> {
    return (await this.sent("")).atMs - this.#startMs;
  }

  onSent(listener: (sent: SentMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** In MB: now, and at most since the start or the last {@link forgetMost}. */
  resident(): { now: number; most: number } {
    return residentOf(this.#process.pid!);
  }

  /** https://docs.kernel.org/filesystems/proc.html: 5 resets the peak. */
  forgetMost(): void {
    writeFileSync(`/proc/${this.#process.pid}/clear_refs`, "5");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) return;
    this.#process.kill("SIGTERM");
    await once(this.#process, "exit");
  }

  #read(line: string): void {
    const { level, message, source } = JSON.parse(line) as Record<string, string>;
    if (level === "warn" || level === "error") console.warn(line);
    if (message !== "a message was sent" || source === undefined) return;
    for (const listener of this.#listeners) listener({ source, atMs: Date.now() });
  }
}

export function residentOf(pid: number): { now: number; most: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const [now, most] = ["VmRSS", "VmHWM"].map(
    (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)![1]) / 1024,
  ) as [number, number];
  return { now, most };
}

function isReady(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    get({ socketPath, path: "/ready" }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    }).on("error", () => resolve(false));
  });
}
