// node --test own-connector.test.ts: whether the connector keeps what every connector promises.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import test from "node:test";
import { setTimeout } from "node:timers/promises";
import type { ConnectorContext } from "sotto/connector";
import { type SourceBench, sourceContract } from "sotto/connector-contract";
import { socket } from "./own-connector.ts";

/** Whoever rings offers the same again until it has an answer. */
async function bench(): Promise<SourceBench> {
  const folder = mkdtempSync(join(import.meta.dirname, "socket-"));
  const path = join(folder, "bell.sock");
  const closed = new AbortController();
  return {
    keeps: false,
    identity: "origin",
    async open() {
      const make = await socket.load();
      const connector = make({ type: "socket", path }, { path: (written) => written } as ConnectorContext);
      return connector as Awaited<ReturnType<SourceBench["open"]>>;
    },
    async offer(id, recording) {
      for (;;) {
        const answer = await ring(path, `${id}\n`, recording).catch(() => "");
        if (answer === "taken\n") return;
        if (answer === "never\n") throw new Error("refused");
        await setTimeout(5, undefined, { signal: closed.signal });
      }
    },
    async close() {
      closed.abort();
      rmSync(folder, { recursive: true });
    },
  };
}

async function ring(path: string, ...pieces: (string | Uint8Array)[]): Promise<string> {
  const bell = connect({ path, allowHalfOpen: true });
  await once(bell, "connect");
  for (const piece of pieces) bell.write(piece);
  bell.end();
  return text(bell);
}

for (const { promise, run } of sourceContract(bench)) test(promise, { timeout: 30_000 }, run);
