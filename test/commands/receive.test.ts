import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configFor } from "../support/config.ts";
import { scriptedHomeserver } from "../support/scripted-homeserver.ts";
import { errorOf, sotto, startSotto } from "../support/sotto.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const receive = (...args: string[]) => sotto(["receive", "--json", ...args], { cwd: temporaryDirectory() });

describe("receive is used wrongly", () => {
  it.each([
    ["without a place for the files", []],
    ["with a count that is no number", ["--out", "in", "--count", "some"]],
    ["with a count below zero", ["--out", "in", "--count", "-1"]],
    ["with a timeout that is no number", ["--out", "in", "--timeout", "soon"]],
    ["with a timeout of months, which a timer would take for none", ["--out", "in", "--timeout", "9000000"]],
    ["with an alias, which no message bears", ["--out", "in", "--room", "#team:example.org"]],
    ...["ape", "wav:", "wav:4000", "wav:8000:2", "mp3:8000", ""].map(
      (format) => [`into the format "${format}"`, ["--out", "in", "--format", format]] as const,
    ),
    ["with something that is no flag", ["--out", "in", "voice.ogg"]],
  ] as const)("%s", async (_how, args) => {
    expect(errorOf(await receive(...args))).toMatchObject({ code: "USAGE", exitCode: 2 });
  });

  it("with a file where the folder should be", async () => {
    const file = join(temporaryDirectory(), "in");
    writeFileSync(file, "");
    const config = configFor("http://127.0.0.1:9");
    for (const out of [file, join(file, "deeper")])
      expect(errorOf(await receive("--out", out, "--config", config))).toMatchObject({
        code: "USAGE",
        exitCode: 2,
      });
  });

  it("with a folder that nobody can write to, which is said at once", async () => {
    for (const out of ["/proc/sotto", "/proc/sotto/deeper", "/proc/self/fd"]) {
      const error = errorOf(await receive("--out", out, "--config", configFor("http://127.0.0.1:9")));
      expect(error).toMatchObject({
        code: "USAGE",
        exitCode: 2,
        message: expect.stringContaining("/proc/s"),
      });
    }
  });

  it("without a config", async () => {
    const out = join(temporaryDirectory(), "in");
    expect(errorOf(await receive("--out", out))).toMatchObject({ code: "CONFIG_NOT_FOUND", exitCode: 2 });
    expect(existsSync(out)).toBe(false);
  });
});

describe("receive ends", () => {
  it("when its time is over; fewer than were asked for are an error", async () => {
    const config = configFor((await scriptedHomeserver()).url);
    const out = join(temporaryDirectory(), "in");
    const error = errorOf(await receive("--out", out, "--count", "1", "--timeout", "1", "--config", config));
    expect(error).toMatchObject({ code: "TIMEOUT", exitCode: 3 });
    expect(existsSync(out) ? readdirSync(out) : []).toEqual([]);
  }, 20_000);

  it("when it is told to; fewer than were asked for are an error then too", async () => {
    const syncs = Promise.withResolvers<void>();
    const { url } = await scriptedHomeserver([["/sync", () => void syncs.resolve()]]);
    const out = join(temporaryDirectory(), "in");
    const running = startSotto([
      "receive",
      "--json",
      "--out",
      out,
      "--count",
      "1",
      "--config",
      configFor(url),
    ]);
    await syncs.promise;
    expect(errorOf(await running.end("SIGTERM"))).toMatchObject({ code: "INTERRUPTED", exitCode: 3 });
  }, 20_000);

  it("when its time is over and nothing was asked for, well", async () => {
    const config = configFor((await scriptedHomeserver()).url);
    const { code, stdout } = await receive("--out", "in", "--timeout", "1", "--config", config);
    expect([code, stdout]).toEqual([0, ""]);
  }, 20_000);

  it("at once when the homeserver does not know the token any more", async () => {
    const revoked = { status: 401, json: { errcode: "M_UNKNOWN_TOKEN" } };
    const config = configFor((await scriptedHomeserver([["/sync", revoked]])).url);
    const error = errorOf(await receive("--out", "in", "--config", config));
    expect(error).toMatchObject({ code: "TOKEN_REJECTED", exitCode: 3 });
  }, 20_000);
});
