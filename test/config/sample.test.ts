import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configJsonSchema, sampleConfig } from "../../scripts/sample-config.ts";
import { type Config, loadConfig } from "../../src/config/index.ts";
import { CONNECTORS } from "../../src/connector/index.ts";
import { MINIMAL, writeConfig } from "../support/config.ts";
import { pigeons } from "../support/pigeons.ts";

/** A config without the paths that depend on where it lies. */
function load(yaml: string, connectorTypes = CONNECTORS): Omit<Config, "path" | "files" | "pathOf"> {
  const path = writeConfig(yaml);
  const { path: _, files: __, ...config } = loadConfig(path, { connectorTypes });
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

  /** The block of a key that is commented out as a whole, in its place. */
  const begun = (key: string, text: string): string => {
    const block = new RegExp(`^# ${key}:\\n(?:# .*\\n)+`, "m").exec(text)![0];
    return text.replace(new RegExp(`^${key}: .*\\n`, "m"), "").replace(block, block.replace(/^# /gm, ""));
  };

  it.each([...CONNECTORS, pigeons])(
    "has a connector of the type $type that does as it stands there",
    (type) => {
      const { connectors } = load(begun("connectors", sampleConfig([type])), [type]);
      expect(connectors[type.type]).toMatchObject({ type: type.type });
    },
  );

  it("explains every key of a connector", () => {
    const text = sampleConfig([pigeons]);
    for (const words of [
      "Recordings that birds bring.",
      "Where they land. Required.",
      "Between two flights.",
    ])
      expect(text).toContain(`# ${words}`);
    expect(text).toMatch(/^# {5}loft: \.\/loft\n(?:# {5}#.*\n)+# {5}rest: 30s$/m);
    expect(text).toMatch(/^# {5}# ringFile: \.\/ringFile$/m);
  });

  it("has a route with every key", () => {
    const text = begun("routes", sample).replace("from: inbox", 'from: "!a"').replace("# audio: ", "audio: ");
    expect(load(text.replace(/^ +# audio: /m, "    audio: ")).routes).toEqual([
      expect.objectContaining({ from: "!a", to: "#team:example.org", announce: false, priority: "normal" }),
    ]);
  });
});

describe("config.schema.json", () => {
  it("is what scripts/sample-config.ts makes of the schemas", () => {
    const path = join(import.meta.dirname, "../../config.schema.json");
    expect(readFileSync(path, "utf8")).toBe(configJsonSchema());
  });

  it("knows each type of connector by its settings", () => {
    const { properties } = JSON.parse(configJsonSchema([pigeons]));
    expect(properties.connectors.additionalProperties.oneOf).toEqual([
      expect.objectContaining({
        additionalProperties: false,
        required: ["type", "loft"],
        properties: expect.objectContaining({ type: expect.objectContaining({ const: "pigeons" }) }),
      }),
    ]);
  });
});
