/** Says what goes on: one line a step, with the time it took. At a terminal a running step shows before it ends. */
export class Steps {
  readonly #start = performance.now();

  /** A step whose result has words of its own (`toString`) shows them. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const begin = performance.now();
    if (process.stderr.isTTY) process.stderr.write(`  … ${name}`);
    try {
      const result = await work();
      this.#say("✓", name, begin, words(result));
      return result;
    } catch (thrown) {
      this.#say("✗", name, begin, "");
      throw thrown;
    }
  }

  #say(mark: string, name: string, begin: number, detail: string): void {
    if (process.stderr.isTTY) process.stderr.write("\r\u001b[2K");
    const took = ((performance.now() - begin) / 1000).toFixed(1);
    const total = ((performance.now() - this.#start) / 1000).toFixed(1);
    process.stderr.write(`  ${mark} ${name}${detail && `: ${detail}`}  (${took} s, ${total} s in all)\n`);
  }
}

function words(result: unknown): string {
  if (typeof result === "string") return result;
  if (typeof result === "object" && result !== null && Object.hasOwn(result, "toString"))
    return String(result);
  return "";
}
