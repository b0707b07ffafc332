import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configFor } from "../support/config.ts";
import { errorOf, sotto } from "../support/sotto.ts";
import { temporaryDirectory } from "../support/temporary.ts";

// What it makes is shown by test/e2e/team.test.ts and test/e2e/team-kill.test.ts.

const NOWHERE = "http://127.0.0.1:9";
const TEAM = "team: desk\nmembers: [{ user: alice }]\nrooms: { all: {} }\n";

async function refused(yaml: string, verb: string, ...args: string[]) {
  const file = join(temporaryDirectory(), "team.yaml");
  writeFileSync(file, yaml);
  return errorOf(await sotto(["team", verb, file, ...args, "--config", configFor(NOWHERE), "--json"]));
}

describe("team", () => {
  it("refuses a file that is none, and two ways at once, before anything is asked", async () => {
    expect(await refused("team: desk", "plan")).toMatchObject({ code: "CONFIG_INVALID", exitCode: 2 });
    const both = ["--admin-token-file", "a", "--registration-secret-file", "b"];
    expect(await refused(TEAM, "apply", ...both)).toMatchObject({ code: "USAGE", exitCode: 2 });
    const args = ["team", "plan", "/nowhere/team.yaml", "--config", configFor(NOWHERE), "--json"];
    expect(errorOf(await sotto(args))).toMatchObject({ code: "USAGE", exitCode: 2 });
  }, 60_000);

  it("asks nothing where the homeserver's database cannot be opened, or its URL has the password", async () => {
    const nobody = await refused(TEAM, "apply", "--database", "postgresql://synapse@127.0.0.1:1/synapse");
    expect(nobody).toMatchObject({ code: "DATABASE_UNREADABLE", exitCode: 3 });
    const loud = await refused(TEAM, "plan", "--database", "postgresql://synapse:hush@127.0.0.1/synapse");
    expect(loud).toMatchObject({ code: "USAGE", exitCode: 2 });
    expect(JSON.stringify(loud)).not.toContain("hush");
    const file = [
      "--database",
      "postgresql://synapse@127.0.0.1:1/synapse",
      "--database-password-file",
      "/nowhere",
    ];
    expect(await refused(TEAM, "plan", ...file)).toMatchObject({ code: "SECRET_UNREADABLE" });
  }, 60_000);

  it("says that the homeserver is not there", async () => {
    expect(await refused(TEAM, "plan")).toMatchObject({ code: "HOMESERVER_UNREACHABLE", exitCode: 4 });
  }, 60_000);
});
