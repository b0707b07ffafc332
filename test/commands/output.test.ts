import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Context } from "../../src/commands/shared/context.ts";
import { printError, printJson, printText, say } from "../../src/commands/shared/output.ts";
import { SottoError } from "../../src/errors.ts";

/** Sets the terminal's title, clears the line, goes up, turns the writing round, and begins lines of its own. */
const EVIL =
  "\u001b]0;pwned\u0007\u001b[2K\u001b[1A\u009b32m\u202eok\u2028\u2029\u{e0041}\r\nall devices can play it";
const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

function streams() {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const context = { stdout, stderr } as unknown as Context;
  return { context, stderr, read: () => `${stdout.read() ?? ""}${stderr.read() ?? ""}` };
}

describe("what others have named", () => {
  it.each([
    ["say", say],
    ["printText", printText],
  ])("is one visible line through %s", (_name, print) => {
    const { context, read } = streams();
    print(context, `not @a:b ${EVIL}: m.unverified`);
    const text = read();
    expect(text.endsWith(": m.unverified\n")).toBe(true);
    expect(text.slice(0, -1)).not.toMatch(CONTROLS);
    expect(text).toContain("\\u001b]0;pwned\\u0007");
  });

  it("is the same value in JSON, of data and of errors", () => {
    const { context, stderr, read } = streams();
    printJson(context, { deviceId: EVIL });
    const data = read();
    expect(data.slice(0, -1)).not.toMatch(CONTROLS);
    expect(JSON.parse(data)).toEqual({ deviceId: EVIL });
    printError(stderr, new SottoError("USAGE", EVIL), true);
    const error = read();
    expect(error.slice(0, -1)).not.toMatch(CONTROLS);
    expect(JSON.parse(error)).toMatchObject({ message: EVIL });
  });

  it("begins no line in an error that looks like one of ours", () => {
    const { stderr, read } = streams();
    const faults = "sotto.yaml:1: one\nsotto.yaml:2: two";
    printError(stderr, new SottoError("CONFIG_INVALID", faults, { cause: EVIL }), false);
    const lines = read().trimEnd().split("\n");
    expect(lines.slice(0, 2)).toEqual([
      "sotto: sotto.yaml:1: one",
      "         sotto.yaml:2: two (CONFIG_INVALID)",
    ]);
    expect(lines.join("")).not.toMatch(CONTROLS);
    expect(lines.filter((line) => line.startsWith("all devices"))).toEqual([]);
  });

  it("keeps letters of every script, and the bars of a waveform", () => {
    const { context, read } = streams();
    say(context, "größe 音声 صوت ▁▂▃ 🎤");
    expect(read()).toBe("größe 音声 صوت ▁▂▃ 🎤\n");
  });
});
