import { describe, expect, it } from "vitest";
import { pcmFormat, wav } from "../audio/by-hand.ts";
import { freePort } from "../matrix/scripted-server.ts";
import { configFor, writeConfig } from "../support/config.ts";
import { attached, compose, recording } from "../support/mail.ts";
import { scriptedHomeserver } from "../support/scripted-homeserver.ts";
import { errorOf, resultOf, sotto } from "../support/sotto.ts";
import { ROOM } from "../support/store.ts";

const sound = (): Buffer => wav(pcmFormat(8000, 1), recording(16_000));
const ingest = (config: string, input: Buffer | string, room = ROOM) =>
  sotto(["ingest", "email", "--room", room, "--config", config, "--json"], { input: Buffer.from(input) });

describe("a mail on standard input", () => {
  it.each([
    ["without a recording", "Subject: hello\n\nhello", "AUDIO_NOT_AUDIO"],
    ["that is empty", "", "AUDIO_NOT_AUDIO"],
    ["that is built to be costly", "A: b\n".repeat(100_000), "MAIL_INVALID"],
  ])("%s is refused", async (_what, mail, code) => {
    expect(errorOf(await ingest(writeConfig(""), mail))).toMatchObject({ code, exitCode: 2 });
  });

  it("for no room at all is refused", async () => {
    expect(errorOf(await sotto(["ingest", "email", "--json"]))).toMatchObject({ code: "USAGE", exitCode: 2 });
  });

  it("for what is no room is refused, and not kept", async () => {
    const config = configFor((await scriptedHomeserver()).url);
    const mail = await compose({ attachments: [attached(sound())] });
    expect(errorOf(await ingest(config, mail, "kitchen"))).toMatchObject({ code: "USAGE", exitCode: 2 });
    expect(resultOf(await sotto(["queue", "list", "--config", config, "--json"]))).toEqual({
      jobs: [],
      total: 0,
    });
  });

  it("is kept while the homeserver is away, once, and every recording of it", {
    timeout: 120_000,
  }, async () => {
    const config = configFor(`http://127.0.0.1:${await freePort()}`);
    const mail = await compose({ messageId: "<a@pbx>", attachments: [attached(sound()), attached(sound())] });
    for (const _time of ["first", "second"]) {
      const error = errorOf(await ingest(config, mail));
      expect(error).toMatchObject({ code: "HOMESERVER_UNREACHABLE", exitCode: 4 });
      expect(error.cure).toContain("kept");
    }
    const { jobs } = resultOf<{ jobs: unknown[] }>(
      await sotto(["queue", "list", "--config", config, "--json"]),
    );
    expect(jobs).toMatchObject([
      { state: "accepted", roomId: ROOM },
      { state: "accepted", roomId: ROOM },
    ]);
  });
});
