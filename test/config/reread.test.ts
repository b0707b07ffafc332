import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Config, loadConfig, rereadConfig } from "../../src/config/index.ts";
import { MINIMAL, writeConfig } from "../support/config.ts";
import { PIGEONS } from "../support/pigeons.ts";

const OPTIONS = { connectorTypes: PIGEONS, environment: {} };

/** A process's config, and what another text in the same file makes of it. */
function running(yaml: string): {
  config: Config;
  reread(changed: string, environment?: NodeJS.ProcessEnv): Config;
} {
  const path = writeConfig(yaml);
  const config = loadConfig({ files: [path], environment: {} }, OPTIONS);
  return {
    config,
    reread(changed, environment = {}) {
      writeFileSync(path, changed);
      return rereadConfig(config, { ...OPTIONS, environment });
    },
  };
}

describe("a config that is read again while Sotto runs", () => {
  it("gives its connectors and routes as they are now", () => {
    const { reread } = running(`${MINIMAL}connectors: { one: { type: pigeons, loft: x } }\n`);
    const { connectors, routes } = reread(
      `${MINIMAL}connectors: { two: { type: pigeons, loft: y } }\nroutes: [{ from: two, to: "!room" }]\n`,
    );
    expect(connectors).toEqual({ two: { type: "pigeons", loft: "y" } });
    expect(routes).toEqual([expect.objectContaining({ from: "two", to: "!room" })]);
  });

  it("may say the same in other words", () => {
    const { config, reread } = running(MINIMAL);
    expect(reread(`${MINIMAL}# a remark\nlog: { level: info }\nrotation: { maxPeriod: 168h }\n`).log).toEqual(
      config.log,
    );
  });

  it.each([
    ["homeserver", MINIMAL.replace("matrix.example", "other.example"), /:1: homeserver has changed/],
    ["account.deviceId", MINIMAL.replace("SOTTO1", "SOTTO2"), /:4: account\.deviceId has changed/],
    ["data", `${MINIMAL}data: ./elsewhere\n`, /:6: data has changed/],
    ["storeKeyFile", `${MINIMAL}storeKeyFile: ./other.key\n`, /:6: storeKeyFile has changed/],
    ["trust.shareWith", `${MINIMAL}trust:\n  shareWith: all\n`, /:7: trust\.shareWith has changed/],
    ["account.passwordFile", `${MINIMAL}  passwordFile: ./p\n`, /:6: account\.passwordFile has changed/],
  ])("is refused where %s has changed, and names it", (_key, changed, words) => {
    const { reread } = running(MINIMAL);
    expect(() => reread(changed)).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: expect.stringMatching(words),
        cure: expect.stringContaining("restart"),
      }),
    );
  });

  it("names all that has changed, and what has gone", () => {
    const { reread } = running(`${MINIMAL}trust: { shareWith: all }\ncaFile: ./ca.pem\n`);
    for (const key of [/trust\.shareWith has changed/, /caFile has changed/, /log\.level has changed/])
      expect(() => reread(`${MINIMAL}log: { level: debug }\n`)).toThrow(key);
  });

  it("is refused where it is wrong, as at the start", () => {
    const { reread } = running(MINIMAL);
    expect(() => reread(`${MINIMAL}routes: [{ from: nobody, to: "!room" }]\n`)).toThrow(
      /:6: routes\.0\.from: /,
    );
    expect(() => reread(MINIMAL, { SOTTO__LOG__LEVEL: "loud" })).toThrow(/^\$SOTTO__LOG__LEVEL: /);
  });
});
