import { createReadStream } from "node:fs";

/** A line of a file, and where it ends there, with its line end. */
export interface Line {
  text: string;
  endBytes: number;
  /** It has a line end. */
  isWhole: boolean;
}

/** Longer lines are no entries: what follows is given as one that is not whole. */
const MOST_BYTES = 65_536;

/** The lines of a file, of which the last may be torn; none where there is no file. */
export async function* linesOf(path: string): AsyncGenerator<Line> {
  let rest = Buffer.alloc(0);
  let endBytes = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      rest = Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
        endBytes += end + 1;
        yield { text: rest.toString("utf8", 0, end), endBytes, isWhole: true };
        rest = rest.subarray(end + 1);
      }
      if (rest.length > MOST_BYTES) break;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  if (rest.length > 0)
    yield { text: rest.toString("utf8"), endBytes: endBytes + rest.length, isWhole: false };
}
