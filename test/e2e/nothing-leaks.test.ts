import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { isSend } from "../support/room-events.ts";
import type { Kind } from "../support/suite.ts";
import { leakSearch, recordingSearch } from "./leak-search.ts";
import { logSearch } from "./log-search.ts";
import { type RecordedRequest, readRecord } from "./recording-proxy.ts";
import type { SuiteSynapse } from "./setup.ts";

// A project of its own, which comes last, and looks at everything that left Sotto in the whole suite.

/** Each once. */
const linesOf = (file: string): string[] => [
  ...new Set(existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : []),
];
const filesOf = (folder: string): Buffer[] =>
  readdirSync(folder).map((name) => readFileSync(join(folder, name)));

function* recordedRequests(recordings: string): Generator<RecordedRequest> {
  for (const name of readdirSync(recordings)) {
    const lines = readFileSync(join(recordings, name), "utf8").split("\n");
    for (const line of lines) if (line) yield readRecord(line);
  }
}

const suite = inject("synapse") as SuiteSynapse | undefined;
/** Of every recording of the suite: it takes seconds to make. */
const isOfRecording = recordingSearch(suite ? filesOf(suite.audio) : []);

it("no plaintext event, file name, MIME type or recording left the process in the whole suite", ({
  skip,
}) => {
  if (suite === undefined) return skip("no end-to-end test ran: this looks at what they sent");
  const { recordings, secretWords } = suite;
  const requests = [...recordedRequests(recordings)];
  const sends = requests.filter(isSend);
  const uploads = requests.filter(({ path }) => path.startsWith("/_matrix/media/v3/upload"));
  if (sends.length === 0)
    return skip("nothing was sent: this looks at what the other files of the suite did");
  expect(uploads.length).toBeGreaterThan(0);

  const search = leakSearch({ words: linesOf(secretWords), isOfRecording });
  expect(requests.flatMap(search)).toEqual([]);
  for (const { path, body } of sends) {
    // two leave in clear where a config asks for them, as some tests' do: they may say what they are of, and no more
    const holds = Object.keys(JSON.parse(String(body)) as object);
    if (/\/send\/m\.reaction\/[^/]+$/.test(path)) expect(holds).toEqual(["m.relates_to"]);
    else if (/\/redact\/[^/]+\/[^/]+$/.test(path)) expect(holds).toEqual([]);
    else expect(path).toMatch(/\/send\/m\.room\.encrypted\/[^/]+$/);
  }
});

it("no token, key, password, recording or person stands in a log line of the whole suite, at debug level", ({
  skip,
}) => {
  if (suite === undefined) return skip("no end-to-end test ran: this looks at what they logged");
  const logs = filesOf(suite.logs).map(String);
  const answered = logs.join("").split('"message":"homeserver answered"').length;
  if (answered === 1) return skip("nothing was logged: this looks at what the other files of the suite did");

  const unspoken = linesOf(suite.unspoken).map((line) => JSON.parse(line) as [Kind, string]);
  const of = (wanted: Kind) => unspoken.filter(([kind]) => kind === wanted).map(([, value]) => value);
  const tokens = [...recordedRequests(suite.recordings)].map(({ headers }) =>
    headers.authorization?.replace("Bearer ", ""),
  );
  const search = logSearch({
    secrets: [...new Set([...of("secret"), ...tokens.filter((token) => token !== undefined)])],
    people: of("person"),
    words: linesOf(suite.secretWords),
    isOfRecording,
  });
  expect(of("secret").length).toBeGreaterThan(0);
  expect(of("person").length).toBeGreaterThan(0);
  expect(logs.flatMap(search)).toEqual([]);
});
