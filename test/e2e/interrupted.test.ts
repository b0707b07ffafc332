import { afterEach, describe, expect, it } from "vitest";
import { endAllSotto, errorOf } from "../support/sotto.ts";
import { openWorld } from "../support/world.ts";

const { newBot, proxy } = await openWorld();

afterEach(async () => {
  proxy.passOnEverything();
  await endAllSotto();
});

describe("a command that waits for a silent homeserver", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("ends on %s, and says that it was ended", async (signal) => {
    const bot = await newBot();
    const silent = proxy.next(({ path }) => path.includes("/keys/query"), "hang before");
    const running = bot.start(["identity", "status"]);
    await silent;
    expect(errorOf(await running.end(signal))).toMatchObject({ code: "INTERRUPTED", exitCode: 3 });
  });
});
