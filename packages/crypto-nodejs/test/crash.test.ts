import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { messageIndex } from "../src/room-key-life.ts";
import { temporaryDirectory } from "./support/stores.ts";

const writer = join(import.meta.dirname, "support/write-until-killed.ts");
const KILLS = 12;

/**
 * What would be fatal: two messages under one Megolm index. A message counts as sent as soon as the writer has reported
 * its ciphertext; after each kill -9 the next writer must go on behind all of them.
 */
test("kill -9 in the middle of writing: no Megolm index is used twice, no identity is lost", async () => {
  const directory = temporaryDirectory();
  const used = new Set<string>();
  const identities = new Set<string>();

  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, [writer, directory], { stdio: ["ignore", "pipe", "inherit"] });
    let messages = 0;
    for await (const line of createInterface(child.stdout)) {
      const { identity, session_id, ciphertext } = JSON.parse(line);
      identities.add(identity);
      const index = `${session_id} ${messageIndex(ciphertext)}`;
      expect(used.has(index), index).toBe(false);
      used.add(index);
      if (++messages === 1) setTimeout(() => child.kill("SIGKILL"), Math.random() * 60);
    }
  }

  expect(identities.size).toBe(1);
  expect(used.size).toBeGreaterThanOrEqual(KILLS);
});
