import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod/mini";
import { connectorType } from "../../../src/connector/index.ts";
import { SottoError } from "../../../src/errors.ts";
import { silentLogger } from "../../../src/log.ts";
import type { Account } from "../../../src/service/account.ts";
import { Relay, type RelayPlan } from "../../../src/service/relay/relay.ts";
import { openTestStore } from "../../support/store.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

// Which connectors run, under plans that come faster than they are carried out.

async function relaying() {
  /** How often each of those that were made has been started and not stopped. */
  const made: { starts: number }[] = [];
  let most = 0;
  const running = () => made.reduce((sum, { starts }) => sum + starts, 0);
  const type = connectorType({
    type: "counted",
    description: "Counts how many of it run.",
    settings: z.strictObject({ type: z.literal("counted") }),
    load: async () => () => {
      const own = { starts: 0 };
      made.push(own);
      return {
        async start() {
          own.starts += 1;
          most = Math.max(most, running());
          await new Promise(setImmediate);
        },
        async stop() {
          await new Promise(setImmediate);
          own.starts = Math.max(0, own.starts - 1);
        },
      };
    },
  });
  const storeKeyFile = join(temporaryDirectory(), "store.key");
  writeFileSync(storeKeyFile, randomBytes(32), { mode: 0o600 });
  const plan = {
    connectors: { bell: { type: "counted" } },
    routes: [{ from: "bell", to: "!room", announce: false, priority: "normal" }],
    pathOf: (_name: string, written: string) => written,
  } as unknown as RelayPlan;
  const rooms = {
    join: async () => {
      throw new SottoError("HOMESERVER_UNREACHABLE", "nobody is there");
    },
  };
  const account = {
    ...{ store: openTestStore(), logger: silentLogger, rooms },
    config: { ...plan, storeKeyFile, commandsFrom: [] },
    sync: { onBatch: () => () => undefined },
    onJob: () => () => undefined,
  } as unknown as Account;
  account.store.destinations.set("!room", "!room");
  const relay = await Relay.start(account, { connectorTypes: [type] });
  return { relay, plan, running, most: () => most };
}

it("two reloads at once leave each connector running once", async () => {
  const { relay, plan, running, most } = await relaying();
  await Promise.all([relay.reload(plan), relay.reload(plan)]);
  expect([running(), most()]).toEqual([1, 1]);
  await relay[Symbol.asyncDispose]();
  expect(running()).toBe(0);
});

it("a reload when the service ends leaves nothing running", async () => {
  const { relay, plan, running } = await relaying();
  const reloading = relay.reload(plan);
  await relay[Symbol.asyncDispose]();
  await Promise.allSettled([reloading]);
  await expect(relay.reload(plan)).rejects.toMatchObject({ code: "STOPPED" });
  expect(running()).toBe(0);
});
