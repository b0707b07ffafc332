import { chmodSync, chownSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { connectTo } from "../../../src/service/control/client.ts";
import { controlSocketPath } from "../../../src/service/control/path.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

const LONG = `/srv/${"d".repeat(120)}`;
const NOBODY = 65_534;
const asRoot = it.skipIf(process.getuid?.() !== 0);

/** Lets temporary files lie in a directory of the test's own; gives the place for sockets in it. */
function socketDirectory(): string {
  const temporary = temporaryDirectory();
  vi.stubEnv("TMPDIR", temporary);
  onTestFinished(() => void vi.unstubAllEnvs());
  return join(temporary, `sotto-${userInfo().uid}`);
}
const refused = expect.objectContaining({ code: "STORE_UNUSABLE" });

describe("the control socket", () => {
  it("lies in the data directory", () => {
    expect(controlSocketPath("/srv/sotto")).toBe("/srv/sotto/control.sock");
  });

  it("lies in a directory of this user alone, where that path is too long", () => {
    const directory = socketDirectory();
    const path = controlSocketPath(LONG);
    expect(dirname(path)).toBe(directory);
    expect(lstatSync(directory).mode & 0o777).toBe(0o700);
    expect(controlSocketPath(LONG)).toBe(path);
  });

  it("does not lie where others may write", () => {
    const directory = socketDirectory();
    mkdirSync(directory);
    chmodSync(directory, 0o777);
    expect(() => controlSocketPath(LONG)).toThrow(refused);
  });

  it("does not lie behind a link", () => {
    const [directory, elsewhere] = [socketDirectory(), temporaryDirectory()];
    symlinkSync(elsewhere, directory);
    expect(() => controlSocketPath(LONG)).toThrow(refused);
  });

  asRoot("does not lie in a directory that somebody else has made", () => {
    const directory = socketDirectory();
    mkdirSync(directory, { mode: 0o700 });
    chownSync(directory, NOBODY, NOBODY);
    expect(() => controlSocketPath(LONG)).toThrow(refused);
  });

  asRoot("of somebody else is handed nothing", async () => {
    const path = join(temporaryDirectory(), "control.sock");
    writeFileSync(path, "");
    chownSync(path, NOBODY, NOBODY);
    await expect(connectTo(path)).rejects.toEqual(refused);
  });
});
