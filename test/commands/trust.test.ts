import { describe, expect, it } from "vitest";
import { configFor } from "../support/config.ts";
import { scriptedHomeserver, sync } from "../support/scripted-homeserver.ts";
import { errorOf, sotto } from "../support/sotto.ts";
import { state } from "../support/store.ts";

const run = (...args: string[]) => sotto(["trust", ...args, "--json"]);

describe("trust accept refuses", () => {
  it("what is no user, no room, or no command", async () => {
    for (const args of [
      ["accept", "alice"],
      ["accept"],
      ["accept", "@a:b", "--room", "#a:b"],
      ["forget", "@a:b"],
      ["accept", "@a:b", "--fingerprint", "fnW9"],
    ]) {
      expect(errorOf(await run(...args))).toMatchObject({ code: "USAGE", exitCode: 2 });
    }
  });

  it("to ask where nobody is, before it opens anything", async () => {
    const error = errorOf(await run("accept", "@alice:example.org", "--config", "/nowhere/sotto.yaml"));
    expect(error).toMatchObject({
      code: "USAGE",
      exitCode: 2,
      cure: expect.stringContaining("--fingerprint"),
    });
  });

  it("somebody who is in none of our rooms", async () => {
    const answer = { json: sync([state("m.room.encryption", { algorithm: "m.megolm.v1.aes-sha2" })]) };
    const config = configFor((await scriptedHomeserver([["/sync", answer]])).url);
    const args = ["accept", "@stranger:example.org", "--fingerprint", "none", "--config", config];
    expect(errorOf(await run(...args))).toMatchObject({ code: "USER_UNKNOWN", exitCode: 3 });
  });
});
