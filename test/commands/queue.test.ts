import { describe, expect, it } from "vitest";
import { configFor } from "../support/config.ts";
import { leaks, scriptedHomeserver } from "../support/scripted-homeserver.ts";
import { errorOf, sotto } from "../support/sotto.ts";

describe("queue", () => {
  it("needs to be told what to do, and with which event", async () => {
    for (const args of [["resend"], ["burn", "$event"]]) {
      expect(errorOf(await sotto(["queue", ...args, "--json"]))).toMatchObject({
        code: "USAGE",
        exitCode: 2,
      });
    }
  });

  it("sends nothing again that this store has not sent", async () => {
    const server = await scriptedHomeserver();
    const args = ["queue", "resend", "$unheard-of", "--config", configFor(server.url), "--json"];
    expect(errorOf(await sotto(args))).toMatchObject({ code: "EVENT_UNKNOWN", exitCode: 3 });
    expect(leaks(server)).toEqual([]);
  });
});
