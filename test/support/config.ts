import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "./temporary.ts";

/** The least a config must say. */
export const MINIMAL = `
homeserver: https://matrix.example.org
account:
  userId: "@voice:example.org"
  deviceId: SOTTO1
  accessTokenFile: ./data/access-token
`.trimStart();

/** Writes a config into a directory of the test's own; gives its path. */
export function writeConfig(yaml: string, directory = temporaryDirectory()): string {
  const path = join(directory, "sotto.yaml");
  writeFileSync(path, yaml);
  return path;
}

/** A data directory as `sotto init` leaves it, before anything was sent, for a homeserver at `url`. */
export function configFor(url: string): string {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, "data"), { mode: 0o700 });
  writeFileSync(join(directory, "data", "access-token"), "syt_dm9pY2U_a_token_of_a_test_123456\n", {
    mode: 0o600,
  });
  const key = Uint8Array.from({ length: 32 }, (_, index) => index * 7);
  writeFileSync(join(directory, "data", "store.key"), key, { mode: 0o600 });
  return writeConfig(MINIMAL.replace("https://matrix.example.org", url), directory);
}
