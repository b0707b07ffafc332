import { readFileSync } from "node:fs";
import { join } from "node:path";
import { wasm } from "../../src/crypto/engine.ts";
import { holdEngine } from "../../src/crypto/index.ts";
import type { Synapse } from "../../synapse-dev/synapse.ts";
import type { Bot } from "./bot.ts";

/**
 * Signs a member's master key with the bot's user-signing key, which is what every verification comes to. Nobody may hold
 * the store meanwhile, and the bot must have seen the member's identity.
 */
export async function verifyMember(
  synapse: Pick<Synapse, "request">,
  bot: Bot,
  member: string,
): Promise<void> {
  const storeKey = readFileSync(join(bot.data, "store.key"));
  const { userId, deviceId, data: directory } = bot;
  const engine = await holdEngine({ userId, deviceId, directory, storeKey });
  try {
    const identity = await engine.machine.getIdentity(new wasm.UserId(member));
    if (!(identity instanceof wasm.OtherUserIdentity)) throw new Error("the identity is not known");
    const { body } = await identity.verify();
    const path = "/_matrix/client/v3/keys/signatures/upload";
    await synapse.request("POST", path, bot.accessToken, JSON.parse(body));
  } finally {
    await engine.close();
  }
}
