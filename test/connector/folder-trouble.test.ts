import { mkdir, readdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { recordingOf } from "../../src/connector/contract/samples.ts";
import { tellable } from "../../src/connector/folder/trouble.ts";
import { hold, watched } from "../support/folder.ts";

describe("what it cannot do now", () => {
  it("it does when the folder is back, which nobody tells it", async () => {
    const { directory, inbox, intake, folder, start, offer, lines } = await watched();
    await start();
    await offer("before.wav", recordingOf());
    await intake.count(1);
    await rename(inbox, join(directory, "away"));
    await expect.poll(() => lines.length).toBe(1);
    expect(await folder.check()).toMatchObject([{ ok: false }]);
    await mkdir(inbox);
    await offer("back.wav", recordingOf());
    await intake.count(2);
    await expect.poll(() => lines.length).toBe(2);
    expect(await folder.check()).toMatchObject([{ ok: true }]);
  });

  it("it tells once, without a number, and does later", async () => {
    const { inbox, intake, folder, start, offer, lines, names } = await watched({
      doneFolder: "in/where/done",
    });
    await mkdir(join(inbox, "where"));
    await start();
    await rm(join(inbox, "where"), { recursive: true });
    await offer("caller-+4915112345678-bob@example.org.wav", recordingOf());
    await intake.count(1);
    await offer("second.wav", recordingOf());
    await intake.count(2);
    await expect.poll(() => lines.length).toBe(2);
    expect(lines.join()).toMatch(/second\.wav/);
    await offer("third.wav", recordingOf());
    await intake.count(3);
    expect(await folder.check()).toMatchObject([{ ok: false }]);
    await mkdir(join(inbox, "where"));
    await expect.poll(() => names("where/done").catch(() => [])).toHaveLength(3);
    expect(intake.taken).toHaveLength(3);
    expect(lines.join("\n")).not.toMatch(/4915112345678|bob@/);
    const troubles = lines.filter((line) => line.includes('"warn"') && line.includes("second.wav"));
    expect(troubles).toHaveLength(1);
  });

  it("is not begun: no folder, or one on another disk to move to", async () => {
    await expect((await watched({ path: "none" })).start()).rejects.toMatchObject({
      code: "CONNECTOR_FAILED",
    });
    await expect((await watched({ doneFolder: "/proc/self/done" })).start()).rejects.toMatchObject({
      code: "CONNECTOR_FAILED",
      cure: expect.stringContaining("doneFolder"),
    });
  });
});

it.each([
  ["030-1234-5678.wav", "….wav"],
  ["from (030) 123 45 67.wav", "from (….wav"],
  ["+49 151 1234567 bob@example.org.wav", "… …"],
  ["bell-42.wav", "bell-42.wav"],
])("%s is told in the log as %s", (name, told) => {
  expect(tellable(join("/in", name))).toBe(told);
});

describe("who may write to the folder", () => {
  it("cannot have a file of another folder sent, or moved, by a link in a folder's place", async () => {
    const { directory, inbox, intake, start, offer, names } = await watched({ subfolders: true });
    const [outside, below] = [join(directory, "outside"), join(inbox, "below")];
    for (const folder of [outside, below]) {
      await mkdir(folder);
      await writeFile(join(folder, "b.wav"), recordingOf());
      await utimes(join(folder, "b.wav"), 2, 2); // both look the same
    }
    await writeFile(join(inbox, "a.wav"), recordingOf());
    await utimes(join(inbox, "a.wav"), 1, 1);
    const goOn = hold(intake);
    await start();
    await intake.until(() => intake.brought.length === 1);
    await rename(below, join(directory, "aside"));
    await symlink(outside, below);
    goOn();
    await offer("c.wav", recordingOf());
    await intake.count(2);
    expect(intake.taken.map(({ about }) => about?.note)).toEqual(["a", "c"]);
    await expect.poll(() => names("done")).toEqual(["a.wav", "c.wav"]);
    expect(await readdir(outside)).toEqual(["b.wav"]);
  });

  it("cannot have recordings put into another folder by a link in the place of `done`", async () => {
    const { directory, inbox, intake, start, offer, names, lines } = await watched();
    const outside = join(directory, "outside");
    await mkdir(outside);
    await symlink(outside, join(inbox, "done"));
    await start();
    await offer("a.wav", recordingOf());
    await intake.count(1);
    await expect.poll(() => lines.join("\n")).toContain("is a link");
    expect(await readdir(outside)).toEqual([]);
    await rm(join(inbox, "done"));
    await expect.poll(() => names("done").catch(() => [])).toEqual(["a.wav"]);
    expect(intake.taken).toHaveLength(1);
  });
});
