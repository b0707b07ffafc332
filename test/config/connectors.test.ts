import { describe, expect, it } from "vitest";
import { type Config, loadConfig } from "../../src/config/index.ts";
import { CONNECTORS } from "../../src/connector/index.ts";
import { MINIMAL, writeConfig } from "../support/config.ts";
import { PIGEONS } from "../support/pigeons.ts";

const load = (yaml: string, connectorTypes = PIGEONS): Config =>
  loadConfig({ files: [writeConfig(MINIMAL + yaml)], environment: {} }, { connectorTypes });

/** What is wrong, from the sixth line on. */
function faults(yaml: string, connectorTypes = PIGEONS): string[] {
  try {
    load(yaml, connectorTypes);
  } catch (thrown) {
    return (thrown as Error).message.split("\n").map((line) => line.replace(/^[^:]*:/, ""));
  }
  return [];
}

/** What a timer waits for. */
const TIMED: Record<string, string[]> = {
  folder: ["settle", "rescan"],
  http: ["maxTime", "headersTimeout", "stallTimeout"],
  email: ["idleTimeout", "sessionTimeout"],
  asterisk: ["rescan"],
  webhook: ["timeout"],
  command: ["timeout"],
};

it.each(CONNECTORS)(
  "no setting of $type makes a timer wait for so long that it would end at once",
  (type) => {
    const complaints = (written: string) =>
      Object.fromEntries(
        (TIMED[type.type] ?? []).map((key) => {
          const { error } = type.settings.safeParse({ type: type.type, [key]: written });
          return [
            key,
            error?.issues.filter(({ path }) => path[0] === key).map(({ message }) => message) ?? [],
          ];
        }),
      );
    const each = (message: string[]) =>
      Object.fromEntries((TIMED[type.type] ?? []).map((key) => [key, message]));
    expect(complaints("7d")).toEqual(each([]));
    for (const written of ["8d", "169h", "99999999999999s"])
      expect(complaints(written)).toEqual(each(["a duration of at most 7d"]));
    expect(complaints("7w")).toEqual(each([expect.stringMatching(/^a duration such as/)]));
  },
);

describe("the settings of a connector", () => {
  it("stay as they are written, for its type to read", () => {
    expect(load("connectors:\n  home: { type: pigeons, loft: ./loft, rest: 1m }\n").connectors).toEqual({
      home: { type: "pigeons", loft: "./loft", rest: "1m" },
    });
  });

  it("are checked strictly, each fault on its line", () => {
    const yaml = `connectors:
  home:
    type: pigeons
    lofft: ./loft
    rest: soon
    birds:
      - name: Gustav
      - nam: Emma
`;
    expect(faults(yaml)).toEqual([
      expect.stringMatching(/^7: connectors\.home\.loft: /),
      expect.stringMatching(/^10: connectors\.home\.rest: a duration/),
      expect.stringMatching(/^13: connectors\.home\.birds\.1\.name: /),
      expect.stringMatching(/^13: connectors\.home\.birds\.1: unknown key: "nam"/),
      expect.stringMatching(
        /^9: connectors\.home: unknown key: "lofft"; there is type, loft, ringFile, rest, birds$/,
      ),
    ]);
  });

  it("need a type that there is: the others are named", () => {
    expect(faults("connectors:\n  home:\n    type: pigeon\n")).toEqual([
      '8: connectors.home.type: there is no "pigeon"; there is pigeons',
    ]);
    expect(faults("connectors:\n  home: { loft: ./loft }\n")).toEqual([
      expect.stringMatching(/^7: connectors\.home\.type: /),
    ]);
    expect(faults("connectors:\n  home: pigeons\n")).toEqual([
      expect.stringMatching(/^7: connectors\.home: /),
    ]);
    expect(faults("connectors: pigeons\n")).toEqual([expect.stringMatching(/^6: connectors: /)]);
  });

  it("have a name that a person can write", () => {
    expect(faults("connectors:\n  Front Door: { type: pigeons, loft: x }\n")).toEqual([
      "7: connectors.Front Door: a name such as mailbox or front-door",
    ]);
  });

  it("do not hide what is wrong elsewhere", () => {
    expect(faults("connectors:\n  home: { type: x }\nlog: { level: loud }\n")).toHaveLength(2);
  });

  it("are left as they are for whoever has no use for them", () => {
    const path = writeConfig(`${MINIMAL}connectors:\n  home: { type: anything, key: 1 }\n`);
    expect(loadConfig({ files: [path], environment: {} }).connectors).toEqual({
      home: { type: "anything", key: 1 },
    });
  });

  it("hold no secret: it stands in a file, also where an address could hold it", () => {
    expect(faults("connectors:\n  home: { type: pigeons, loft: x, ring: hush }\n")).toEqual([
      "7: connectors.home: a secret stands in a file of its own: name it as ringFile",
    ]);
    const [fault] = faults(
      "connectors:\n  home: { type: pigeons, loft: 'https://me:hush@example.org/loft' }\n",
    );
    expect(fault).toMatch(/^7: connectors\.home\.loft: a secret has no place in the config/);
    expect(fault).not.toContain("hush");
  });
});

describe("a route", () => {
  const routes = (from: string, to: string): string =>
    `connectors: { home: { type: pigeons, loft: x } }\nroutes:\n  - from: ${JSON.stringify(from)}\n    to: ${JSON.stringify(to)}\n`;

  it.each([
    ["home", "!room"],
    ["home", "#team:example.org"],
    ["home", "@alice:example.org"],
    ["!room:example.org", "home"],
    ["#team:example.org", "!other"],
  ])("goes from %s to %s", (from, to) => {
    expect(faults(routes(from, to))).toEqual([]);
  });

  it.each([
    ["hom", "!room", /^8: routes\.0\.from: "hom" is no connector of this config \(home\), nor a room/],
    ["home", "office", /^9: routes\.0\.to: "office" is no connector of this config \(home\), nor a room/],
    ["@alice:example.org", "!room", /^8: routes\.0\.from: /],
    ["home", "#team", /^9: routes\.0\.to: /],
    ["", "!room", /^8: routes\.0\.from: /],
  ])("from %j to %j is wrong, by its line", (from, to, words) => {
    expect(faults(routes(from, to))).toEqual([expect.stringMatching(words)]);
  });

  it("is wrong also where it is no map, or its ends are missing", () => {
    expect(faults("routes:\n  - home\n")).toEqual([expect.stringMatching(/^7: routes\.0: /)]);
    expect(faults("routes:\n  -\n")).toEqual([expect.stringMatching(/^[67]: routes\.0: /)]);
    expect(faults("routes:\n  - { announce: true }\n")).toHaveLength(2);
  });
});
