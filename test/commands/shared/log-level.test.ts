import { expect, it } from "vitest";
import { logLevel } from "../../../src/commands/shared/log-level.ts";
import { configFor } from "../../support/config.ts";
import { scriptedHomeserver } from "../../support/scripted-homeserver.ts";
import { errorOf, sotto } from "../../support/sotto.ts";

it("the environment says what every command logs", async () => {
  const config = configFor((await scriptedHomeserver()).url);
  const status = (SOTTO__LOG__LEVEL: string | undefined) =>
    sotto(["identity", "status", "--config", config, "--json"], { env: { SOTTO__LOG__LEVEL } });
  expect((await status(undefined)).stderr).not.toContain("homeserver answered");
  expect((await status("debug")).stderr).toContain('"message":"homeserver answered"');
  expect(errorOf(await status("loud"))).toMatchObject({
    code: "USAGE",
    message: expect.stringContaining("SOTTO__LOG__LEVEL"),
    cure: expect.stringContaining("debug, info, warn, error"),
  });
});

it("without it, a command logs as it does", () => {
  expect(logLevel({}, "warn")).toBe("warn");
});
