import { type Context, isTerminal } from "./context.ts";
import { spokenDuration } from "./output.ts";

/** Nobody needs to be told of what is over by then. */
const SILENT_MS = 2_000;
const REPEAT_MS = 200;
const ERASE_LINE = "\r\u001b[2K";

/** How far the work is, on one line of a terminal's standard error, which goes again; anywhere else nothing. */
export interface Progress {
  /** @param part of the work that is done, 0 to 1; undefined where nobody knows how much it is */
  at(part: number | undefined, durationMs: number): void;
  end(): void;
}

export function showProgress(context: Context): Progress {
  const begin = performance.now();
  let shownAt = begin + SILENT_MS - REPEAT_MS;
  let isShown = false;
  return {
    at(part, durationMs) {
      const now = performance.now();
      if (!isTerminal(context.stderr) || now < shownAt + REPEAT_MS) return;
      shownAt = now;
      isShown = true;
      context.stderr.write(`${ERASE_LINE}${words(part, durationMs, now - begin)}`);
    },
    end() {
      if (isShown) context.stderr.write(ERASE_LINE);
    },
  };
}

function words(part: number | undefined, durationMs: number, tookMs: number): string {
  const done = `${spokenDuration(durationMs)} of the recording`;
  if (!part) return done;
  return `${done}, ${Math.floor(part * 100)} %, ${spokenDuration((tookMs * (1 - part)) / part)} left`;
}
