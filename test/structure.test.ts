import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import {
  connectorFindings,
  doorFindings,
  type Finding,
  type House,
  importFindings,
  packageFindings,
  readHouse,
  registryFindings,
  ruleFindings,
  textFindings,
  tierFindings,
} from "./support/structure.ts";

/** Doors besides each room's `index.ts`; a path that ends in `/` is a folder. */
const FURTHER_DOORS = {
  "src/model/": "types and ports: every file is meant for everyone",
  "src/service/": "a command loads the one corridor it needs; the corridors share no state of their own",
  "src/commands/shared/": "cli.ts prints errors with the commands' own words",
  "src/matrix/client.ts": "the client for bots loads matrix-bot-sdk, which the command line must not pay for",
  "src/matrix/facts/index.ts": "only audits read so much of a homeserver",
  "src/connector/archive/verify.ts": "whoever verifies an archive loads no other connector",
  "src/config/data-directory.ts":
    "a command that another process serves needs the data directory and no schema",
  "src/config/secrets.ts": "a secret's file is read without a schema",
  "src/config/show.ts": "only one command needs it",
  "src/config/policy.ts": "only an audit needs it",
  "src/config/waivers.ts": "only an audit needs it",
  "src/config/team.ts": "only one command needs it",
  "src/config/load.ts": "loaded late, and without the rest, when a command must hold the store itself",
};

const COMMAND_LINE = /^src\/(?:commands\/|cli\.ts$)/;
const OURS = /^(?:src|test|scripts|packages)\//;

/** Besides matrix/, those who serve or call others than the homeserver. */
const TALKS = /^src\/(?:matrix\/|connector\/(?:http|webhook)\/|service\/health\.ts$)/;

