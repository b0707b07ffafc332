import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { errorOf, sotto } from "../support/sotto.ts";
import { temporaryDirectory } from "../support/temporary.ts";

// What is refused before a config is read or a homeserver asked; test/e2e/verify-command.test.ts has the rest.

const USER = "@alice:example.org";
const verify = async (args: string[], terminal = true) =>
  errorOf(await sotto(["verify", ...args, "--config", "/none.yaml", "--json"], { terminal }));

describe("sotto verify", () => {
  it("takes a user ID", async () => {
    expect(await verify(["alice"])).toMatchObject({ code: "USAGE", exitCode: 2 });
  });

  it("takes a person at a terminal, unless a fingerprint was compared before", async () => {
    const error = await verify([USER], false);
    expect(error).toMatchObject({ code: "USAGE", exitCode: 2 });
    expect(error.cure).toContain("--fingerprint");
    const key = "fnW9Ys8BV1lHKlDbDAlj7xW3dKLH9ByRGhZgAXW0wUg";
    expect(await verify([USER, "--fingerprint", key], false)).toMatchObject({ code: "CONFIG_NOT_FOUND" });
  });

  it("takes one way at a time", async () => {
    expect(await verify([USER, "--qr", "--qr-text"])).toMatchObject({ code: "USAGE" });
    expect(await verify([USER, "--qr-scan", "code.png", "--qr-text"])).toMatchObject({ code: "USAGE" });
    expect(await verify([USER, "--qr", "--fingerprint", "A".repeat(43)])).toMatchObject({ code: "USAGE" });
  });

  it("refuses what is no fingerprint", async () => {
    expect(await verify([USER, "--fingerprint", "0123 4567"], false)).toMatchObject({ code: "USAGE" });
  });

  it("finds out beforehand whether the code's picture can be written", async () => {
    expect(await verify([USER, "--qr-out", "code.gif"])).toMatchObject({ code: "USAGE" });
    const path = join(temporaryDirectory(), "code.png");
    writeFileSync(path, "mine");
    expect(await verify([USER, "--qr-out", path])).toMatchObject({ code: "FILE_EXISTS", exitCode: 2 });
  });
});
