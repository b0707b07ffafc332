import { describe, expect, it } from "vitest";
import { configFor } from "../support/config.ts";
import { scriptedHomeserver, sync } from "../support/scripted-homeserver.ts";
import { errorOf, sotto } from "../support/sotto.ts";
import { state } from "../support/store.ts";

const run = (...args: string[]) => sotto(["route", ...args, "--json"]);

describe("route accept refuses", () => {
  it("what is no room ID, or no command", async () => {
    for (const args of [["accept"], ["accept", "#team:example.org"], ["accept", "@a:b"], ["forget", "!a"]])
      expect(errorOf(await run(...args))).toMatchObject({ code: "USAGE", exitCode: 2 });
  });

  it("a room that no other was replaced by", async () => {
    const tombstone = state("m.room.tombstone", { replacement_room: "!another" });
    const config = configFor((await scriptedHomeserver([["/sync", { json: sync([tombstone]) }]])).url);
    const error = errorOf(await run("accept", "!successor", "--config", config));
    expect(error).toMatchObject({ code: "ROUTE_UNKNOWN", exitCode: 2 });
  });
});
