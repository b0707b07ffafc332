import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { downloadVerified, encryptBytes } from "../../src/media/index.ts";
import type { ContentRepository } from "../../src/model/ports.ts";

const clip = Buffer.from("OggS and a clip of some bytes");

/** A homeserver that has one attachment, and gives it in two pieces. */
async function attachment() {
  const { ciphertext, file } = await encryptBytes(clip);
  const repository = {
    download: async () => Readable.from([ciphertext.subarray(0, 10), ciphertext.subarray(10)]),
  } as unknown as ContentRepository;
  return { repository, ciphertext, file: { ...file, url: "mxc://example.org/one" } };
}

describe("a download", () => {
  it("gives what was encrypted", async () => {
    const { repository, file } = await attachment();
    expect(await downloadVerified(repository, file, 1000)).toEqual(clip);
  });

  it("stops at the caller's limit, whatever the repository sends", async () => {
    const { repository, file } = await attachment();
    await expect(downloadVerified(repository, file, clip.length - 1)).rejects.toMatchObject({
      code: "ATTACHMENT_INVALID",
      message: expect.stringContaining("larger than"),
    });
  });

  it("refuses an attachment that was changed on the homeserver", async () => {
    const { repository, file, ciphertext } = await attachment();
    ciphertext[3]! ^= 1;
    await expect(downloadVerified(repository, file, 1000)).rejects.toMatchObject({
      code: "ATTACHMENT_HASH_MISMATCH",
    });
  });
});
