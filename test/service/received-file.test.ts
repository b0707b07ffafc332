import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { EventId } from "../../src/model/ids.ts";
import { receivedFile } from "../../src/service/received-file.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const eventId = "$event" as EventId;
const NAME = Buffer.from(eventId).toString("base64url");
const of = (...chunks: string[]) => ({
  eventId,
  extension: "ogg",
  recording: Readable.from(chunks.map((chunk) => Buffer.from(chunk))),
});

describe("a received recording is written", () => {
  it("whole, for its owner alone, and with nothing beside it", async () => {
    const folder = temporaryDirectory();
    const { file } = await receivedFile(folder, of("first ", "second"));
    expect(file).toBe(join(folder, `${NAME}.ogg`));
    expect(readFileSync(file, "utf8")).toBe("first second");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual([`${NAME}.ogg`]);
  });

  it("once: what is there is not touched, and the recording is not read", async () => {
    const folder = temporaryDirectory();
    await receivedFile(folder, of("first"));
    const again = of("second");
    expect(await receivedFile(folder, again)).toEqual({ file: join(folder, `${NAME}.ogg`) });
    expect(readFileSync(join(folder, `${NAME}.ogg`), "utf8")).toBe("first");
    expect(again.recording.destroyed).toBe(true);
  });

  it("under a name that every file system takes, however long the homeserver makes the event's", async () => {
    const folder = temporaryDirectory();
    const long = `$${"x".repeat(240)}:example.org`.slice(0, 255);
    const names = [long, long.replace("x", "y")].map(async (eventId) => {
      const { file } = await receivedFile(folder, { ...of("sound"), eventId });
      return file;
    });
    expect(new Set(await Promise.all(names)).size).toBe(2);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it("not at all when it breaks off", async () => {
    const folder = temporaryDirectory();
    const recording = Readable.from(
      (async function* () {
        yield Buffer.from("half");
        throw new Error("the holder went away");
      })(),
    );
    const broken = receivedFile(folder, { eventId, extension: "ogg", recording });
    await expect(broken).rejects.toThrow("the holder went away");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("over what a killed process has left, and never through a link", async () => {
    const [folder, elsewhere] = [temporaryDirectory(), join(temporaryDirectory(), "other")];
    writeFileSync(elsewhere, "mine");
    symlinkSync(elsewhere, join(folder, `.${NAME}.ogg.part`));
    const { file } = await receivedFile(folder, of("whole"));
    expect(readFileSync(file, "utf8")).toBe("whole");
    expect(readFileSync(elsewhere, "utf8")).toBe("mine");
    expect(readdirSync(folder)).toEqual([`${NAME}.ogg`]);
  });

  it("as it was sent where it cannot be converted, and that is said", async () => {
    const folder = temporaryDirectory();
    const conversion = { target: { format: "wav" }, options: {} } as const;
    const written = await receivedFile(folder, { ...of("no sound"), extension: "bin" }, conversion);
    expect(written).toMatchObject({
      file: join(folder, `${NAME}.bin`),
      unconverted: { code: "AUDIO_NOT_AUDIO" },
    });
    expect(readFileSync(written.file, "utf8")).toBe("no sound");
    expect(readdirSync(folder)).toEqual([`${NAME}.bin`]);
  });
});
