import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startSynapse } from "../../synapse-dev/synapse.ts";
import { startRecordingProxy } from "./recording-proxy.ts";

/** The suite's one real Synapse; `inject("synapse")` gives it to a test. */
export interface SuiteSynapse {
  /** The recording proxy before it: for every process of Sotto. */
  baseUrl: string;
  /** Synapse itself: for witnesses, and for what a test does in its own name. */
  directUrl: string;
  serverName: string;
  registrationSharedSecret: string;
  dir: string;
  pid: number;
  database: string;
  mediaStore: string;
  log: string;
  /** One file of recorded requests for each proxy of the suite. */
  recordings: string;
  /** Every recording that a test sends or hears lies here: no part of it may be found in a request. */
  audio: string;
  /** Words that only the people in a room may read, one a line: file names and titles. */
  secretWords: string;
  /** What every process of Sotto has written to standard error, at debug level: a file for each. */
  logs: string;
  /** Tokens, keys, passwords and people, which must not be found in there. */
  unspoken: string;
}

declare module "vitest" {
  interface ProvidedContext {
    synapse: SuiteSynapse;
  }
}

export default function setup(project: TestProject): Promise<() => Promise<void>> {
  // to every project: what the end-to-end tests have sent is searched by one that comes after them
  return startSuite((suite) => project.vitest.provide("synapse", suite));
}

/** Starts a Synapse with all that a suite keeps; what is returned ends it. */
export async function startSuite(provide: (suite: SuiteSynapse) => void): Promise<() => Promise<void>> {
  const synapse = await startSynapse({
    liftRateLimits: true,
    // public rooms begin without encryption, so that there are rooms that must be refused
    config: {
      encryption_enabled_by_default_for_room_type: "invite",
      room_list_publication_rules: [{ action: "allow" }],
    },
  });
  const folder = mkdtempSync(join(tmpdir(), "sotto-e2e-"));
  const [recordings, audio, logs] = ["recordings", "audio", "logs"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [recordings, audio, logs]) mkdirSync(path);
  const proxy = await startRecordingProxy(synapse.baseUrl, join(recordings, "suite.jsonl"));
  const { baseUrl: directUrl, serverName, registrationSharedSecret } = synapse;
  const { dir, pid, database, mediaStore, logFile: log } = synapse;
  provide({
    baseUrl: proxy.baseUrl,
    directUrl,
    serverName,
    registrationSharedSecret,
    dir,
    pid,
    database,
    mediaStore,
    log,
    recordings,
    audio,
    secretWords: join(folder, "secret-words"),
    logs,
    unspoken: join(folder, "unspoken"),
  });
  return async () => {
    await proxy.close();
    await synapse.stop();
    rmSync(folder, { recursive: true });
  };
}
