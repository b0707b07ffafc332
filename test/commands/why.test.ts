import { describe, expect, it } from "vitest";
import { configFor } from "../support/config.ts";
import { scriptedHomeserver } from "../support/scripted-homeserver.ts";
import { errorOf, sotto } from "../support/sotto.ts";

describe("why", () => {
  it("needs an event", async () => {
    expect(errorOf(await sotto(["why", "--json"]))).toMatchObject({ code: "USAGE", exitCode: 2 });
  });

  it("knows only what this store has sent, and asks the homeserver nothing", async () => {
    const server = await scriptedHomeserver();
    const config = configFor(server.url);
    const error = errorOf(await sotto(["why", "$unheard-of", "--config", config, "--json"]));
    expect(error).toMatchObject({ code: "EVENT_UNKNOWN", exitCode: 3 });
    expect(error.message).toContain("$unheard-of");
    expect(server.requests).toEqual([]);
  });
});
