import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { bundleSotto } from "../../scripts/pack/bundles.ts";

const ROOT = join(import.meta.dirname, "../..");

declare module "vitest" {
  interface ProvidedContext {
    /** The folder that holds the command as users have it, packed: a third of each start goes into reading 200 sources. */
    packed: string;
  }
}

/** Packs the sources for one run of the tests. */
export default async function setup(project: TestProject): Promise<() => void> {
  // below the checkout, where it finds the packages; of its own, since other runs come and go beside it
  mkdirSync(join(ROOT, ".dev"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, ".dev/packed-"));
  await bundleSotto(folder);
  project.onTestsRerun(async () => void (await bundleSotto(folder)));
  project.provide("packed", folder);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove); // a run that is broken off
  return remove;
}
