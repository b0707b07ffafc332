import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { type Config, loadConfig } from "../../src/config/index.ts";
import { MINIMAL, writeConfig } from "../support/config.ts";

const load = (environment: NodeJS.ProcessEnv, yaml = ""): Config =>
  loadConfig({ files: [writeConfig(MINIMAL + yaml)], environment });

/** What is wrong with a variable. */
function fault(name: string, text: string): string {
  try {
    load({ [name]: text });
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: "CONFIG_INVALID" });
    return (thrown as Error).message;
  }
  return "nothing";
}

describe("the environment", () => {
  it("goes before the files, key by key, and adds what they leave out", () => {
    const environment = {
      SOTTO__TRUST__SHARE_WITH: "verified",
      SOTTO__ROTATION__MAX_MESSAGES: "9",
      SOTTO__ROTATION__MAX_PERIOD: "2d",
      SOTTO__AUDIO__REQUIRE_SANDBOX: "true",
      SOTTO__AUDIO__LOUDNESS: "-18.5",
      SOTTO__HOMESERVER: "https://other.example.org",
      SOTTO__ACCOUNT__DEVICE_ID: "12345",
    };
    expect(load(environment, "trust: { shareWith: all, acceptFrom: verified }\n")).toMatchObject({
      trust: { shareWith: "verified", acceptFrom: "verified" },
      rotation: { maxMessages: 9, maxPeriod: 172_800_000 },
      audio: { requireSandbox: true, loudness: -18.5 },
      homeserver: "https://other.example.org",
      account: { userId: "@voice:example.org", deviceId: "12345" },
    });
  });

  it("has its relative paths from where one stands", () => {
    const config = load({ SOTTO__STORE_KEY_FILE: "keys/store.key", SOTTO__DATA: "/srv/sotto" });
    expect(config).toMatchObject({ data: "/srv/sotto", storeKeyFile: resolve("keys/store.key") });
    expect(config.account.accessTokenFile).toBe(join(config.path, "../data/access-token"));
  });

  it("is read only where two underscores say so", () => {
    expect(load({ SOTTO_CONFIG: "x", SOTTO_FFMPEG: "y", SOTTO_LOG__LEVEL: "debug" }).log.level).toBe("info");
  });

  it.each([
    ["SOTTO__TRUST__SHARE_WITH", "everyone", /^\$SOTTO__TRUST__SHARE_WITH: trust\.shareWith: .*"signed"/],
    ["SOTTO__ROTATION__MAX_PERIOD", "7w", /^\$SOTTO__ROTATION__MAX_PERIOD: rotation\.maxPeriod: a duration/],
    ["SOTTO__ROTATION__MAX_MESSAGES", "many", /^\$SOTTO__ROTATION__MAX_MESSAGES: .*number/],
    ["SOTTO__ROTATION__MAX_MESSAGES", "", /^\$SOTTO__ROTATION__MAX_MESSAGES: .*number/],
    ["SOTTO__AUDIO__TRIM_SILENCE", "yes", /^\$SOTTO__AUDIO__TRIM_SILENCE: .*boolean/],
    ["SOTTO__DATA", "", /^\$SOTTO__DATA: data: /],
    ["SOTTO__TRUST__SHARE_TO", "x", /^\$SOTTO__TRUST__SHARE_TO: there is no such key in trust$/],
    ["SOTTO__TRUST__SHAREWITH", "all", /^\$SOTTO__TRUST__SHAREWITH: there is no such key in trust$/],
    ["SOTTO__HOMSERVER", "x", /^\$SOTTO__HOMSERVER: there is no such key$/],
    ["SOTTO__", "x", /^\$SOTTO__: there is no such key$/],
    ["SOTTO__TRUST", "all", /^\$SOTTO__TRUST: trust is a section/],
    ["SOTTO__LOG__LEVEL__X", "info", /^\$SOTTO__LOG__LEVEL__X: log\.level has no keys/],
    [
      "SOTTO__ACCEPT_INVITES_FROM",
      "@a:x",
      /^\$SOTTO__ACCEPT_INVITES_FROM: acceptInvitesFrom is said in a file/,
    ],
    ["SOTTO__ROOMS__X", "all", /^\$SOTTO__ROOMS__X: rooms is said in a file only$/],
    ["SOTTO__CONNECTORS", "x", /^\$SOTTO__CONNECTORS: connectors is said in a file only$/],
  ])("that says %s=%j is wrong, and the variable is named", (name, text, words) => {
    expect(fault(name, text)).toMatch(words);
  });

  it("holds no secret: one that stands there is refused, and not repeated", () => {
    const message = fault("SOTTO__ACCOUNT__ACCESS_TOKEN", "syt_secret");
    expect(message).toMatch(/^\$SOTTO__ACCOUNT__ACCESS_TOKEN: .*SOTTO__ACCOUNT__ACCESS_TOKEN_FILE/);
    expect(message).not.toContain("syt_secret");
  });
});
