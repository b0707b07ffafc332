import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pcmFormat, wav } from "../audio/by-hand.ts";
import { describeWithFfmpeg } from "../audio/with-ffmpeg.ts";
import { freePort } from "../matrix/scripted-server.ts";
import { configFor, writeConfig } from "../support/config.ts";
import { leaks, type Script, scriptedHomeserver, sync } from "../support/scripted-homeserver.ts";
import { errorOf, sotto } from "../support/sotto.ts";
import { MEGOLM, ROOM, state } from "../support/store.ts";
import { temporaryDirectory } from "../support/temporary.ts";

function file(name: string, content: Uint8Array | string): string {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, content);
  return path;
}
const recording = (): string => file("recording.wav", Buffer.from("RIFF....WAVEfmt "));
const encrypted: Script = [["/sync", { json: sync([state("m.room.encryption", { algorithm: MEGOLM })]) }]];

describe("send is used wrongly", () => {
  it.each([
    ["without a recording", ["--room", ROOM]],
    ["without a room", ["voice.ogg"]],
    ["with two recordings", ["one.ogg", "two.ogg", "--room", ROOM]],
    ["with a flag it does not know", ["voice.ogg", "--room", ROOM, "--loud"]],
    ["with a flag that lacks its value", ["voice.ogg", "--room"]],
  ])("%s", async (_how, args) => {
    expect(errorOf(await sotto(["send", "--json", ...args]))).toMatchObject({ code: "USAGE", exitCode: 2 });
  });

  it("with a time to wait that is no number", async () => {
    const args = [
      "send",
      recording(),
      "--room",
      ROOM,
      "--config",
      writeConfig(""),
      "--wait",
      "long",
      "--json",
    ];
    expect(errorOf(await sotto(args))).toMatchObject({ code: "USAGE", exitCode: 2 });
  });

  it("with a recording that is not there", async () => {
    const args = ["send", "/nowhere/voice.ogg", "--room", ROOM, "--json"];
    expect(errorOf(await sotto(args))).toMatchObject({ code: "AUDIO_UNREADABLE", exitCode: 2 });
  });

  it("with a target that is neither room, alias nor user", async () => {
    const config = configFor((await scriptedHomeserver()).url);
    const args = ["send", recording(), "--room", "kitchen", "--config", config, "--json"];
    expect(errorOf(await sotto(args))).toMatchObject({ code: "USAGE", exitCode: 2 });
  });
});

describe("the config", () => {
  it("that is wrong is named with file and line", async () => {
    const config = writeConfig("homeserver: https://matrix.example.org\nvolume: 11\n");
    const error = errorOf(await sotto(["send", recording(), "--room", ROOM, "--config", config, "--json"]));
    expect(error).toMatchObject({ code: "CONFIG_INVALID", exitCode: 2 });
    expect(error.message).toContain(`${config}:2: `);
  });

  it("without its store key stops everything before a request is made", async () => {
    const server = await scriptedHomeserver();
    const config = configFor(server.url);
    writeFileSync(join(config, "../data/store.key"), "");
    const error = errorOf(await sotto(["send", recording(), "--room", ROOM, "--config", config, "--json"]));
    expect(error).toMatchObject({ code: "STORE_KEY_MISSING", exitCode: 2 });
    expect(server.requests).toEqual([]);
  });
});

describeWithFfmpeg("a command that does not get its store", () => {
  it("ends, though it has begun to encode a recording that is long", async () => {
    const config = configFor("http://127.0.0.1:9");
    writeFileSync(join(config, "../data/store.key"), "");
    const long = file("long.wav", wav(pcmFormat(8_000, 1), randomBytes(2 * 8_000 * 300)));
    const error = errorOf(await sotto(["send", long, "--room", ROOM, "--config", config, "--json"]));
    expect(error).toMatchObject({ code: "STORE_KEY_MISSING" });
  });
});

describe("the homeserver", () => {
  async function failing(script: Script) {
    const server = await scriptedHomeserver(script);
    const args = ["send", recording(), "--room", ROOM, "--config", configFor(server.url), "--json"];
    const error = errorOf(await sotto(args));
    expect(leaks(server)).toEqual([]);
    return error;
  }

  it("that cannot be reached ends it with 4", async () => {
    const config = configFor(`http://127.0.0.1:${await freePort()}`);
    const error = errorOf(await sotto(["send", recording(), "--room", ROOM, "--config", config, "--json"]));
    expect(error).toMatchObject({ code: "HOMESERVER_UNREACHABLE", exitCode: 4 });
  }, 20_000);

  it("that does not know the token any more", async () => {
    const revoked = { status: 401, json: { errcode: "M_UNKNOWN_TOKEN", error: "unknown token" } };
    expect(await failing([["/sync", revoked]])).toMatchObject({ code: "TOKEN_REJECTED", exitCode: 3 });
  });

  it("that says nothing of the room's encryption: only its own word makes a room unencrypted", async () => {
    const absent = { status: 404, json: { errcode: "M_NOT_FOUND" } };
    expect(await failing([["/state/m.room.encryption", absent]])).toMatchObject({
      code: "ROOM_NOT_ENCRYPTED",
      exitCode: 1,
    });
    const broken = { status: 500, json: { errcode: "M_UNKNOWN" } };
    expect(await failing([["/state/m.room.encryption", broken]])).toMatchObject({
      code: "ROOM_ENCRYPTION_UNKNOWN",
      exitCode: 1,
    });
    const proxy = { status: 404, json: "no such page" };
    expect(await failing([["/state/m.room.encryption", proxy]])).toMatchObject({
      code: "ROOM_ENCRYPTION_UNKNOWN",
      exitCode: 1,
    });
  });

  it("that gives no live state is not worked around", async () => {
    const broken = { status: 500, json: { errcode: "M_UNKNOWN" } };
    expect((await failing([["/sync", broken]])).exitCode).not.toBe(0);
  });
});

describe("the recording", () => {
  async function refused(content: Uint8Array, code: string): Promise<void> {
    const server = await scriptedHomeserver(encrypted);
    const args = ["--room", ROOM, "--config", configFor(server.url), "--json"];
    expect(errorOf(await sotto(["send", file("voice", content), ...args]))).toMatchObject({
      code,
      exitCode: 2,
    });
    expect(errorOf(await sotto(["send", "-", ...args], { input: content }))).toMatchObject({
      code,
      exitCode: 2,
    });
    expect(leaks(server)).toEqual([]);
  }

  it("that holds no data is refused, and nothing of it leaves", () =>
    refused(Buffer.alloc(0), "AUDIO_EMPTY"));

  describeWithFfmpeg("that ffmpeg cannot read", () => {
    it("is refused, and nothing of it leaves", () =>
      refused(Buffer.from("Dear Bob, this is a letter. ".repeat(50)), "AUDIO_NOT_AUDIO"));
  });

  it("that needs ffmpeg, where there is none, says how to get it", async () => {
    const server = await scriptedHomeserver(encrypted);
    const env = { PATH: temporaryDirectory(), SOTTO_FFMPEG: undefined };
    const args = [
      "send",
      file("voice.wav", wav(pcmFormat(8_000, 1), Buffer.alloc(1_600))),
      "--room",
      ROOM,
      "--config",
      configFor(server.url),
      "--json",
    ];
    expect(errorOf(await sotto(args, { env }))).toMatchObject({
      code: "FFMPEG_MISSING",
      exitCode: 3,
      cure: expect.stringContaining("install ffmpeg"),
    });
    expect(leaks(server)).toEqual([]);
  });
});
