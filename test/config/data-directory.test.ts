import { mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { plainDataDirectoryOf, saysNothingOf } from "../../src/config/data-directory.ts";
import { configSource, dataDirectoryOf, loadConfig } from "../../src/config/index.ts";
import { MINIMAL, writeConfig } from "../support/config.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const home = process.cwd();
afterEach(() => process.chdir(home));

describe("which config is meant", () => {
  const environment = { SOTTO_CONFIG: "/etc/sotto.yaml:more.yaml" };
  const meant = (flags: string[] | undefined, env: NodeJS.ProcessEnv): readonly string[] =>
    configSource(flags, env).files;

  it("is what --config names, whatever else there is", () => {
    process.chdir(dirname(writeConfig(MINIMAL)));
    expect(meant(["other.yaml"], environment)).toEqual([resolve("other.yaml")]);
    expect(meant(["b.yaml", "/a.yaml"], environment)).toEqual([resolve("b.yaml"), "/a.yaml"]);
  });

  it("is ./sotto.yaml if it is there, before $SOTTO_CONFIG", () => {
    process.chdir(dirname(writeConfig(MINIMAL)));
    expect(meant(undefined, environment)).toEqual([resolve("sotto.yaml")]);
  });

  it("is what $SOTTO_CONFIG names otherwise, and without it ./sotto.yaml, which is then said to be missing", () => {
    process.chdir(temporaryDirectory());
    expect(meant(undefined, environment)).toEqual(["/etc/sotto.yaml", resolve("more.yaml")]);
    for (const env of [{}, { SOTTO_CONFIG: "" }, { SOTTO_CONFIG: ":" }])
      expect(meant(undefined, env)).toEqual([resolve("sotto.yaml")]);
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

describe("where the data lie, by several files and the environment", () => {
  /** Two files, and whether a parser is needed to know. */
  const cases: [said: string, first: string, second: string, directory: string, plainly: boolean][] = [
    ["the first alone", "data: ./one\n", "log: {}\n", "first/one", true],
    ["the second before the first", "data: ./one\n", "data: ./two\n", "second/two", true],
    ["the second in words of YAML", "data: ./one\n", "{ data: two }\n", "second/two", false],
    ["neither", "", "log: {}\n", "first/data", false],
  ];

  it.each(cases)("is told where %s says so, as whoever reads all finds it", async (...which) => {
    const [, first, second, directory, plainly] = which;
    const root = temporaryDirectory();
    for (const folder of ["first", "second"]) mkdirSync(join(root, folder));
    const files = [
      writeConfig(MINIMAL + first, join(root, "first")),
      writeConfig(second, join(root, "second")),
    ];
    const source = { files, environment: {} };
    expect(await dataDirectoryOf(source)).toBe(join(root, directory));
    expect(loadConfig(source).data).toBe(join(root, directory));
    expect(plainDataDirectoryOf(source)).toBe(plainly ? join(root, directory) : undefined);

    const overridden = { files, environment: { SOTTO__DATA: "elsewhere" } };
    expect(await dataDirectoryOf(overridden)).toBe(resolve("elsewhere"));
    expect(loadConfig(overridden).data).toBe(resolve("elsewhere"));
    expect(plainDataDirectoryOf(overridden)).toBe(resolve("elsewhere"));
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

  it("is told by every file, and by the environment", () => {
    const files = [writeConfig(MINIMAL), writeConfig("audio: { bitrate: 16 }\n")];
    expect(saysNothingOf("audio", { files, environment: {} })).toBe(false);
    const [first] = files as [string];
    expect(saysNothingOf("audio", { files: [first], environment: { SOTTO__LOG__LEVEL: "debug" } })).toBe(
      true,
    );
    expect(saysNothingOf("audio", { files: [first], environment: { SOTTO__AUDIO__BITRATE: "16" } })).toBe(
      false,
    );
  });
});
