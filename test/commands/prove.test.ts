import { describe, expect, it } from "vitest";
import { configFor } from "../support/config.ts";
import { scriptedHomeserver, sync } from "../support/scripted-homeserver.ts";
import { errorOf, sotto } from "../support/sotto.ts";
import { ROOM } from "../support/store.ts";

// What it finds, and does not, is shown by test/e2e/prove.test.ts and test/service/prove/.

describe("prove refuses", () => {
  it("to send anything where no place can be read", async () => {
    for (const places of [
      [],
      ["--media", "/nowhere"],
      ["--logs", "/"],
      ["--database", "postgres://127.0.0.1:1/synapse"],
    ]) {
      const homeserver = await scriptedHomeserver();
      const args = ["prove", "--room", ROOM, "--config", configFor(homeserver.url), "--json", ...places];
      expect(errorOf(await sotto(args))).toMatchObject({ code: "USAGE", exitCode: 2 });
      expect(homeserver.requests).toEqual([]);
    }
  }, 30_000);

  it("a room that is not encrypted, before anything is sent in clear", async () => {
    const homeserver = await scriptedHomeserver([["/sync", { json: sync([]) }]]);
    const args = [
      "prove",
      "--room",
      ROOM,
      "--logs",
      import.meta.filename,
      "--config",
      configFor(homeserver.url),
    ];
    expect(errorOf(await sotto([...args, "--json"]))).toMatchObject({
      code: "ROOM_NOT_ENCRYPTED",
      exitCode: 1,
    });
    const paths = homeserver.requests.map(({ path }) => path);
    expect(paths.filter((path) => /createRoom|media|\/send\//.test(path))).toEqual([]);
  }, 30_000);
});
