import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { recordingSearch } from "./leak-search.ts";
import { logSearch } from "./log-search.ts";

// A search that finds nothing proves nothing unless it can find something.

const recording = randomBytes(4_096);
const password = "0123456789abcdef01234567";
const search = logSearch({
  secrets: [password, "short"],
  people: ["@u0a1b2c3d4e:example.org"],
  words: ["the-secret-garden"],
  isOfRecording: recordingSearch([recording]),
});
const logged = (message: string): string => JSON.stringify({ time: "now", level: "debug", message });
const part = recording.subarray(1_001, 1_001 + 48);

describe("the search through logs finds", () => {
  it.each([
    ["a secret", logged(`the password is ${password}`)],
    ["a secret in a line that is no log line", `sotto: ${password} is wrong`],
    ["an access token of anybody", logged("syt_dm9pY2U_abcdefghijklmnopqrst_123456")],
    ["a bearer token of anybody", logged("authorization: Bearer abc")],
    ["a recovery key of anybody", logged("EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d")],
    ["a person", logged("from @u0a1b2c3d4e:example.org")],
    ["a person in a path", logged("/user/%40u0a1b2c3d4e%3Aexample.org/account_data")],
    ["a person in a line of words", "warn: from @u0a1b2c3d4e:example.org"],
    ["a secret word", logged("read the-secret-garden.wav")],
    ["a part of a recording", logged(part.toString("base64"))],
  ])("%s", (_what, line) => {
    expect(search(`${logged("before")}\n${line}\n`)).toEqual([expect.stringContaining(line)]);
  });
});

it("the search through logs passes what else there is, and who is named to a person", () => {
  const lines = [
    logged("sync failed for user:0a1b2c3d, Bearer [redacted]"),
    "sotto: @u0a1b2c3d4e:example.org",
    "  token [options]   make a bearer token for the http connector",
  ];
  expect(search(lines.join("\n"))).toEqual([]);
});
