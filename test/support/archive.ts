import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeArchive } from "../../src/connector/archive/archive.ts";
import { verifyArchive } from "../../src/connector/archive/verify.ts";
import { recordingOf, voiceOf } from "../../src/connector/contract/samples.ts";
import { connectorContext } from "./connector-context.ts";
import { temporaryDirectory } from "./temporary.ts";

const { signal } = new AbortController();

export interface Line {
  eventId: string;
  file: string;
  previous: string | null;
}

export async function linesOf(directory: string): Promise<string[]> {
  const manifest = await readFile(join(directory, "manifest.jsonl"), "utf8").catch(() => "");
  return manifest.split("\n").slice(0, -1);
}

export const entriesOf = async (directory: string): Promise<Line[]> =>
  (await linesOf(directory)).map((line) => JSON.parse(line));

/** An archive of some voice messages. */
export async function archiveOf(count: number) {
  const directory = temporaryDirectory();
  const context = connectorContext(directory);
  const open = () => makeArchive({ type: "archive", path: "." }, context);
  const archive = open();
  const voices = Array.from({ length: count }, () => voiceOf(recordingOf(200)));
  const path = (name: string): string => join(directory, name);
  const heads: string[] = [];
  for (const voice of voices) {
    await archive.deliver(voice, signal);
    heads.push(await readFile(path("head.json"), "utf8"));
  }
  return {
    directory,
    context,
    archive,
    open,
    voices,
    path,
    verify: () => verifyArchive(directory, context.signer.publicKeyPem),
    lines: () => linesOf(directory),
    /** Puts the head back to where it was after so many entries. */
    writeHead: (entries: number) => writeFile(path("head.json"), heads[entries - 1]!),
    writeLines: (lines: string[]) =>
      writeFile(path("manifest.jsonl"), lines.map((line) => `${line}\n`).join("")),
  };
}
