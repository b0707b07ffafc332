import type { TestProject } from "vitest/node";
import { startSuite } from "../e2e/setup.ts";

/** A Synapse of its own: it is halted and restarted while nobody else needs it. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return startSuite((suite) => project.provide("synapse", suite));
}
