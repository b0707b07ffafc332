import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { downloadVerified, uploadEncrypted } from "../../src/media/index.ts";
import type { ContentRepository } from "../../src/model/ports.ts";

/** A homeserver that keeps one attachment in memory. */
class OneAttachment implements ContentRepository {
  body = Buffer.alloc(0);
  uploads = 0;
  readonly #limit: number | undefined;

  constructor(limit?: number) {
    this.#limit = limit;
  }

  async upload(body: Uint8Array | Readable): Promise<string> {
    this.body = Buffer.from(body as Uint8Array);
    this.uploads++;
    return "mxc://example.org/one";
  }

  async download(): Promise<Readable> {
    return Readable.from([this.body.subarray(0, 10), this.body.subarray(10)]);
  }

  async maxUploadBytes(): Promise<number | undefined> {
    return this.#limit;
  }
}

const clip = Buffer.from("OggS and a clip of some bytes");

describe("upload and download", () => {
  it("is a round trip of which the homeserver reads nothing", async () => {
    const repository = new OneAttachment();
    const { file, size } = await uploadEncrypted(repository, clip);
    expect(size).toBe(clip.length);
    expect(file.url).toBe("mxc://example.org/one");
    expect(repository.body).toHaveLength(clip.length);
    expect(repository.body.includes("OggS")).toBe(false);
    expect(await downloadVerified(repository, file, 1000)).toEqual(clip);
  });

  it("refuses a clip above the homeserver's limit, with both numbers, before it sends", async () => {
    const repository = new OneAttachment(clip.length - 1);
    await expect(uploadEncrypted(repository, clip)).rejects.toMatchObject({
      code: "AUDIO_TOO_LARGE",
      message: `the clip has ${clip.length} bytes; the homeserver takes ${clip.length - 1}`,
    });
    expect(repository.uploads).toBe(0);
  });

  it("takes a clip of exactly the limit", async () => {
    await expect(uploadEncrypted(new OneAttachment(clip.length), clip)).resolves.toHaveProperty("file");
  });

  it("stops at the caller's limit, whatever the repository sends", async () => {
    const repository = new OneAttachment();
    const { file } = await uploadEncrypted(repository, clip);
    await expect(downloadVerified(repository, file, clip.length - 1)).rejects.toMatchObject({
      code: "ATTACHMENT_INVALID",
      message: expect.stringContaining("larger than"),
    });
  });

  it("refuses an attachment that was changed on the homeserver", async () => {
    const repository = new OneAttachment();
    const { file } = await uploadEncrypted(repository, clip);
    repository.body[3]! ^= 1;
    await expect(downloadVerified(repository, file, 1000)).rejects.toMatchObject({
      code: "ATTACHMENT_HASH_MISMATCH",
    });
  });
});
