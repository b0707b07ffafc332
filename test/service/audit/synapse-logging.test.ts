import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { CONTENT_TELLERS, TRAFFIC_TELLERS, telling } from "../../../src/audit/log-levels.ts";
import { readHomeserverFiles } from "../../../src/service/audit/homeserver-files.ts";

const PYTHON = join(import.meta.dirname, "../../../.dev/python/synapse/bin/python");
/** Which loggers would write at a level, if their handlers did. */
const ASK = `
import json, logging, logging.config, sys, yaml
path, loggers, level = json.load(sys.stdin)
logging.config.dictConfig(yaml.safe_load(open(path)))
print(json.dumps([name for name in loggers if logging.getLogger(name).isEnabledFor(getattr(logging, level))]))
`;

const CONFIGS: Record<string, string> = {
  "nothing but a version": "version: 1",
  "root at DEBUG": "version: 1\nroot: {level: DEBUG}",
  "root by number": "version: 1\nroot: {level: 10}",
  "all of Synapse": "version: 1\nroot: {level: ERROR}\nloggers: {synapse: {level: DEBUG}}",
  "the database quieter": "version: 1\nroot: {level: DEBUG}\nloggers: {synapse.storage.SQL: {level: INFO}}",
  "a branch quieter":
    "version: 1\nroot: {level: DEBUG}\nloggers: {synapse.rest: {level: WARN}, synapse.http: {level: 25}}",
  "a logger that only propagates":
    "version: 1\nroot: {level: INFO}\nloggers: {synapse.storage: {propagate: true}}",
  "a logger that asks above": "version: 1\nroot: {level: DEBUG}\nloggers: {synapse.storage: {level: NOTSET}}",
  "a name that only begins alike": "version: 1\nroot: {level: INFO}\nloggers: {synapse.stor: {level: DEBUG}}",
};

function file(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "sotto-log-config-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "log.config");
  writeFileSync(path, text);
  return path;
}

function read(text: string) {
  const { logging } = readHomeserverFiles([], file(text));
  if ("unread" in logging) throw new Error(logging.unread);
  return logging.value;
}

const isMissing = !existsSync(PYTHON);
if (isMissing) console.warn("not compared with Python's logging: synapse-dev's Python is not set up");

it.skipIf(isMissing).each(Object.entries(CONFIGS))("takes %s as Python does", (_name, text) => {
  const logging = read(text);
  for (const [level, tellers] of [
    ["DEBUG", CONTENT_TELLERS],
    ["INFO", TRAFFIC_TELLERS],
  ] as const) {
    const input = JSON.stringify([file(text), tellers.map(({ logger }) => logger), level]);
    const python = JSON.parse(execFileSync(PYTHON, ["-c", ASK], { input, encoding: "utf8" }));
    expect(telling(logging, level, tellers).map(({ logger }) => logger)).toEqual(python);
  }
});

it("knows what no handler writes down", () => {
  const handlers = (levels: string) => `version: 1\nroot: {level: DEBUG}\nhandlers: {${levels}}`;
  expect(read(handlers("a: {level: ERROR}, b: {level: INFO}")).handlerLevel).toBe("INFO");
  expect(read(handlers("a: {level: ERROR}, b: {}")).handlerLevel).toBe("NOTSET");
  expect(read("version: 1").handlerLevel).toBe("NOTSET");
});

it("keeps the formats, and no file names or addresses", () => {
  expect(
    read(
      "version: 1\nformatters: {one: {format: '%(message)s'}, two: {class: x}}\nhandlers: {a: {filename: /secret}}",
    ),
  ).toEqual({ rootLevel: "WARNING", loggers: {}, formats: ["%(message)s"], handlerLevel: "NOTSET" });
});
