import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import {
  createPrivateFile,
  createWholePrivateFile,
  requireCreatable,
  writePrivateFile,
} from "../../src/service/private-file.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** What was brought to the disk, by path, and what fails there. */
const disk = vi.hoisted(() => ({
  paths: new Map<number, string>(),
  synced: [] as string[],
  full: false,
  /** What another process does meanwhile. */
  meanwhile: (_path: string): void => undefined,
}));

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  return {
    ...fs,
    openSync(path: string, ...rest: [string, number?]) {
      const file = fs.openSync(path, ...rest);
      disk.paths.set(file, path);
      return file;
    },
    fsyncSync(file: number) {
      if (disk.full) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
      const path = disk.paths.get(file) ?? "";
      disk.synced.push(path);
      disk.meanwhile(path);
      fs.fsyncSync(file);
    },
  };
});

beforeEach(() => {
  disk.synced.length = 0;
  disk.full = false;
  disk.meanwhile = () => undefined;
});

describe("a private file", () => {
  it("is on the disk with its name when it was made", () => {
    const folder = temporaryDirectory();
    const path = join(folder, "token");
    createPrivateFile(path, "one");
    expect(disk.synced).toEqual([path, folder]);
    expect(readFileSync(path, "utf8")).toBe("one");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("is on the disk with its name when it was replaced", () => {
    const folder = temporaryDirectory();
    const path = join(folder, "token");
    writePrivateFile(path, "one");
    writePrivateFile(path, "two");
    expect(disk.synced.filter((synced) => synced === folder)).toHaveLength(2);
    expect(readFileSync(path, "utf8")).toBe("two");
    expect(readdirSync(folder)).toEqual(["token"]);
  });

  it("is not there at all when it cannot be written whole", () => {
    const folder = temporaryDirectory();
    disk.full = true;
    expect(() => createPrivateFile(join(folder, "token"), "one")).toThrow("no space");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is not taken for ours where another process has put its own there", () => {
    const path = join(temporaryDirectory(), "password");
    disk.meanwhile = (written) => {
      if (!written.endsWith(".part")) return;
      rmSync(written);
      writeFileSync(written, "theirs");
    };
    const error = expect.objectContaining({ code: "FILE_EXISTS" }) as Error;
    expect(() => createWholePrivateFile(path, "ours")).toThrow(error);
    expect(readFileSync(path, "utf8")).toBe("theirs");
  });

  it("does not take the place of another", () => {
    const path = join(temporaryDirectory(), "token");
    writeFileSync(path, "somebody's");
    expect(() => createPrivateFile(path, "one")).toThrow(expect.objectContaining({ code: "FILE_EXISTS" }));
    expect(readFileSync(path, "utf8")).toBe("somebody's");
  });
});

describe("whether a file can be made", () => {
  it("is told beforehand", () => {
    const folder = temporaryDirectory();
    expect(() => requireCreatable(join(folder, "new"))).not.toThrow();
    writeFileSync(join(folder, "file"), "");
    symlinkSync(join(folder, "nowhere"), join(folder, "link"));
    mkdirSync(join(folder, "directory"));
    const codeOf = (name: string, code: string) =>
      expect(() => requireCreatable(join(folder, name))).toThrow(expect.objectContaining({ code }));
    for (const name of ["file", "link", "directory"]) codeOf(name, "FILE_EXISTS");
    for (const name of ["missing/new", "file/new"]) codeOf(name, "USAGE");
    expect(readdirSync(folder).sort()).toEqual(["directory", "file", "link"]);
  });
});
