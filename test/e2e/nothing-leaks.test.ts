import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { isSend } from "../support/room-events.ts";
import { leakSearch } from "./leak-search.ts";
import { type RecordedRequest, readRecord } from "./recording-proxy.ts";
import type { SuiteSynapse } from "./setup.ts";

// A project of its own, which comes last, and looks at everything that left Sotto in the whole suite.

function* recordedRequests(recordings: string): Generator<RecordedRequest> {
  for (const name of readdirSync(recordings)) {
    const lines = readFileSync(join(recordings, name), "utf8").split("\n");
    for (const line of lines) if (line) yield readRecord(line);
  }
}

it("no plaintext event, file name, MIME type or recording left the process in the whole suite", ({
  skip,
}) => {
  const suite = inject("synapse") as SuiteSynapse | undefined;
  if (suite === undefined) return skip("no end-to-end test ran: this looks at what they sent");
  const { recordings, audio, secretWords } = suite;
  const requests = [...recordedRequests(recordings)];
  const sends = requests.filter(isSend);
  const uploads = requests.filter(({ path }) => path.startsWith("/_matrix/media/v3/upload"));
  if (sends.length === 0)
    return skip("nothing was sent: this looks at what the other files of the suite did");
  expect(uploads.length).toBeGreaterThan(0);

  const search = leakSearch({
    words: [...new Set(readFileSync(secretWords, "utf8").split("\n").filter(Boolean))],
    recordings: readdirSync(audio).map((name) => readFileSync(join(audio, name))),
  });
  expect(requests.flatMap(search)).toEqual([]);
  for (const { path } of sends) expect(path).toMatch(/\/send\/m\.room\.encrypted\/[^/]+$/);
});
