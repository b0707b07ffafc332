import { describe, expect, it } from "vitest";
import { configFor } from "../support/config.ts";
import { scriptedHomeserver } from "../support/scripted-homeserver.ts";
import { errorOf, sotto } from "../support/sotto.ts";

const usage = { code: "USAGE", exitCode: 2 };

describe("identity is used wrongly", () => {
  it("without saying what, or with something it does not know", async () => {
    expect((await sotto(["identity"])).code).toBe(2);
    expect(errorOf(await sotto(["identity", "replace", "--json"]))).toMatchObject(usage);
    expect(errorOf(await sotto(["identity", "status", "--force", "--json"]))).toMatchObject(usage);
  });

  it("reset without a person at a terminal, and no flag makes up for that", async () => {
    const { url, requests } = await scriptedHomeserver();
    const config = configFor(url);
    const args = ["identity", "reset", "--recovery-key-out", "key", "--config", config, "--json"];
    const error = errorOf(await sotto(args, { input: Buffer.from("@voice:example.org\n") }));
    expect(error).toMatchObject({ ...usage, message: expect.stringContaining("terminal") });
    for (const flag of ["--yes", "--user-id-typed"])
      expect(errorOf(await sotto([...args, flag]))).toMatchObject(usage);
    expect(requests).toEqual([]);
  });

  it.each(["../data/key", "../nowhere/key"])("bootstrap with the new recovery key in %s", async (place) => {
    const config = configFor((await scriptedHomeserver()).url);
    const args = ["identity", "bootstrap", "--recovery-key-out", `${config}/${place}`];
    expect(errorOf(await sotto([...args, "--config", config, "--json"]))).toMatchObject(usage);
  });
});
