import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { httpSettings } from "../../src/connector/http/settings.ts";
import { redact } from "../../src/log.ts";
import { errorOf, resultOf, sotto } from "../support/sotto.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("token", () => {
  it("prints the token alone, and says the line for the config, which has only its hash", async () => {
    const { code, stdout, stderr } = await sotto(["token", "--name", "front-door"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^sotto\.[\w-]{43}\n$/);
    const token = stdout.trim();
    expect(stderr).not.toContain(token);
    const tokens = parse(stderr.slice(stderr.indexOf("\n") + 1));
    expect(tokens).toEqual([{ name: "front-door", sha256: sha256(token) }]);
    expect(httpSettings.safeParse({ type: "http", tokens }).success).toBe(true);
    // should it ever come near a log
    expect(redact(`sent ${token}`)).not.toContain(token.slice(6));
  });

  it("is another one each time, also as JSON", async () => {
    const made = async () => resultOf(await sotto(["token", "--json"])) as { token: string; sha256: string };
    const [one, other] = [await made(), await made()];
    expect(one).toEqual({ token: one.token, name: "doorbell", sha256: sha256(one.token) });
    expect(other.token).not.toBe(one.token);
  });

  it("takes no name that the config refuses", async () => {
    for (const name of ["Front Door", "", "-x", "a: b"])
      expect(errorOf(await sotto(["token", `--name=${name}`, "--json"]))).toMatchObject({
        code: "USAGE",
        exitCode: 2,
      });
  });
});
