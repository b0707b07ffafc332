import { createPrivateKey, createPublicKey, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { CROSS_SIGNING_SECRETS, openSecretStorage, type RecoverySecret } from "../../src/crypto/index.ts";
import { createAccountData, createTransport } from "../../src/matrix/index.ts";
import type { Session, Synapse } from "../../synapse-dev/synapse.ts";
import { type Account, Bot } from "./bot.ts";

/** A device with a config and a store key, that has neither published its keys nor an identity. */
export function bareBot(account: Account & Session, folder: string, homeserver: string): Bot {
  const bot = new Bot(account, mkdtempSync(join(folder, "bare-")));
  const { userId, deviceId, accessToken } = account;
  mkdirSync(bot.data, { mode: 0o700 });
  writeFileSync(join(bot.data, "access-token"), accessToken, { mode: 0o600 });
  writeFileSync(join(bot.data, "store.key"), randomBytes(32), { mode: 0o600 });
  const accessTokenFile = "./data/access-token";
  writeFileSync(bot.config, stringify({ homeserver, account: { userId, deviceId, accessTokenFile } }));
  bot.deviceId = deviceId;
  return bot;
}

/** What the homeserver shows of an account's master key. */
export async function publishedMasterKey(synapse: Synapse, bot: Bot): Promise<string | undefined> {
  const { master_keys } = await synapse.request<{ master_keys: Record<string, { keys: object }> }>(
    "POST",
    "/_matrix/client/v3/keys/query",
    bot.accessToken,
    { device_keys: { [bot.userId]: [] } },
  );
  return Object.values(master_keys[bot.userId]?.keys ?? {})[0] as string | undefined;
}

/** The public master key that belongs to the private one in secret storage. */
export async function storedMasterKey(
  homeserver: string,
  bot: Bot,
  secret: RecoverySecret = { recoveryKey: readFileSync(bot.recoveryKeyFile, "utf8").trim() },
): Promise<string> {
  const transport = createTransport({ homeserver, accessToken: bot.accessToken });
  try {
    const storage = await openSecretStorage(createAccountData(transport, bot.userId), secret);
    return publicKeyOf(await storage.get(CROSS_SIGNING_SECRETS.master));
  } finally {
    transport.close();
  }
}

/** PKCS #8 with an ed25519 seed in it: RFC 8410 section 7. */
function publicKeyOf(seed: string): string {
  const der = Buffer.concat([
    Buffer.from("302e020100300506032b657004220420", "hex"),
    Buffer.from(seed, "base64"),
  ]);
  const key = createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
  return Buffer.from(key.export({ format: "jwk" }).x!, "base64url")
    .toString("base64")
    .replace(/=+$/, "");
}
