import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { DeviceId, type OlmMachine as Machine, OlmMachine, UserId } from "../../src/index.ts";

/** A directory that is gone after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "crypto-nodejs-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A machine that is closed after the test; in memory unless it gets a directory. */
export async function open(
  user: string,
  device: string,
  directory?: string,
  secret?: string | Uint8Array | null,
): Promise<Machine> {
  const machine = await OlmMachine.initialize(new UserId(user), new DeviceId(device), directory, secret);
  onTestFinished(() => machine.close());
  return machine;
}

export const KEY = new Uint8Array(32).fill(7);
