import { dirname, join, resolve } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { saysNothingOf } from "../../src/config/data-directory.ts";
import { configPath, dataDirectoryOf } from "../../src/config/index.ts";
import { MINIMAL, writeConfig } from "../support/config.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const home = process.cwd();
afterEach(() => process.chdir(home));

describe("which config is meant", () => {
  const environment = { SOTTO_CONFIG: "/etc/sotto.yaml" };

  it("is what --config names, whatever else there is", () => {
    process.chdir(dirname(writeConfig(MINIMAL)));
    expect(configPath("other.yaml", environment)).toBe(resolve("other.yaml"));
  });

  it("is ./sotto.yaml if it is there, before $SOTTO_CONFIG", () => {
    process.chdir(dirname(writeConfig(MINIMAL)));
    expect(configPath(undefined, environment)).toBe(resolve("sotto.yaml"));
  });

  it("is $SOTTO_CONFIG otherwise, and without it ./sotto.yaml, which is then said to be missing", () => {
    process.chdir(temporaryDirectory());
    expect(configPath(undefined, environment)).toBe("/etc/sotto.yaml");
    expect(configPath(undefined, {})).toBe(resolve("sotto.yaml"));
    expect(configPath(undefined, { SOTTO_CONFIG: "" })).toBe(resolve("sotto.yaml"));
  });
});

describe("where the data lie", () => {
  it("is what the config says, from where the config lies", async () => {
    const path = writeConfig(`${MINIMAL}data: ../elsewhere\n`);
    expect(await dataDirectoryOf(path)).toBe(join(dirname(path), "../elsewhere"));
  });

  it("is found also in a config that is wrong elsewhere, so that its holder can say so", async () => {
    const path = writeConfig("data: ./store\nnonsense: true\n");
    expect(await dataDirectoryOf(path)).toBe(join(dirname(path), "store"));
  });

  it.each(["", "just words", "data: 7", "data: [", "- a list"])(
    "is ./data in a config that says %j",
    async (yaml) => {
      const path = writeConfig(yaml);
      expect(await dataDirectoryOf(path)).toBe(join(dirname(path), "data"));
    },
  );

  it.each([
    ["data: ./store # on the big disk\n", "store"],
    ["data: 'my store'\n", "my store"],
    ["data: ./st\n  ore\n", "st ore"],
    ["{ data: ./store }\n", "store"],
    ["log:\n  data: ./elsewhere\n", "data"],
  ])("is what YAML means by %j", async (yaml, directory) => {
    const path = writeConfig(yaml);
    expect(await dataDirectoryOf(path)).toBe(join(dirname(path), directory));
  });

  it("is not guessed without a config", async () => {
    const missing = expect.objectContaining({ code: "CONFIG_NOT_FOUND" });
    await expect(dataDirectoryOf(join(temporaryDirectory(), "sotto.yaml"))).rejects.toThrow(missing);
  });
});

describe("what may begin before the config is read", () => {
  it.each([
    ["nothing of it", "", true],
    ["nothing but a longer word", "rooms: {} # audiobooks\n", true],
    ["a key of its own", "audio: { bitrate: 16 }\n", false],
    ["the key in quotes", '"audio": { bitrate: 16 }\n', false],
    ["the key with an escape", '"\\x61udio": { bitrate: 16 }\n', false],
  ])("is told by whether the config says %s", (_name, yaml, nothing) => {
    expect(saysNothingOf("audio", writeConfig(MINIMAL + yaml))).toBe(nothing);
  });
});
