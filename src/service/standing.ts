import type { SottoError } from "../errors.ts";

/** How far sync has come, by a clock that only grows. */
export class Standing {
  /** What keeps the next answer from coming. */
  trouble: SottoError | undefined;
  #durableAtMs: number | undefined;

  /** A batch is durable. */
  advanced(): void {
    this.#durableAtMs = performance.now();
  }

  /** Since the last batch was durable, in milliseconds; undefined before the first one. */
  get ageMs(): number | undefined {
    return this.#durableAtMs === undefined ? undefined : performance.now() - this.#durableAtMs;
  }
}
