import { expect, it, onTestFinished } from "vitest";
import { z } from "zod/mini";
import { loadConfig } from "../../../src/config/index.ts";
import { connectorType } from "../../../src/connector/index.ts";
import { silentLogger } from "../../../src/log.ts";
import { openAccount } from "../../../src/service/account.ts";
import { Relay, type RelayPlan } from "../../../src/service/relay/relay.ts";
import { configFor } from "../../support/config.ts";

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
  // no homeserver is there: what is looked at here needs none
  const config = loadConfig(configFor("http://127.0.0.1:9"));
  const plan: RelayPlan = {
    connectors: { bell: { type: "counted" } },
    routes: [{ from: "bell", to: "!room", announce: false, priority: "normal", onMissed: "leave" }],
    pathOf: (_name: string, written: string) => written,
  };
  const account = await openAccount({ ...config, ...plan }, silentLogger);
  onTestFinished(() => account.close());
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
