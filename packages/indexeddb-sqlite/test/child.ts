import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

/** Runs a module in another process. A command in front of it, such as strace, may watch it. */
export function start(source: string, command: readonly string[] = []): Child {
  const node = [process.execPath, "--input-type=module", "--eval", source];
  const [program, ...args] = [...command, ...node] as [string, ...string[]];
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return new Child(child);
}

/** The first line that the module prints. */
export async function output(source: string): Promise<string> {
  const child = start(source);
  const line = await child.line(/^/);
  await child.exited;
  return line;
}

class Child {
  readonly lines: string[] = [];
  readonly exited: Promise<unknown>;
  readonly #child: ChildProcess;
  #waiting: { pattern: RegExp; resolve: (line: string) => void }[] = [];

  constructor(child: ChildProcess) {
    this.#child = child;
    this.exited = once(child, "close");
    createInterface({ input: child.stdout! }).on("line", (line) => {
      this.lines.push(line);
      const found = this.#waiting.filter(({ pattern }) => pattern.test(line));
      this.#waiting = this.#waiting.filter(({ pattern }) => !pattern.test(line));
      for (const { resolve } of found) resolve(line);
    });
  }

  /** The next line that matches. */
  line(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ pattern, resolve });
      this.exited.then(() =>
        reject(new Error(`The process ended. It had printed: ${this.lines.join(" | ")}`)),
      );
    });
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exited;
  }
}