/** Every rule of the house, by the sentence it stands for. */
const RULES: Record<string, (house: House) => Finding[]> = {
  "a room imports lower tiers and the shared files, never a neighbour and never index.ts or cli.ts":
    tierFindings,
  "a room is entered through its door": (house) => doorFindings(house, FURTHER_DOORS),
  "only audio/ and the command connector start processes": (house) =>
    importFindings(house, /^child_process$/, /^src\/(?:audio|connector\/command)\//),
  "only store/ opens a database": (house) => importFindings(house, /^(?:sqlite|pg)$/, /^src\/store\//),
  "only matrix/ talks to the homeserver": (house) => [
    ...importFindings(house, /^(?:https?|http2|undici|matrix-bot-sdk)(?:\/|$)/, TALKS),
    ...textFindings(house, /^src\//, /\b(?:fetch|XMLHttpRequest|WebSocket)\s*\(/, TALKS),
  ],
  "only the command line writes to standard output": (house) =>
    textFindings(house, /^src\//, /\bconsole\.|\bprocess\s*\.\s*stdout\b|\bstdout\.write\b/, COMMAND_LINE),
  "what is imported can be read off the source": (house) => importFindings(house, /^\?$/, /^$/),
  "packages stand alone": packageFindings,
  "nothing in src knows the homeserver for development": (house) =>
    textFindings(house, /^src\//, /synapse-dev/),
  "every command is in the list and has a test": registryFindings,
  "every connector is in the list and has a test": connectorFindings,
  "every audit rule is named after its ID, is in the list and has a test": ruleFindings,
  "a file of src has at most 300 lines": (house) =>
    [...house]
      .filter(([file, source]) => file.startsWith("src/") && source.trimEnd().split("\n").length > 300)
      .map(([file]) => file),
  "no file is called utils": (house) =>
    [...house.keys()].filter((file) => /(?:^|\/)utils?(?:\/|\.)/i.test(file)),
  "no enum, which Node cannot strip": (house) =>
    textFindings(house, OURS, /^[ \t]*(?:export\s+)?(?:declare\s+)?(?:const\s+)?enum\s+\w+\s*\{/m),
};

describe("the house", () => {
  const house = readHouse(join(import.meta.dirname, ".."));

  it.each(Object.entries(RULES))("%s", (_sentence, findings) => {
    expect(findings(house)).toEqual([]);
  });

  it("was read: the test did not look past it", () => {
    expect([...house.keys()]).toEqual(
      expect.arrayContaining([
        "src/cli.ts",
        "src/service/pipeline.ts",
        "packages/crypto-nodejs/src/index.ts",
      ]),
    );
  });
});

/** One sin each: the file, what stands in it, and the rule that must name it. */
const PLANTED: [file: string, source: string, rule: RegExp][] = [
  ["src/audio/a.ts", 'import { x } from "../media/index.ts";', /never a neighbour/],
  ["src/audio/b.ts", 'import type { X } from "../service/sotto.ts";', /never a neighbour/],
  ["src/audio/c.ts", 'const x = await import("../crypto/index.ts");', /never a neighbour/],
  ["src/audio/d.ts", 'let x: import("../outbox/index.ts").Outbox;', /never a neighbour/],
  ["src/store/e.ts", 'export * from "../matrix/index.ts";', /never a neighbour/],
  ["src/service/f.ts", 'import { Sotto } from "../index.ts";', /never a neighbour/],
  [
    "src/service/g.ts",
    'import { openFile } from "../../packages/indexeddb-sqlite/src/index.ts";',
    /neighbour/,
  ],
  ["src/cellar/h.ts", "export const x = 1;", /never a neighbour/],
  ["src/audio/errors.ts/i.ts", 'import "../../media/log.ts";', /never a neighbour/],
  ["src/service/j.ts", 'import { openDatabase } from "../store/database.ts";', /through its door/],
  ["src/service/k.ts", 'import {\n  x,\n} from "../matrix/gate.ts";', /through its door/],
  ["src/service/l.ts", 'import { spawn } from "node:child_process";', /start processes/],
  ["src/service/m.ts", 'import { exec } from "child_process";', /start processes/],
  ["src/outbox/n.ts", 'import { DatabaseSync } from "node:sqlite";', /opens a database/],
  ["src/service/n.ts", 'const pg = await import("pg");', /opens a database/],
  ["src/service/o.ts", 'import * as http from "node:http";', /talks to the homeserver/],
  ["src/service/p.ts", 'process.getBuiltinModule("node:https");', /talks to the homeserver/],
  ["src/media/q.ts", "await fetch(url);", /talks to the homeserver/],
  ["src/service/r.ts", 'import { MatrixClient } from "matrix-bot-sdk";', /talks to the homeserver/],
  ["src/service/s.ts", 'console.log("here");', /standard output/],
  ["src/service/t.ts", "process.stdout.write(text);", /standard output/],
  ["src/service/u.ts", "await import(name);", /read off the source/],
  ["packages/indexeddb-sqlite/src/v.ts", 'import "../../../src/errors.ts";', /stand alone/],
  ["packages/crypto-nodejs/test/w.ts", 'import { SottoError } from "sotto";', /stand alone/],
  ["src/service/x.ts", 'const folder = "synapse-dev";', /for development/],
  ["src/commands/y.ts", "export const x = 1;", /in the list and has a test/],
  ["src/connector/pigeon/index.ts", "export const x = 1;", /every connector is in the list/],
  ["src/audit/rules/enc-001-x.ts", 'id: "SOTTO-ENC-001"', /every audit rule/],
  ["src/audit/rules/first.ts", "export const x = 1;", /every audit rule/],
  ["src/store/z.ts", "export const x = 1;\n".repeat(301), /at most 300 lines/],
  ["src/store/utils.ts", "export const x = 1;", /called utils/],
  ["src/model/state.ts", "export enum State { On }", /no enum/],
];

describe("the rules", () => {
  let root: string | undefined;
  afterEach(() => root && rmSync(root, { recursive: true }));

  function build(files: Record<string, string>): House {
    root = mkdtempSync(join(tmpdir(), "sotto-house-"));
    for (const [file, source] of Object.entries(files)) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), source);
    }
    return readHouse(root);
  }
  const broken = (house: House): string[] =>
    Object.entries(RULES).flatMap(([sentence, findings]) => (findings(house).length > 0 ? [sentence] : []));

  it.each(PLANTED)("find %s", (file, source, rule) => {
    const sentences = broken(build({ [file]: source }));
    expect(sentences).toContainEqual(expect.stringMatching(rule));
  });

  it("find nothing in a house that keeps them", () => {
    const house = build({
      "src/model/ids.ts": "export type RoomId = string;",
      "src/audio/index.ts":
        'import { spawn } from "node:child_process";\nimport type { RoomId } from "../model/ids.ts";',
      "src/store/index.ts": 'import { DatabaseSync } from "node:sqlite";\n// console.log would be wrong here',
      "src/matrix/index.ts": 'import { openStore } from "../store/index.ts";\nawait fetch(url);',
      "src/service/pipeline.ts":
        'import { encode } from "../audio/index.ts";\nimport { Serial } from "../serial.ts";',
      "src/commands/index.ts": 'export const COMMANDS = { send: () => import("./send.ts") };',
      "src/commands/send.ts": 'import { sendVoice } from "../service/pipeline.ts";\nconsole.log("sent");',
      "src/cli.ts": 'import { COMMANDS } from "./commands/index.ts";',
      "test/commands/send.test.ts": "",
      "src/audit/rules/enc-001-x.ts": '  id: "SOTTO-ENC-001",',
      "src/audit/rules/index.ts": 'import { x } from "./enc-001-x.ts";',
      "test/audit/rules/enc-001-x.test.ts": "",
      "packages/crypto-nodejs/src/index.ts": 'import { openIndexedDB } from "indexeddb-sqlite";',
    });
    expect(broken(house)).toEqual([]);
  });
});
