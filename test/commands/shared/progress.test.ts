import { Writable } from "node:stream";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Context } from "../../../src/commands/shared/context.ts";
import { showProgress } from "../../../src/commands/shared/progress.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** What is seen of work whose parts are done at such times. */
function shown(
  isTTY: boolean,
  parts: [atMs: number, part: number | undefined, durationMs: number][],
): string {
  let text = "";
  const stderr = Object.assign(
    new Writable({
      write(chunk, _encoding, done) {
        text += String(chunk);
        done();
      },
    }),
    { isTTY },
  );
  const progress = showProgress({ stderr } as unknown as Context);
  let now = 0;
  for (const [atMs, part, durationMs] of parts) {
    vi.advanceTimersByTime(atMs - now);
    now = atMs;
    progress.at(part, durationMs);
  }
  progress.end();
  return text;
}

it("tells a person at a terminal how much time is left, and leaves nothing behind", () => {
  const text = shown(true, [
    [1_000, 0.05, 3_000],
    [4_000, 0.25, 15_000],
  ]);
  expect(text).toContain("0:15 of the recording, 25 %, 0:12 left");
  expect(text).not.toContain("5 %, 0:19");
  expect(text.endsWith("\r\u001b[2K")).toBe(true);
});

it("tells how much is done where nobody knows how much there is", () => {
  expect(shown(true, [[5_000, undefined, 125_000]])).toContain("2:05 of the recording\r");
});

it("says nothing of what takes less than two seconds", () => {
  expect(shown(true, [[1_900, 0.9, 10_000]])).toBe("");
});

it("says nothing where no terminal is", () => {
  expect(shown(false, [[60_000, 0.5, 10_000]])).toBe("");
});
