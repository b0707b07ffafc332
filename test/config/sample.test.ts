import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sampleConfig } from "../../scripts/sample-config.ts";
import { type Config, loadConfig } from "../../src/config/index.ts";
import { MINIMAL, writeConfig } from "../support/config.ts";

/** A config without the paths that depend on where it lies. */
function load(yaml: string): Omit<Config, "path"> {
  const path = writeConfig(yaml);
  const { path: _, ...config } = loadConfig(path);
  return JSON.parse(JSON.stringify(config).replaceAll(join(path, ".."), "HERE"));
}

describe("config.sample.yaml", () => {
  const sample = readFileSync(join(import.meta.dirname, "../../config.sample.yaml"), "utf8");

  it("is what scripts/sample-config.ts makes of the schema", () => {
    expect(sample).toBe(sampleConfig());
  });

  it("loads, and says nothing but the defaults", () => {
    expect(load(sample)).toEqual(load(MINIMAL));
  });

  it("loads also with the keys that are commented out", () => {
    const all = sample.replace(/^( *)# (\w+: \S+)$/gm, "$1$2");
    expect(load(all)).toMatchObject({
      caFile: "HERE/ca.pem",
      account: { passwordFile: "HERE/data/password" },
    });
  });

  it("explains every key", () => {
    const lines = sample.split("\n");
    const bare = lines.filter((line, at) => /^ *\w+:/.test(line) && !/^ *#|:$/.test(lines[at - 1] ?? ""));
    const sections = ["trust:", "rotation:", "log:"];
    expect(bare.filter((line) => !sections.includes(line))).toEqual([]);
  });

  it("has no line that is too long to read", () => {
    for (const line of sample.split("\n").slice(3)) expect(line.length).toBeLessThanOrEqual(100);
  });
});
