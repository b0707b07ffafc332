import { mkdtempSync, rmSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  MemoryIntake,
  type SinkBench,
  sinkContract,
  sourceContract,
} from "../../src/connector/contract/index.ts";
import { recordingOf, voiceOf } from "../../src/connector/contract/samples.ts";
import { makeFolder } from "../../src/connector/folder/folder.ts";
import { folderSettings } from "../../src/connector/folder/settings.ts";
import { connectorContext } from "../support/connector-context.ts";
import { folderBench, settingsOf } from "../support/folder.ts";
import { temporaryDirectory } from "../support/temporary.ts";

describe.each(["move", "leave", "delete"] as const)("as a source that does `%s`", (after) => {
  it.each(sourceContract(async () => folderBench({ after })))("$promise", ({ run }) => run());
});

describe("as a source of its folders too", () => {
  it.each(sourceContract(async () => folderBench({ subfolders: true })))("$promise", ({ run }) => run());
});

describe.each([true, false])("as a sink, with a description: %s", (describeIt) => {
  it.each(sinkContract(async () => sinkBench(describeIt)))("$promise", ({ run }) => run());
});

async function sinkBench(describeIt: boolean): Promise<SinkBench> {
  const directory = mkdtempSync(join(tmpdir(), "sotto-folder-"));
  return {
    open: async () =>
      makeFolder(settingsOf({ path: ".", describe: describeIt }), connectorContext(directory)),
    arrived: async () => {
      const names = (await readdir(directory)).filter((name) => !name.endsWith(".json"));
      return Promise.all(
        names.map(async (name) => ({
          eventId: `$${/Z-(.*)\.wav$/.exec(name)?.[1]}`,
          bytes: await readFile(join(directory, name)),
        })),
      );
    },
    knowsEvents: true,
    close: async () => rmSync(directory, { recursive: true }),
  };
}

describe("a voice message that is written", () => {
  const sink = (directory: string, describeIt = false) =>
    makeFolder(settingsOf({ path: ".", describe: describeIt }), connectorContext(directory));
  const { signal } = new AbortController();

  it("is called by its time and its event, and is for this user only", async () => {
    const directory = temporaryDirectory();
    const voice = voiceOf(recordingOf());
    await sink(directory).deliver(voice, signal);
    const name = `2026-01-31T12-30-15.250Z-${voice.eventId.slice(1)}.wav`;
    expect(await readdir(directory)).toEqual([name]);
    expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
  });

  it("is not touched when it comes again", async () => {
    const directory = temporaryDirectory();
    const voice = voiceOf(recordingOf());
    await sink(directory).deliver(voice, signal);
    const path = join(directory, (await readdir(directory))[0]!);
    const before = await stat(path);
    await sink(directory).deliver(voice, signal);
    expect(await stat(path)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  });

  it("has a description beside it, with everything that is known and no stream", async () => {
    const directory = temporaryDirectory();
    const { stream, ...about } = voiceOf(recordingOf());
    await sink(directory, true).deliver({ ...about, stream }, signal);
    const [json, wav] = (await readdir(directory)).sort();
    expect(JSON.parse(await readFile(join(directory, json!), "utf8"))).toEqual({ ...about, file: wav });
    expect((await stat(join(directory, json!))).mode & 0o777).toBe(0o600);
  });

  it("stays in the folder, whatever the homeserver says", async () => {
    const directory = temporaryDirectory();
    const hostile = [
      { eventId: "$../../escape", sentMs: 1e300 },
      { eventId: `$${"x".repeat(254)}`, sentMs: -1 },
      { eventId: "$\0/\n", sentMs: Number.NaN },
    ];
    for (const what of hostile) await sink(directory).deliver({ ...voiceOf(recordingOf()), ...what }, signal);
    const names = await readdir(directory);
    expect(names).toHaveLength(3);
    expect(names.every((name) => /^[\w.-]+-[0-9a-f]{64}\.wav$/.test(name))).toBe(true);
  });

  it("is refused where the folder is watched, and the other way round", async () => {
    const directory = temporaryDirectory();
    const source = sink(directory);
    await source.start(new MemoryIntake());
    await expect(source.deliver(voiceOf(recordingOf()), signal)).rejects.toMatchObject({
      code: "CONNECTOR_FAILED",
    });
    await source.stop();
    const taker = sink(directory);
    await taker.deliver(voiceOf(recordingOf()), signal);
    await expect(taker.start(new MemoryIntake())).rejects.toMatchObject({ code: "CONNECTOR_FAILED" });
  });
});

describe("its settings", () => {
  it("are a path, and have defaults for the rest", () => {
    expect(folderSettings.parse({ type: "folder", path: "./in" })).toEqual({
      type: "folder",
      path: "./in",
      subfolders: false,
      settle: 2_000,
      rescan: 30_000,
      after: "move",
      describe: false,
    });
  });

  it.each([
    { path: "" },
    { path: "./in", after: "burn" },
    { path: "./in", settle: 2 },
    { path: "./in", pattern: "a/*.wav" },
    { path: "./in", colour: "red" },
  ])("refuse %j", (settings) => {
    expect(folderSettings.safeParse({ type: "folder", ...settings }).success).toBe(false);
  });
});
