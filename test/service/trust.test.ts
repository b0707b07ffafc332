import { expect, it } from "vitest";
import { Sotto } from "../../src/index.ts";
import { configFor } from "../support/config.ts";
import { scriptedHomeserver, sync } from "../support/scripted-homeserver.ts";
import { state } from "../support/store.ts";

it("a program can ask for, and accept, only who is in a room of the account", async () => {
  const answer = { json: sync([state("m.room.encryption", { algorithm: "m.megolm.v1.aes-sha2" })]) };
  await using sotto = await Sotto.open(configFor((await scriptedHomeserver([["/sync", answer]])).url));
  const userId = "@stranger:example.org";
  await expect(sotto.trust.status(userId)).rejects.toMatchObject({ code: "USER_UNKNOWN" });
  await expect(sotto.trust.accept({ userId, fingerprint: "none" })).rejects.toMatchObject({
    code: "USER_UNKNOWN",
  });
});
