import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { insertJob, openTestStore, ROOM, storeOptions } from "../support/store.ts";

const CHUNK = 64 * 1024;
const SEALED = CHUNK + 16;

async function* coming(...pieces: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

function place() {
  const options = storeOptions();
  const store = openTestStore(options);
  const folder = join(dirname(options.path), "spool");
  const fileOf = (recordingId: string) => join(folder, recordingId);
  const read = async (id: string) => Buffer.concat(await Array.fromAsync(store.recordings.read(id)));
  return { options, store, recordings: store.recordings, folder, fileOf, read };
}

describe("a recording that was accepted", () => {
  it.each([1, 15, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5])(
    "of %i bytes comes back as it was",
    async (size) => {
      const { recordings, read } = place();
      const bytes = randomBytes(size);
      const middle = Math.floor(size / 3);
      const id = await recordings.write(coming(bytes.subarray(0, middle), bytes.subarray(middle)));
      expect(await read(id)).toEqual(bytes);
    },
  );

  it("shows nothing of itself on the disk, to nobody but its owner", async () => {
    const { recordings, fileOf } = place();
    const bytes = Buffer.alloc(2 * CHUNK, "what was said ");
    const [one, two] = [await recordings.write(coming(bytes)), await recordings.write(coming(bytes))];
    const [first, second] = [readFileSync(fileOf(one)), readFileSync(fileOf(two))];
    expect(first.includes("what was said")).toBe(false);
    expect(first.equals(second)).toBe(false);
    expect(statSync(fileOf(one)).mode & 0o777).toBe(0o600);
  });

  const chunks = (file: Buffer) => [0, 1, 2].map((n) => file.subarray(n * SEALED, (n + 1) * SEALED));
  it.each<[string, (file: Buffer) => Buffer]>([
    [
      "with a byte changed",
      (file) => Buffer.concat([file.subarray(0, 9), Buffer.of(file[9]! ^ 1), file.subarray(10)]),
    ],
    [
      "with two chunks changed for one another",
      (file) => Buffer.concat([chunks(file)[1]!, chunks(file)[0]!, chunks(file)[2]!]),
    ],
    ["without its last chunk", (file) => file.subarray(0, 2 * SEALED)],
    ["without a chunk in the middle", (file) => Buffer.concat([chunks(file)[0]!, chunks(file)[2]!])],
    ["cut in a chunk", (file) => file.subarray(0, -1)],
    ["with more behind it", (file) => Buffer.concat([file, chunks(file)[0]!])],
    ["emptied", () => Buffer.alloc(0)],
  ])("%s does not open", async (_what, change) => {
    const { recordings, fileOf, read } = place();
    const id = await recordings.write(coming(randomBytes(3 * CHUNK)));
    writeFileSync(fileOf(id), change(readFileSync(fileOf(id))));
    await expect(read(id)).rejects.toMatchObject({ code: "STORE_DAMAGED" });
  });

  it("does not open under another's name, or where it is gone", async () => {
    const { recordings, fileOf, read } = place();
    const [one, two] = [
      await recordings.write(coming(Buffer.of(1))),
      await recordings.write(coming(Buffer.of(2))),
    ];
    renameSync(fileOf(one), fileOf(two));
    for (const id of [one, two]) await expect(read(id)).rejects.toMatchObject({ code: "STORE_DAMAGED" });
  });

  it("that the system does not let us read is not damaged: it may be read later", async () => {
    const { recordings, fileOf, read } = place();
    const id = await recordings.write(coming(Buffer.of(1)));
    rmSync(fileOf(id));
    mkdirSync(fileOf(id));
    await expect(read(id)).rejects.toMatchObject({ code: "STORE_UNUSABLE" });
  });

  it("leaves nothing where it could not be taken whole", async () => {
    const { recordings, folder } = place();
    const broken = new Error("it broke off");
    async function* breaking(): AsyncGenerator<Uint8Array> {
      yield randomBytes(2 * CHUNK);
      throw broken;
    }
    await expect(recordings.write(breaking())).rejects.toBe(broken);
    await expect(recordings.write(coming())).rejects.toMatchObject({ code: "AUDIO_EMPTY" });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is there for the next process while a message is to be made of it, and no other is", async () => {
    const { options, store, recordings, folder } = place();
    const [needed, _begun] = [
      await recordings.write(coming(Buffer.of(1))),
      await recordings.write(coming(Buffer.of(2))),
    ];
    insertJob(store.jobs, {
      ...{ txnId: "a", roomId: ROOM, state: "accepted", contentJson: "{}", createdMs: 1 },
      ...{ source: "mailbox", recordingId: needed },
    });
    store.close();
    mkdirSync(join(folder, "lost+found")); // of a disk of its own
    openTestStore(options);
    expect(readdirSync(folder).sort()).toEqual([needed, "lost+found"].sort());
  });
});
