import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { command } from "../../src/commands/devices.ts";
import { sotto } from "../support/sotto.ts";

// What needs no homeserver; test/e2e/verify-devices.test.ts has the rest.

describe("sotto devices", () => {
  it("takes a user, or none", () => {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const { signal } = new AbortController();
    const { registeredArguments } = command({ stdin, stdout, stderr, env: {}, interactive: false, signal });
    expect(registeredArguments.map(({ required }) => required)).toEqual([false]);
  });

  it("looks at the user ID before it looks for a config", async () => {
    const { code, stderr } = await sotto(["devices", "somebody", "--config", "/none.yaml"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("somebody is not a user ID")]);
  });
});
