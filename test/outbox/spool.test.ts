import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { SottoError } from "../../src/errors.ts";
import { outboxOn, throwing } from "../support/faulty-ports.ts";
import { openTestStore, ROOM, storeOptions } from "../support/store.ts";

const PIECES = [randomBytes(70_000), randomBytes(3), randomBytes(70_000)];
const CONTENT = { msgtype: "m.audio", body: "Doorbell", file: { v: "v2" } };

async function* coming(pieces: Iterable<Uint8Array> = PIECES): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

/** As they lie on the disk: a store that opens drops what belongs to no message. */
function piecesIn(path: string): Uint8Array[] {
  const database = new DatabaseSync(path);
  const rows = database.prepare("SELECT ciphertext FROM spool ORDER BY txn_id, piece").all();
  database.close();
  return rows.map(({ ciphertext }) => ciphertext as Uint8Array);
}

describe("an attachment in the spool", () => {
  it("is uploaded as it came, and then its message says where it lies", async () => {
    const store = openTestStore();
    const { outbox, contentRepository, encryptor } = outboxOn(store);
    await using spooled = await outbox.spool(coming());
    const job = await outbox.accept(ROOM, CONTENT, spooled);
    expect(job).toMatchObject({ state: "encoded", txnId: spooled.txnId });
    const sent = await outbox.send(job);
    expect(contentRepository.uploads).toEqual([Buffer.concat(PIECES)]);
    expect(sent).toMatchObject({ state: "sent", mxcUri: "mxc://example.org/1" });
    expect(encryptor.encrypted).toMatchObject([
      { content: { ...CONTENT, file: { v: "v2", url: "mxc://example.org/1" } } },
    ]);
    expect(store.spool.size(job.txnId)).toBe(0);
  });

  it("is gone when its message is not accepted, its source fails, or the homeserver would not take it", async () => {
    const options = storeOptions();
    const store = openTestStore(options);
    const { outbox, contentRepository } = outboxOn(store);
    let txnId: string;
    {
      await using spooled = await outbox.spool(coming());
      txnId = spooled.txnId;
      expect(store.spool.size(txnId)).toBe(140_003);
    }
    expect(store.spool.size(txnId)).toBe(0);

    const broken = new Error("the recording broke off");
    async function* breaking(): AsyncGenerator<Uint8Array> {
      yield* PIECES;
      throw broken;
    }
    await expect(outbox.spool(breaking())).rejects.toBe(broken);
    contentRepository.limit = 140_002;
    await expect(outbox.spool(coming())).rejects.toMatchObject({
      code: "AUDIO_TOO_LARGE",
      message: expect.stringContaining("140002"),
    });
    store.close();
    expect(piecesIn(options.path)).toEqual([]);
  });

  it("waits for the next process where the homeserver is not there, and is then the same bytes", async () => {
    const options = storeOptions();
    const store = openTestStore(options);
    const first = outboxOn(store);
    await using spooled = await first.outbox.spool(coming());
    const job = await first.outbox.accept(ROOM, CONTENT, spooled);
    first.contentRepository.outcomes.push(throwing(new SottoError("HOMESERVER_UNREACHABLE", "refused")));
    await first.outbox.resume();
    expect(first.unsent).toMatchObject([{ code: "HOMESERVER_UNREACHABLE" }]);
    expect(first.encryptor.encrypted).toEqual([]);
    store.close();

    const next = outboxOn(openTestStore(options));
    await next.outbox.resume();
    expect(next.contentRepository.uploads).toEqual([Buffer.concat(PIECES)]);
    expect(next.jobs.get(job.jobId)?.state).toBe("sent");
  });

  it("is not uploaded again when what comes after the upload has to be repeated", async () => {
    const { outbox, contentRepository, encryptor, jobs } = outboxOn(openTestStore());
    await using spooled = await outbox.spool(coming());
    const { jobId } = await outbox.accept(ROOM, CONTENT, spooled);
    encryptor.outcomes.push(throwing(new SottoError("HOMESERVER_UNREACHABLE", "refused")));
    await outbox.resume();
    expect(jobs.get(jobId)?.state).toBe("uploaded");
    await outbox.resume();
    expect(jobs.get(jobId)?.state).toBe("sent");
    expect(contentRepository.uploads).toHaveLength(1);
  });
});

describe("a message that could not be sent", () => {
  /** Its upload fails once. */
  async function failed(isHeard: boolean) {
    const store = openTestStore();
    const { outbox, contentRepository } = outboxOn(store);
    await using spooled = await outbox.spool(coming());
    const { jobId, txnId } = await outbox.accept(ROOM, CONTENT, spooled);
    const unreachable = new SottoError("HOMESERVER_UNREACHABLE", "refused");
    contentRepository.outcomes.push(throwing(unreachable));
    await expect(outbox.send(store.jobs.get(jobId)!, () => isHeard)).rejects.toBe(unreachable);
    return { outbox, bytes: store.spool.size(txnId), state: () => store.jobs.get(jobId)?.state };
  }

  it("is given up where its sender hears it, and its recording goes", async () => {
    const { state, bytes } = await failed(true);
    expect(state()).toBe("failed");
    expect(bytes).toBe(0);
  });

  it("waits where its sender has gone and would never learn of it", async () => {
    const { outbox, state } = await failed(false);
    expect(state()).toBe("encoded");
    await outbox.resume();
    expect(state()).toBe("sent");
  });
});

describe("a process that is killed while it encrypts", () => {
  const PIECE_BYTES = 64 * 1024;

  /** Kills it after so many pieces, and gives the key stream that they were encrypted with. */
  async function killedAfter(pieces: number, path: string, fill: number): Promise<Buffer> {
    const program = join(import.meta.dirname, "../support/spooling.ts");
    const child = spawn(process.execPath, [program, path, String(fill), String(PIECE_BYTES)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    for (let piece = 0; piece < pieces; piece += 1) {
      await once(child.stdout, "data");
      child.stdin.write("go\n");
    }
    await once(child.stdout, "data"); // the last piece is in the spool
    child.kill("SIGKILL");
    await once(child, "close");
    const spooled = piecesIn(path);
    expect(spooled).toHaveLength(pieces);
    return Buffer.concat(spooled).map((byte) => byte ^ fill) as Buffer;
  }

  it("leaves nothing to the next, which never encrypts under the same key and IV", async () => {
    const options = storeOptions();
    const keyStreams: string[] = [];
    for (const pieces of [1, 2, 3]) {
      const keyStream = await killedAfter(pieces, options.path, pieces);
      keyStreams.push(keyStream.subarray(0, PIECE_BYTES).toString("base64"));
      const store = openTestStore(options);
      expect(store.jobs.open()).toEqual([]);
      store.close();
      expect(piecesIn(options.path)).toEqual([]);
    }
    expect(new Set(keyStreams).size).toBe(3);
  });
});
