import { appendFile, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { archiveOf } from "../support/archive.ts";
import { errorOf, sotto } from "../support/sotto.ts";

describe("archive verify", () => {
  it("says how far the archive goes, and that its own key proves little", async () => {
    const { directory: folder } = await archiveOf(2);
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
    const { directory: folder } = await archiveOf(2);
    const [first] = (await readFile(join(folder, "manifest.jsonl"), "utf8")).split("\n");
    const { file } = JSON.parse(first!);
    await appendFile(join(folder, file), "x");
    const outcome = await sotto(["archive", "verify", folder]);
    expect(outcome.stdout).toBe(`file-changed line 1 ${file}\n`);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/ARCHIVE_CHANGED/);
  });

  it("takes nothing for an archive that is none, or whose key is away", async () => {
    const { directory: folder } = await archiveOf(1);
    await rm(join(folder, "public-key.pem"));
    expect(errorOf(await sotto(["archive", "verify", folder, "--json"]))).toMatchObject({ code: "USAGE" });
    await rm(join(folder, "manifest.jsonl"));
    const other = (await archiveOf(1)).path("public-key.pem");
    const gone = await sotto(["archive", "verify", folder, "--public-key", other]);
    expect(gone).toMatchObject({ code: 1, stdout: expect.stringContaining("manifest-missing") });
  });
});
