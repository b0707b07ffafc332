import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/index.ts";
import { MINIMAL, writeConfig } from "../support/config.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** What is wrong with a config, line by line, without the file's name. */
function faults(yaml: string): string[] {
  const path = writeConfig(yaml);
  try {
    loadConfig(path);
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: "CONFIG_INVALID", exitCode: 2 });
    return (thrown as Error).message.split("\n").map((line) => line.replace(`${path}:`, ""));
  }
  return [];
}

describe("a config", () => {
  it("needs the homeserver and the account, and gets safe defaults for the rest", () => {
    const path = writeConfig(MINIMAL);
    expect(loadConfig(path)).toMatchObject({
      path,
      homeserver: "https://matrix.example.org",
      account: { userId: "@voice:example.org", deviceId: "SOTTO1" },
      trust: { shareWith: "signed", acceptFrom: "signed" },
      rotation: { maxPeriod: 604_800_000, maxMessages: 100 },
      clearEvents: { reactions: false, redactions: false, state: false },
      acceptInvitesFrom: [],
      commandsFrom: [],
      signals: { reactions: false, receipts: false, typing: false },
      log: { level: "info" },
    });
  });

  it("has its paths relative to where it lies, not to where one stands", () => {
    const path = writeConfig(
      `${MINIMAL}  passwordFile: ../password\ndata: store\nstoreKeyFile: /etc/sotto/store.key\ncaFile: ca.pem\n`,
    );
    const base = dirname(path);
    expect(loadConfig(path)).toMatchObject({
      data: join(base, "store"),
      storeKeyFile: "/etc/sotto/store.key",
      caFile: join(base, "ca.pem"),
      account: { accessTokenFile: join(base, "data/access-token"), passwordFile: join(base, "../password") },
    });
  });

  it.each([
    ["90s", 90_000],
    ["30m", 1_800_000],
    ["12h", 43_200_000],
    ["7d", 604_800_000],
  ])("reads the duration %s", (text, ms) => {
    expect(loadConfig(writeConfig(`${MINIMAL}rotation: { maxPeriod: ${text} }\n`)).rotation.maxPeriod).toBe(
      ms,
    );
  });

  it("that is not there is told from one that is wrong", () => {
    const path = join(temporaryDirectory(), "sotto.yaml");
    expect(() => loadConfig(path)).toThrow(
      expect.objectContaining({ code: "CONFIG_NOT_FOUND", exitCode: 2 }),
    );
    expect(() => loadConfig(dirname(path))).toThrow(expect.objectContaining({ code: "CONFIG_NOT_FOUND" }));
  });
});

describe("a fault", () => {
  it("in the YAML is named with its line", () => {
    expect(faults(`${MINIMAL}data: "./data\n`)[0]).toMatch(/^[67]: /);
    expect(faults(`${MINIMAL}data: one\ndata: two\n`)[0]).toMatch(/^7: .*unique/);
    expect(faults(`${MINIMAL}\tdata: one\n`)[0]).toMatch(/^[67]: /);
  });

  it.each([
    ["an alias that leads nowhere", "data: *nowhere\n"],
    ["aliases that would fill the memory", `a: &a [x, x]\n${bomb()}`],
  ])("is %s", (_what, yaml) => {
    expect(faults(MINIMAL + yaml)).not.toEqual([]);
  });

  it("is a key that nobody knows, on its own line", () => {
    expect(faults(`${MINIMAL}homserver: x\n`)).toEqual([expect.stringMatching(/^6: .*homserver/)]);
    expect(faults(`${MINIMAL}trust:\n  shareWith: all\n  shareTo: x\n`)).toEqual([
      expect.stringMatching(/^8: trust: .*shareTo/),
    ]);
  });

  it("is a key that nobody knows, also where a whole section hangs on it", () => {
    expect(faults(`${MINIMAL}\nconectors:\n  inbox:\n    type: folder\n`)).toEqual([
      expect.stringMatching(/^7: .*conectors/),
    ]);
  });

  it("is a value that does not fit, with line, key and what would fit", () => {
    expect(faults(`${MINIMAL}rotation:\n  maxPeriod: 7w\n`)).toEqual([
      "7: rotation.maxPeriod: a duration such as 90s, 30m, 12h or 7d",
    ]);
    expect(faults(`${MINIMAL}trust: { shareWith: everyone }\n`)[0]).toMatch(
      /^6: trust\.shareWith: .*"signed"/,
    );
    expect(faults(`${MINIMAL}acceptInvitesFrom:\n  - "@ops:example.org"\n  - ops\n`)).toEqual([
      "8: acceptInvitesFrom.1: a user ID such as @voice:example.org, or *:example.org for a homeserver",
    ]);
  });

  it.each(["0s", "07d", "-1d", "1.5h", "7", "7 d", "", "1h30m"])("is the duration %j", (text) => {
    expect(faults(`${MINIMAL}rotation: { maxPeriod: "${text}" }\n`)).toHaveLength(1);
  });

  it.each(["0", "10000", "1.5", "many"])("is the number of messages %s", (text) => {
    expect(faults(`${MINIMAL}rotation: { maxMessages: ${text} }\n`)[0]).toMatch(
      /^6: rotation\.maxMessages: /,
    );
  });

  it.each(["ftp://example.org", "matrix.example.org", '""'])("is the homeserver %s", (url) => {
    expect(faults(MINIMAL.replace("https://matrix.example.org", url))[0]).toMatch(/^1: homeserver: /);
  });

  it("is what is missing, on the line of the section it belongs to", () => {
    expect(faults(MINIMAL.replace(/ {2}deviceId: .*\n/, ""))).toEqual([
      expect.stringMatching(/^[23]: account\.deviceId: /),
    ]);
    expect(faults("")).toHaveLength(2);
    expect(faults("just words")).toEqual([expect.stringMatching(/^1: /)]);
  });

  it("does not hide the others", () => {
    expect(faults(`${MINIMAL}data: 7\nlog:\n  level: loud\n`).map((fault) => fault.split(":")[0])).toEqual([
      "6",
      "8",
    ]);
  });
});

/** Each level holds the one before it twenty times. */
function bomb(): string {
  const levels = ["b", "c", "d", "e", "f"];
  const list = (of: string): string => Array.from({ length: 20 }, () => `*${of}`).join(", ");
  return levels.map((name, index) => `${name}: &${name} [${list(levels[index - 1] ?? "a")}]\n`).join("");
}
