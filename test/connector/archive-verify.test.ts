import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { appendFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeArchive } from "../../src/connector/archive/archive.ts";
import { verifyArchive } from "../../src/connector/archive/verify.ts";
import { recordingOf, voiceOf } from "../../src/connector/contract/samples.ts";
import { archiveOf, entriesOf, linesOf } from "../support/archive.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const { signal } = new AbortController();

describe("verification finds", () => {
  const faults = ({ findings }: Awaited<ReturnType<typeof verifyArchive>>): string[] =>
    findings.map(({ fault, line }) => (line === undefined ? fault : `${fault} ${line}`));

  it("a changed entry", async () => {
    const { verify, lines, writeLines } = await archiveOf(3);
    const [a, b, c] = await lines();
    await writeLines([a!, b!.replace("@alice", "@mallory"), c!]);
    expect(faults(await verify())).toEqual(["entry-changed 2", "entry-out-of-place 3", "file-unlisted"]);
  });

  it("a missing, a reordered and a repeated entry", async () => {
    const { verify, lines, writeLines } = await archiveOf(4);
    const [a, b, c, d] = await lines();
    await writeLines([a!, c!, d!]);
    expect(faults(await verify())).toContain("entry-out-of-place 2");
    await writeLines([a!, c!, b!, d!]);
    expect(faults(await verify())).toEqual([
      "entry-out-of-place 2",
      "entry-out-of-place 3",
      "entry-out-of-place 4",
    ]);
    await writeLines([a!, b!, b!, c!, d!]);
    expect(faults(await verify())).toContain("event-twice 3");
  });

  it("entries that were cut off the end, also with their files", async () => {
    const { verify, lines, writeLines, directory } = await archiveOf(3);
    const [a, b, c] = await lines();
    await writeLines([a!, b!]);
    expect(faults(await verify())).toEqual(["entries-missing", "file-unlisted"]);
    await rm(join(directory, JSON.parse(c!).file));
    expect(faults(await verify())).toEqual(["entries-missing"]);
    await rm(join(directory, "head.json"));
    expect(faults(await verify())).toEqual(["head-changed"]);
    await rm(join(directory, "manifest.jsonl"));
    await rm(join(directory, "recordings"), { recursive: true });
    expect(faults(await verify())).toEqual(["manifest-missing"]);
  });

  it("an entry that was put in: of another archive, of another key, or free", async () => {
    const { verify, lines, writeLines, path } = await archiveOf(2);
    const other = await archiveOf(2);
    const [a, b] = await lines();
    const [x] = await other.lines();
    await writeLines([a!, x!, b!]);
    expect(faults(await verify())).toContain("entry-changed 2");
    await writeLines([a!, b!, "{}"]);
    expect(faults(await verify())).toContain("entry-changed 3");
    await writeFile(path("head.json"), await readFile(other.path("head.json")));
    await writeLines([a!, b!]);
    expect(faults(await verify())).toEqual(["head-changed"]);
  });

  it("an archive of the same account in its place, mixed in", async () => {
    const { verify, lines, writeLines, context } = await archiveOf(2);
    const directory = temporaryDirectory();
    const second = { ...context, name: "second", path: () => directory };
    const archive = makeArchive({ type: "archive", path: "." }, second);
    for (let index = 0; index < 2; index += 1) await archive.deliver(voiceOf(recordingOf()), signal);
    await writeLines([(await lines())[0]!, (await linesOf(directory))[1]!]);
    expect(faults(await verify())).toContain("entry-out-of-place 2");
  });

  it("a file that is missing, changed, replaced by a folder, or of nobody", async () => {
    const { verify, path, directory } = await archiveOf(4);
    const files = (await entriesOf(directory)).map(({ file }) => path(file));
    await rm(files[0]!);
    await appendFile(files[1]!, "x");
    await writeFile(files[2]!, (await readFile(files[2]!)).fill(0, 100, 101));
    await rm(files[3]!);
    await mkdir(files[3]!);
    await writeFile(path("recordings/zzz.wav"), "x");
    expect(faults(await verify())).toEqual([
      "file-missing 1",
      "file-changed 2",
      "file-changed 3",
      "file-missing 4",
      "file-unlisted",
    ]);
  });

  it("nothing with the wrong key, and takes no other kind of key", async () => {
    const { directory } = await archiveOf(1);
    const pem = (key: KeyObject) => key.export({ type: "spki", format: "pem" }) as string;
    const report = await verifyArchive(directory, pem(generateKeyPairSync("ed25519").publicKey));
    expect(faults(report)).toEqual(["entry-changed 1", "head-changed", "file-unlisted"]);
    const other = pem(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey);
    await expect(verifyArchive(directory, other)).rejects.toThrow();
  });
});
