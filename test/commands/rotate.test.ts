import { describe, expect, it } from "vitest";
import { configFor } from "../support/config.ts";
import { scriptedHomeserver, sync } from "../support/scripted-homeserver.ts";
import { errorOf, resultOf, sotto } from "../support/sotto.ts";
import { MEGOLM, ROOM, state } from "../support/store.ts";

// That the next message has a new key is shown by test/e2e/rotate.test.ts.

const encrypted = { json: sync([state("m.room.encryption", { algorithm: MEGOLM })]) };

describe("rotate", () => {
  it.each([[[]], [[ROOM, "--all"]], [["one", "two"]]])("does not understand %j", async (args) => {
    const config = configFor("http://127.0.0.1:9");
    const error = errorOf(await sotto(["rotate", ...args, "--config", config, "--json"]));
    expect(error).toMatchObject({ code: "USAGE", exitCode: 2 });
  });

  it("prints the room, for a script and for a person", async () => {
    const config = configFor((await scriptedHomeserver([["/sync", encrypted]])).url);
    const outcome = await sotto(["rotate", ROOM, "--config", config, "--json"]);
    expect(resultOf(outcome)).toEqual({ rooms: [ROOM] });
    const { code, stdout, stderr } = await sotto(["rotate", "--all", "--config", config]);
    expect([code, stdout]).toEqual([0, `${ROOM}\n`]);
    expect(stderr).toContain("new key");
  }, 20_000);

  it("knows no room that is not encrypted", async () => {
    const config = configFor((await scriptedHomeserver()).url);
    const error = errorOf(await sotto(["rotate", ROOM, "--config", config, "--json"]));
    expect(error).toMatchObject({ code: "ROOM_NOT_ENCRYPTED", exitCode: 1 });
  }, 20_000);

  it("says that the homeserver is not there, if it needs it", async () => {
    const config = configFor("http://127.0.0.1:9");
    const error = errorOf(await sotto(["rotate", ROOM, "--config", config, "--json"]));
    expect(error).toMatchObject({ code: "HOMESERVER_UNREACHABLE", exitCode: 4 });
  }, 60_000);
});
