import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { configFor } from "../support/config.ts";
import { scriptedHomeserver, sync } from "../support/scripted-homeserver.ts";
import { errorOf, resultOf, sotto, startSotto } from "../support/sotto.ts";
import { MEGOLM, ROOM, state } from "../support/store.ts";

describe("store confirm", () => {
  it("is for a person at a terminal: no flag and no pipe makes up for that", async () => {
    const { url, requests } = await scriptedHomeserver();
    const args = ["store", "confirm", "--config", configFor(url), "--json"];
    const error = errorOf(await sotto(args, { input: Buffer.from("SOTTO1\n") }));
    expect(error).toMatchObject({ code: "USAGE", exitCode: 2, message: expect.stringContaining("terminal") });
    for (const more of ["--yes", "--device=SOTTO1", "now"])
      expect(errorOf(await sotto([...args, more]))).toMatchObject({ code: "USAGE", exitCode: 2 });
    expect(requests).toEqual([]);
  });

  it("says what is in doubt, and takes the device's name and nothing else for an answer", async () => {
    const encrypted = { json: sync([state("m.room.encryption", { algorithm: MEGOLM })]) };
    const before = await scriptedHomeserver([["/sync", encrypted]]);
    const config = configFor(before.url);
    // a use of the store, which the homeserver was told of
    resultOf(await sotto(["rotate", ROOM, "--config", config, "--json"]));
    const forgetful = await scriptedHomeserver();
    writeFileSync(config, readFileSync(config, "utf8").replace(before.url, forgetful.url));
    const answer = async (typed: string) => {
      const confirming = startSotto(["store", "confirm", "--config", config], { terminal: true });
      await confirming.says("Type SOTTO1");
      confirming.types(`${typed}\n`);
      return confirming.ended;
    };
    const puts = () => forgetful.requests.filter(({ method }) => method === "PUT");

    const refused = await answer("yes");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("gone from the account's data");
    expect(refused.stderr).toContain("NOT_CONFIRMED");
    expect(puts()).toEqual([]);

    const { code, stderr } = await answer("SOTTO1");
    expect([code, stderr]).toEqual([0, expect.stringContaining("goes on")]);
    expect(puts()).toHaveLength(1);
    const again = startSotto(["store", "confirm", "--config", config], { terminal: true });
    expect((await again.ended).stderr).toContain("nothing is in doubt");
  }, 60_000);
});
