import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Config, loadConfig } from "../../src/config/index.ts";
import { MINIMAL } from "../support/config.ts";
import { PIGEONS } from "../support/pigeons.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** Writes each text into a folder of its own: a/sotto.yaml, b/sotto.yaml… */
function write(...texts: string[]): { root: string; files: string[] } {
  const root = temporaryDirectory();
  const files = texts.map((text, at) => {
    const folder = join(root, "abcdef"[at]!);
    mkdirSync(folder);
    writeFileSync(join(folder, "sotto.yaml"), text);
    return join(folder, "sotto.yaml");
  });
  return { root, files };
}

const load = (files: readonly string[]): Config =>
  loadConfig({ files, environment: {} }, { connectorTypes: PIGEONS });

/** What is wrong with them, each file by its folder's letter. */
function faults(...texts: string[]): string[] {
  const { root, files } = write(...texts);
  try {
    load(files);
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: "CONFIG_INVALID", exitCode: 2 });
    return (thrown as Error).message.replaceAll(`${root}/`, "").replaceAll("/sotto.yaml", "").split("\n");
  }
  return [];
}

describe("several config files", () => {
  it("are read as one: sections key by key, what a later one says goes before", () => {
    const { files } = write(
      `${MINIMAL}trust: { shareWith: verified, keyTimeout: 3s }\nlog: { level: debug }\n`,
      "trust: { shareWith: all }\n",
      "trust: { shareWith: signed }\nrotation: { maxMessages: 7 }\n",
    );
    expect(load(files)).toMatchObject({
      files,
      path: files[0],
      trust: { shareWith: "signed", keyTimeout: 3000 },
      log: { level: "debug" },
      rotation: { maxMessages: 7 },
      account: { deviceId: "SOTTO1" },
    });
  });

  it("add to each other's connectors and rooms, and replace each other's lists", () => {
    const { files } = write(
      `${MINIMAL}acceptInvitesFrom: ["@a:x", "@b:x"]\nrooms: { "!a": { shareWith: all, acceptFrom: all } }\nconnectors: { one: { type: pigeons, loft: ./l } }\n`,
      'acceptInvitesFrom: ["@c:x"]\nrooms: { "!a": { shareWith: verified }, "!b": {} }\nconnectors: { two: { type: pigeons, loft: ./m }, one: { rest: 1m } }\n',
    );
    expect(load(files)).toMatchObject({
      acceptInvitesFrom: ["@c:x"],
      rooms: { "!a": { shareWith: "verified", acceptFrom: "all" }, "!b": {} },
      connectors: { one: { loft: "./l", rest: "1m" }, two: { loft: "./m" } },
    });
  });

  it("have relative paths each from where it lies; a default begins at the first", () => {
    const { root, files } = write(
      MINIMAL,
      "data: ./store\naccount: { passwordFile: ./password }\ncaFile: /etc/ca.pem\n",
    );
    expect(load(files)).toMatchObject({
      data: join(root, "b/store"),
      storeKeyFile: join(root, "a/data/store.key"),
      caFile: "/etc/ca.pem",
      account: {
        accessTokenFile: join(root, "a/data/access-token"),
        passwordFile: join(root, "b/password"),
      },
    });
  });

  it("have the paths of connectors each from where that path is said", () => {
    const { root, files } = write(
      `${MINIMAL}connectors: { one: { type: pigeons, loft: ./loft, ringFile: ./ring } }\n`,
      "connectors: { one: { ringFile: ./other } }\n",
    );
    const { pathOf } = load(files);
    expect(pathOf("one", "./loft")).toBe(join(root, "a/loft"));
    expect(pathOf("one", "./other")).toBe(join(root, "b/other"));
    expect(pathOf("one", "/srv/loft")).toBe("/srv/loft");
    expect(pathOf("one", "what-only-a-default-says")).toBe(join(root, "a/what-only-a-default-says"));
  });

  it("may each be a part that alone would not do, and may be empty", () => {
    const { files } = write("", MINIMAL, "# nothing yet\n");
    expect(load(files).homeserver).toBe("https://matrix.example.org");
  });
});

describe("a fault in one of several files", () => {
  it("is named by the file and the line that say it", () => {
    expect(faults(MINIMAL, "log:\n  level: loud\n")).toEqual([expect.stringMatching(/^b:2: log\.level: /)]);
    expect(faults(`${MINIMAL}log: { level: loud }\n`, "log: {}\n")).toEqual([
      expect.stringMatching(/^a:6: log\.level: /),
    ]);
    expect(faults(`${MINIMAL}log: { level: loud }\n`, "\nlog: { level: louder }\n")).toEqual([
      expect.stringMatching(/^b:2: log\.level: /),
    ]);
  });

  it("is none where a later file has put it right", () => {
    expect(faults(`${MINIMAL}log: { level: loud }\n`, "log: { level: warn }\n")).toEqual([]);
  });

  it("is, for unknown keys of a section that both have, named in each", () => {
    expect(faults(`${MINIMAL}trust:\n  shareTo: x\n`, "trust: { shareFrom: y }\n")).toEqual([
      expect.stringMatching(/^a:7: trust: .*shareTo/),
      expect.stringMatching(/^b:1: trust: .*shareFrom/),
    ]);
  });

  it("is, in a list that a later file has replaced, looked for in the later one only", () => {
    const first = `${MINIMAL}routes:\n  - { from: "!a", to: "!b" }\n`;
    expect(faults(first, 'routes:\n\n  - to: "!c"\n')).toEqual([
      expect.stringMatching(/^b:3: routes\.0\.from: /),
    ]);
  });

  it("may be a section that a later file makes a value, or a value that it makes a section", () => {
    expect(faults(MINIMAL, "account: me\n")).toEqual([expect.stringMatching(/^b:1: account: /)]);
    expect(faults(MINIMAL, "homeserver: { url: x }\n")).toEqual([
      expect.stringMatching(/^b:1: homeserver: /),
    ]);
  });

  it("may be that there is no YAML in it, or no such file", () => {
    expect(faults(MINIMAL, 'data: "./data\n')).toEqual([expect.stringMatching(/^b:1: /)]);
    const missing = expect.objectContaining({ code: "CONFIG_NOT_FOUND" });
    expect(() => load([...write(MINIMAL).files, "/nowhere.yaml"])).toThrow(missing);
  });

  it("may be an alias that leads into itself", () => {
    expect(faults(`${MINIMAL}connectors: &all\n  one: *all\n`)).toEqual([
      expect.stringMatching(/line \d.*itself/),
    ]);
  });
});
