import { DatabaseSync } from "node:sqlite";
import { inject } from "vitest";

/**
 * What `session_lifetime` does to a token when its time has come. A token that Synapse has seen in use is in its cache:
 * only a fresh one can be made to expire behind its back.
 */
export function expire(accessToken: string): void {
  const database = new DatabaseSync(inject("synapse").database, { timeout: 10_000 });
  const update = database.prepare("UPDATE access_tokens SET valid_until_ms = 1 WHERE token = ?");
  const { changes } = update.run(accessToken);
  database.close();
  if (changes !== 1) throw new Error("Synapse does not have the token");
}
