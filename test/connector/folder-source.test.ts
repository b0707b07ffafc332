import { createHash } from "node:crypto";
import { appendFileSync } from "node:fs";
import { appendFile, mkdir, open, readFile, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { MemoryIntake, type TakenRecording } from "../../src/connector/contract/index.ts";
import { recordingOf } from "../../src/connector/contract/samples.ts";
import { filesBeingWritten } from "../../src/connector/folder/writers.ts";
import { SottoError } from "../../src/errors.ts";
import { hold, offer, watched } from "../support/folder.ts";

const bytesOf = ({ taken }: MemoryIntake): Buffer[] => taken.map(({ bytes }) => Buffer.from(bytes));
const notAudio = (): SottoError => new SottoError("AUDIO_NOT_AUDIO", "there is no sound in it");

describe("what is not a recording yet", () => {
  it("is not taken while it grows, however slowly it is written and by whom", async () => {
    const { inbox, intake, start, offer } = await watched({ settle: 1_500, rescan: 50 });
    const whole = recordingOf();
    const path = join(inbox, "growing.wav");
    await start();
    let at = 0;
    const grow = (): void => {
      appendFileSync(path, whole.subarray(at, at + 10));
      at += 10;
    };
    grow();
    const growing = setInterval(grow, 400);
    onTestFinished(() => clearInterval(growing));
    await offer("whole.wav", recordingOf());
    await intake.count(1);
    clearInterval(growing);
    expect(intake.taken[0]?.about?.note).toBe("whole");
    appendFileSync(path, whole.subarray(at));
    await intake.count(2);
    expect(bytesOf(intake)[1]).toEqual(Buffer.from(whole));
  });

  it.runIf(process.platform === "linux")("is not taken while somebody has it open for writing", async () => {
    const { inbox, intake, start, offer } = await watched();
    const whole = recordingOf();
    const writer = await open(join(inbox, "a-open.wav"), "wx");
    await writer.write(whole.subarray(0, 500));
    await utimes(join(inbox, "a-open.wav"), 1, 1); // it would be the first
    await start();
    await offer("b.wav", recordingOf());
    await intake.count(1);
    await writer.write(whole.subarray(500));
    await writer.close();
    await intake.count(2);
    expect(bytesOf(intake)[1]).toEqual(Buffer.from(whole));
  });

  it.runIf(process.platform === "linux")(
    "is seen from outside, and who only reads does not write",
    async () => {
      const { inbox } = await watched();
      await using _writer = await open(join(inbox, "written"), "wx");
      await writeFile(join(inbox, "read"), "x");
      await using _reader = await open(join(inbox, "read"), "r");
      expect((await filesBeingWritten(inbox)).size).toBe(1);
    },
  );

  it("is left alone: hidden, unfinished, empty, a link, a folder, another name", async () => {
    const { directory, inbox, intake, start, offer, names } = await watched({ pattern: "*.WA?" });
    const ignored = [".hidden.wav", "a.wav.part", "b.tmp", "c.wav~", "d.mp3", "nwav"];
    for (const name of ignored) await writeFile(join(inbox, name), recordingOf());
    await writeFile(join(inbox, "empty.wav"), "");
    await writeFile(join(directory, "outside.wav"), recordingOf());
    await symlink(join(directory, "outside.wav"), join(inbox, "link.wav"));
    await mkdir(join(inbox, "folder.wav"));
    await writeFile(join(inbox, "folder.wav", "deep.wav"), recordingOf());
    await start();
    await offer("real.wav", recordingOf());
    await intake.count(1);
    await expect.poll(() => names("done")).toEqual(["real.wav"]);
    await offer("real2.wav", recordingOf());
    await intake.count(2);
    await expect
      .poll(() => names())
      .toEqual([...ignored, "done", "empty.wav", "folder.wav", "link.wav"].sort());
    expect(intake.taken.map(({ about }) => about?.note)).toEqual(["real", "real2"]);
  });
});

describe("how it hears of a recording", () => {
  it("is by the system, where that tells", async () => {
    const { inbox, intake, start, offer } = await watched({ rescan: 3_600_000, subfolders: true });
    await mkdir(join(inbox, "below"));
    await start();
    await offer("first.wav", recordingOf());
    await intake.count(1);
    await offer("below/second.wav", recordingOf());
    await intake.count(2);
  });
});

describe("what happens while it is read", () => {
  it("may be another name: it is taken once, and put away under the new one", async () => {
    const { inbox, intake, start, offer, names } = await watched();
    const letGo = hold(intake);
    await start();
    await offer("before.wav", recordingOf());
    await intake.until(() => intake.brought.length === 1);
    await rename(join(inbox, "before.wav"), join(inbox, "after.wav"));
    letGo();
    await expect.poll(() => names("done").catch(() => [])).toEqual(["after.wav"]);
    expect(intake.taken).toHaveLength(1);
  });

  it.each(["move", "delete"] as const)(
    "may be another file in its place: both are taken (%s)",
    async (after) => {
      const { inbox, intake, start, offer } = await watched({ after });
      const [first, second] = [recordingOf(), recordingOf()];
      const letGo = hold(intake);
      await start();
      await offer("same.wav", first);
      await intake.until(() => intake.brought.length === 1);
      await offer("same.wav", second);
      letGo();
      await intake.count(2);
      expect(bytesOf(intake)).toEqual([first, second]);
      if (after === "move")
        await expect.poll(() => readFile(join(inbox, "done", "same.wav"))).toEqual(second);
    },
  );

  it("may be that it goes", async () => {
    const { inbox, intake, start, offer, lines } = await watched();
    const letGo = hold(intake);
    await start();
    await offer("gone.wav", recordingOf());
    await intake.until(() => intake.brought.length === 1);
    await rm(join(inbox, "gone.wav"));
    letGo();
    await offer("next.wav", recordingOf());
    await intake.count(2);
    expect(lines).toEqual([]);
  });

  it("may be that it is written to: then it is not taken before it is whole", async () => {
    const [half, rest] = [recordingOf(40_000), Buffer.from("and its end")];
    let writes = 0;
    const intake = new (class extends MemoryIntake {
      /** Between the hash and the reading. */
      override async knows(id: string): Promise<boolean> {
        if (writes++ === 0)
          await writeFile(join(inbox, "torn.wav"), Buffer.concat([half, rest]).fill(1, 50, 60));
        return super.knows(id);
      }
    })();
    const { inbox, start, offer, lines } = await watched({}, intake);
    await start();
    await offer("torn.wav", half);
    await intake.count(1);
    expect(bytesOf(intake)).toEqual([Buffer.concat([half, rest]).fill(1, 50, 60)]);
    const [{ id, bytes }] = intake.taken as [TakenRecording];
    expect(id).toBe(`sha256:${createHash("sha256").update(bytes).digest("hex")}`);
    expect(lines).toEqual([]);
  });
});

describe("what it is through with", () => {
  it("goes to the failed folder if it can never be sent, also where the rest is deleted", async () => {
    const { intake, start, offer, names, lines } = await watched({ after: "delete" });
    const bad = recordingOf();
    intake.refusal = ({ bytes }) => (Buffer.compare(bytes, bad) === 0 ? notAudio() : undefined);
    await start();
    await offer("bad.wav", bad);
    await offer("good.wav", recordingOf());
    await expect.poll(() => names()).toEqual(["failed"]);
    expect(await names("failed")).toEqual(["bad.wav"]);
    expect(lines.filter((line) => line.includes("AUDIO_NOT_AUDIO"))).toHaveLength(1);
  });

  it("has a name of its own where another recording of its name lies", async () => {
    const { intake, start, offer, names } = await watched();
    await start();
    for (const [index, recording] of [recordingOf(), recordingOf()].entries()) {
      await offer("bell.wav", recording);
      await intake.count(index + 1);
      await expect.poll(() => names("done").catch(() => [])).toHaveLength(index + 1);
    }
    expect(await names("done")).toEqual([expect.stringMatching(/^bell-[0-9a-f]{12}\.wav$/), "bell.wav"]);
  });

  it("is a copy of it too: it is taken once, and both are put away", async () => {
    const { intake, start, offer, names } = await watched();
    const twice = recordingOf();
    await start();
    await offer("one.wav", twice);
    await offer("two.wav", twice);
    await expect.poll(() => names("done").catch(() => [])).toEqual(["one.wav", "two.wav"]);
    expect(intake.taken).toHaveLength(1);
  });

  it("comes in the order of its times, from folders below too, with what is known of it", async () => {
    const { inbox, intake, start } = await watched({ subfolders: true });
    await mkdir(join(inbox, "below"));
    for (const [name, seconds] of [
      ["c", 30],
      ["below/b", 20],
      ["a", 40],
      ["d", 10],
    ] as const) {
      await writeFile(join(inbox, `${name}.wav`), recordingOf());
      await utimes(join(inbox, `${name}.wav`), seconds, seconds);
    }
    await start();
    await intake.count(4);
    expect(intake.taken.map(({ about }) => about)).toEqual(
      [
        ["d", 10],
        ["b", 20],
        ["c", 30],
        ["a", 40],
      ].map(([note, s]) => ({ note, recordedMs: Number(s) * 1000 })),
    );
  });

  it("is nobody else's: files that nobody can take now do not stop the others", async () => {
    const { inbox, intake, start } = await watched({ after: "leave" });
    intake.refusal = ({ about }) =>
      about?.note?.startsWith("stuck") ? new SottoError("TIMEOUT", "it takes too long") : undefined;
    for (let index = 0; index < 4; index += 1) {
      await offer(inbox, `stuck-${index}.wav`, recordingOf());
      await utimes(join(inbox, `stuck-${index}.wav`), 1, 1);
    }
    await offer(inbox, "good.wav", recordingOf());
    await start();
    await intake.count(1);
    await appendFile(join(inbox, "good.wav"), "more");
    await intake.count(2);
  });
});
