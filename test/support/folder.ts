import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { readdir, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { MemoryIntake, type SourceBench } from "../../src/connector/contract/index.ts";
import { makeFolder } from "../../src/connector/folder/folder.ts";
import { type FolderSettings, folderSettings } from "../../src/connector/folder/settings.ts";
import { connectorContext } from "./connector-context.ts";
import { temporaryDirectory } from "./temporary.ts";

/** Settings as the config gives them, but for shorter waits. */
export const settingsOf = (settings: Partial<FolderSettings>): FolderSettings => ({
  ...folderSettings.parse({ type: "folder", path: "in" }),
  settle: 40,
  rescan: 100,
  ...settings,
});

export function folderBench(settings: Partial<FolderSettings>): SourceBench {
  const directory = mkdtempSync(join(tmpdir(), "sotto-folder-"));
  mkdirSync(join(directory, "in"));
  return {
    open: async () => makeFolder(settingsOf(settings), connectorContext(directory)),
    offer: (id, recording) => offer(join(directory, "in"), `${id}.wav`, recording),
    keeps: true,
    identity: "content",
    close: async () => rmSync(directory, { recursive: true }),
  };
}

/** Puts a whole file into a folder. */
export async function offer(folder: string, name: string, recording: Uint8Array): Promise<void> {
  const unfinished = join(folder, `${name}.part`);
  await writeFile(unfinished, recording);
  await rename(unfinished, join(folder, name));
}

/** A connector that watches a folder of the test's own, until the test ends. */
export async function watched(settings: Partial<FolderSettings> = {}, intake = new MemoryIntake()) {
  const directory = temporaryDirectory();
  const inbox = join(directory, "in");
  mkdirSync(inbox);
  const context = connectorContext(directory);
  const folder = makeFolder(settingsOf(settings), context);
  const start = async () => {
    await folder.start(intake);
    onTestFinished(() => folder.stop());
  };
  return {
    directory,
    inbox,
    intake,
    folder,
    start,
    lines: context.lines,
    offer: (name: string, recording: Uint8Array) => offer(inbox, name, recording),
    /** Names in the inbox, or in a folder of it. */
    names: async (of = "") => (await readdir(join(inbox, of))).sort(),
  };
}

/** Holds the intake in the middle of the next recording; gives what lets it go on. */
export function hold(intake: MemoryIntake): () => void {
  const held = Promise.withResolvers<void>();
  intake.held = held.promise;
  return () => {
    intake.held = undefined;
    held.resolve();
  };
}
