import { setTimeout as delay } from "node:timers/promises";
import { onTestFinished } from "vitest";
import type { Crypto } from "../../src/crypto/index.ts";
import { toSottoError } from "../../src/errors.ts";
import { type Logger, silentLogger } from "../../src/log.ts";
import { createTransport } from "../../src/matrix/index.ts";
import type { SyncBatch } from "../../src/model/sync.ts";
import { SyncDriver } from "../../src/service/sync.ts";
import type { Store } from "../../src/store/index.ts";
import { type Answer, type Seen, scriptedServer } from "../matrix/scripted-server.ts";
import { OWN, openTestStore } from "./store.ts";

// The homeserver is scripted and the engine is a stub: what is looked at is when a request begins and who hears of it.
// That it is enough against a real homeserver is shown by test/e2e/live-end.test.ts.

export interface Setup {
  driver: SyncDriver;
  store: Store;
  requests: Seen[];
  logged: unknown[][];
  /** What the engine is given; may fail. */
  received: SyncBatch[];
}

export type Script = (seen: Seen, count: number) => Answer | Promise<Answer>;

export async function setUp(
  script: Script,
  receive = (_batch: SyncBatch): void => undefined,
  check = async (): Promise<void> => undefined,
): Promise<Setup> {
  const server = await scriptedServer(script);
  const transport = createTransport({ homeserver: server.url, accessToken: "t", env: {}, retryForMs: 0 });
  const store = openTestStore();
  const logged: unknown[][] = [];
  const received: SyncBatch[] = [];
  const log = (...said: unknown[]) => void logged.push(said);
  const logger: Logger = { ...silentLogger, warn: log, error: log };
  const crypto = {
    encryptor: { mustShare: () => undefined },
    async receive(batch: SyncBatch) {
      received.push(batch);
      receive(batch);
      return { damaged: 0, clearKeys: 0 };
    },
    drain: async () => undefined,
    onRoomKeys: () => undefined,
    trackMembers: async () => undefined,
  } as unknown as Crypto;
  const watch = {
    syncTypes: ["store"],
    check,
    requireOwnToken: async () => undefined,
  };
  const driver = new SyncDriver({ transport, crypto, store, logger, userId: OWN, watch });
  onTestFinished(async () => {
    await driver.stop();
    transport.close();
    await server[Symbol.asyncDispose]();
  });
  return { driver, store, requests: server.requests, logged, received };
}

export const answer = (nextBatch: string, more: object = {}): Answer => ({
  json: { next_batch: nextBatch, ...more },
});
export const silence: Answer = () => undefined;
export const isLong = ({ query }: Seen) => query.get("timeout") !== "0";
/** Long polls are never answered; every other request at once. */
export const quiet: Script = (seen, count) => (isLong(seen) ? silence : answer(`s${count}`));
export const inLongPoll = async ({ requests }: Setup) => {
  while (!requests.some(isLong)) await delay(5);
};
export const codeOf = (thrown: unknown) => toSottoError(thrown).code;
