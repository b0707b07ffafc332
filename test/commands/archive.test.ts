import { appendFile, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeArchive } from "../../src/connector/archive/archive.ts";
import { recordingOf, voiceOf } from "../../src/connector/contract/samples.ts";
import { connectorContext } from "../support/connector-context.ts";
import { errorOf, sotto } from "../support/sotto.ts";
import { temporaryDirectory } from "../support/temporary.ts";

async function archiveOf(count: number): Promise<string> {
  const directory = temporaryDirectory();
  const archive = makeArchive({ type: "archive", path: "." }, connectorContext(directory));
  const { signal } = new AbortController();
  for (let index = 0; index < count; index += 1) await archive.deliver(voiceOf(recordingOf()), signal);
  return directory;
}

describe("archive verify", () => {
  it("says how far the archive goes, and that its own key proves little", async () => {
    const folder = await archiveOf(2);
    const outcome = await sotto(["archive", "verify", folder]);
    expect(outcome).toMatchObject({ code: 0, stdout: "" });
    expect(outcome.stderr).toMatch(/2 entries of under-test are signed and in order/);
    expect(outcome.stderr).toMatch(/the key lay in the archive/);
    const key = join(folder, "public-key.pem");
    const json = await sotto(["archive", "verify", folder, "--public-key", key, "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ entries: 2, findings: [] });
    expect(json.stderr).not.toMatch(/the key lay/);
  });

  it("names what is wrong, and ends with 1", async () => {
    const folder = await archiveOf(2);
    const [first] = (await readFile(join(folder, "manifest.jsonl"), "utf8")).split("\n");
    const { file } = JSON.parse(first!);
    await appendFile(join(folder, file), "x");
    const outcome = await sotto(["archive", "verify", folder]);
    expect(outcome.stdout).toBe(`file-changed line 1 ${file}\n`);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/ARCHIVE_CHANGED/);
  });

  it("takes nothing for an archive that is none, or whose key is away", async () => {
    const folder = await archiveOf(1);
    await rm(join(folder, "public-key.pem"));
    expect(errorOf(await sotto(["archive", "verify", folder, "--json"]))).toMatchObject({ code: "USAGE" });
    await rm(join(folder, "manifest.jsonl"));
    const other = join(await archiveOf(1), "public-key.pem");
    const gone = await sotto(["archive", "verify", folder, "--public-key", other]);
    expect(gone).toMatchObject({ code: 1, stdout: expect.stringContaining("manifest-missing") });
  });
});
