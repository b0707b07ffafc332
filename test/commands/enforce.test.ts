import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configFor } from "../support/config.ts";
import { errorOf, sotto } from "../support/sotto.ts";
import { temporaryDirectory } from "../support/temporary.ts";

// What enforcement does to rooms is shown by test/e2e/enforce.test.ts.

const NOWHERE = "http://127.0.0.1:9";
const refused = async (...args: string[]) =>
  errorOf(await sotto(["enforce", ...args, "--config", configFor(NOWHERE), "--json"]));

describe("enforce", () => {
  it("refuses what is no plan, before anything is asked", async () => {
    const file = join(temporaryDirectory(), "plan.json");
    expect(await refused("apply", "--plan", file)).toMatchObject({ code: "USAGE", exitCode: 2 });
    for (const text of [
      "{",
      "null",
      "[]",
      '{"schemaVersion":2,"rooms":[]}',
      '{"schemaVersion":1,"rooms":[{}]}',
    ]) {
      writeFileSync(file, text);
      expect(await refused("apply", "--plan", file)).toMatchObject({ code: "USAGE", exitCode: 2 });
    }
  }, 60_000);

  it("refuses a policy that is none, and guests that are no users", async () => {
    const file = join(temporaryDirectory(), "policy.yaml");
    writeFileSync(file, "rooms: { guests: perhaps }");
    expect(await refused("plan", "--policy", file)).toMatchObject({ code: "CONFIG_INVALID", exitCode: 2 });
    expect(await refused("create", "--invite", "alice")).toMatchObject({ code: "USAGE", exitCode: 2 });
  }, 60_000);

  it("says that the homeserver is not there", async () => {
    expect(await refused()).toMatchObject({ code: "HOMESERVER_UNREACHABLE", exitCode: 4 });
  }, 60_000);
});
