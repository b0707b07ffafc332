import { existsSync, readFileSync } from "node:fs";
import { Sotto } from "../../src/index.ts";
import { createPrivateFile } from "../../src/service/private-file.ts";

// Resets an identity through the SDK, as a program that has asked its owner does: config, recovery key file, password.

const [config, out, password] = process.argv.slice(2) as [string, string, string];
await using sotto = await Sotto.open(config);
const { userId } = sotto.account.config.account;
await sotto.identity.reset(
  userId,
  {
    keep: async (recoveryKey) => createPrivateFile(out, `${recoveryKey}\n`),
    ...(existsSync(out) ? { kept: readFileSync(out, "utf8").trim() } : {}),
  },
  { password },
);
process.stdout.write("{}\n");
