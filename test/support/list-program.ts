import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod/mini";
import { loadConfig } from "../../src/config/index.ts";
import { connectorType } from "../../src/connector/index.ts";
import { toSottoError } from "../../src/errors.ts";
import { createLogger } from "../../src/log.ts";
import type { Intake } from "../../src/model/connector.ts";
import { startService } from "../../src/service/run.ts";
import { Sotto } from "../../src/service/sotto.ts";
import type { ListedRecording } from "./list.ts";
import { handles, heldBytes } from "./memory.ts";

// What `sotto run` does, with a connector that remembers nothing: after each start it brings all recordings of a list
// again, in order in each room, each until it is taken. Begins when it is told to on standard input, so that it can be
// loaded before, and reads the list again whenever it is told to; says "brought" when all of its n recordings have been
// taken, "idle n" when they have been sent, and why it fails. Told to measure, it says what it holds on to.

const [configFile, listFile] = process.argv.slice(2) as [string, string];
const connector = Promise.withResolvers<Intake>();
/** Of those that this process has brought. */
let broughtBefore = 0;

async function bring(intake: Intake, { id, room, path }: ListedRecording): Promise<void> {
  for (;;) {
    try {
      await intake.take({ id, room, source: { path } });
      return;
    } catch (thrown) {
      process.stderr.write(`${id} is offered again: ${thrown}\n`);
      await delay(50);
    }
  }
}

async function bringAll(): Promise<void> {
  const intake = await connector.promise;
  const list = JSON.parse(readFileSync(listFile, "utf8")) as ListedRecording[];
  const rooms = Map.groupBy(list.slice(broughtBefore), ({ room }) => room);
  await Promise.all(
    [...rooms.values()].map(async (recordings) => {
      for (const recording of recordings) await bring(intake, recording);
    }),
  );
  broughtBefore = list.length;
  process.stdout.write("brought\n");
  while (!stopping.signal.aborted && sotto.account.store.jobs.open().length > 0) await delay(100);
  if (!stopping.signal.aborted) process.stdout.write(`idle ${list.length}\n`);
}

function measure(): void {
  const held = { bytes: heldBytes(), handles: handles(), files: readdirSync("/proc/self/fd").length };
  process.stdout.write(`held after ${broughtBefore} ${JSON.stringify(held)}\n`);
}

const listed = connectorType({
  type: "list",
  description: "Recordings of a list.",
  settings: z.strictObject({ type: z.literal("list") }),
  load: async () => () => ({ start: async (intake) => connector.resolve(intake) }),
});

const stopping = new AbortController();
process.once("SIGTERM", () => stopping.abort());
const ended = new Promise((resolve) => stopping.signal.addEventListener("abort", resolve));

await once(process.stdin, "data");
process.once("uncaughtException", (thrown) => {
  const { code, message, cure } = toSottoError(thrown);
  process.stderr.write(`${JSON.stringify({ code, message, cure })}\n`);
  process.exit(3);
});
const logger = createLogger({
  level: "info",
  json: true,
  write: (line) => void process.stderr.write(`${line}\n`),
});
const sotto = await Sotto.open(loadConfig(configFile, { connectorTypes: [listed] }), { logger });
const service = await startService(sotto.account, { connectorTypes: [listed] });
process.stdin.on("data", (told) => (String(told).startsWith("measure") ? measure() : void bringAll()));
process.stdin.unref();
void bringAll();
await Promise.race([service.ended, ended]);
await service[Symbol.asyncDispose]();
await sotto.close();
