import { loadConfig } from "../../src/config/index.ts";
import { createLogger } from "../../src/log.ts";
import { startService } from "../../src/service/run.ts";
import { Sotto } from "../../src/service/sotto.ts";
import type { Bot } from "./bot.ts";
import { Hand } from "./hand.ts";

/** `sotto run` in this process, with a connector named `hand` in the test's own hands. */
export async function runningService(bot: Bot, config: Record<string, unknown>) {
  bot.configure({ connectors: { hand: { type: "hand" } }, ...config });
  const hand = new Hand();
  const log: string[] = [];
  const logger = createLogger({ level: "debug", json: true, write: (line) => log.push(line) });
  const sotto = await Sotto.open(loadConfig(bot.config), { logger });
  const service = await startService(sotto.account, { connectorTypes: [hand.type] });
  return {
    ...{ hand, sotto, service, log, store: sotto.account.store },
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await sotto.close();
    },
  };
}
