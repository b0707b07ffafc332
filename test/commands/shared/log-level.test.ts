import { expect, it } from "vitest";
import { logLevel } from "../../../src/commands/shared/log-level.ts";
import { configFor } from "../../support/config.ts";
import { scriptedHomeserver } from "../../support/scripted-homeserver.ts";
import { sotto } from "../../support/sotto.ts";

it("a command logs as the environment says, or as it does otherwise", () => {
  expect(logLevel({}, "warn")).toBe("warn");
  expect(logLevel({ SOTTO__LOG__LEVEL: "debug" }, "warn")).toBe("debug");
  expect(() => logLevel({ SOTTO__LOG__LEVEL: "loud" }, "warn")).toThrow(
    expect.objectContaining({ code: "USAGE", cure: expect.stringContaining("debug, info, warn, error") }),
  );
});

it("a short command logs everything where the environment asks for it", async () => {
  const config = configFor((await scriptedHomeserver()).url);
  const env = { SOTTO__LOG__LEVEL: "debug" };
  const { stderr } = await sotto(["identity", "status", "--config", config, "--json"], { env });
  expect(stderr).toContain('"message":"homeserver answered"');
}, 60_000);
