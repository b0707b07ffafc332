import { existsSync, readFileSync } from "node:fs";
import { Sotto } from "../../src/index.ts";
import { createPrivateFile } from "../../src/service/private-file.ts";

/** Resets an identity through the SDK, as a program that has asked its owner does; `out` is its recovery key's file. */
export async function resetIdentity(config: string, out: string, password: string): Promise<void> {
  await using sotto = await Sotto.open(config);
  await sotto.identity.reset(
    sotto.account.config.account.userId,
    {
      keep: async (recoveryKey) => createPrivateFile(out, `${recoveryKey}\n`),
      ...(existsSync(out) ? { kept: readFileSync(out, "utf8").trim() } : {}),
    },
    { password },
  );
}

if (import.meta.main) {
  await resetIdentity(...(process.argv.slice(2) as [string, string, string]));
  process.stdout.write("{}\n");
}
