import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { readData, readMessages, writeData } from "../../../src/service/control/wire.ts";

async function messagesOf(chunks: Iterable<string | Uint8Array>): Promise<object[]> {
  const stream = new PassThrough();
  void (async () => {
    for (const chunk of chunks) if (!stream.write(chunk)) await new Promise((go) => stream.once("drain", go));
    stream.end();
  })();
  return Array.fromAsync(readMessages(stream));
}

describe("lines of the control socket", () => {
  it("are messages, wherever the connection cuts them", async () => {
    const text = Buffer.from('{"data":"é"}\n{"ok":true}\n{"end":true}\n');
    const bytes = Array.from(text, (byte) => Uint8Array.of(byte));
    const expected = [{ data: "é" }, { ok: true }, { end: true }];
    expect(await messagesOf(bytes)).toEqual(expected);
    expect(await messagesOf([text])).toEqual(expected);
  });

  it.each(["garbage", "5", "null", '"call"'])("that say %s are an error", async (line) => {
    await expect(messagesOf([`${line}\n`])).rejects.toMatchObject({ code: "USAGE" });
  });

  it("cannot grow for ever", async () => {
    const endless = function* () {
      for (let megabyte = 0; megabyte < 64; megabyte += 1) yield "A".repeat(1024 * 1024);
    };
    await expect(messagesOf(endless())).rejects.toMatchObject({ code: "USAGE" });
  });

  it("cost what they are long, however many chunks they come in", async () => {
    const length = 15 * 1024 * 1024;
    const line = Buffer.from(`${JSON.stringify({ data: "A".repeat(length) })}\n`);
    const chunks = function* () {
      for (let at = 0; at < line.length; at += 1024) yield line.subarray(at, at + 1024);
    };
    const [message] = (await messagesOf(chunks())) as [{ data: string }];
    expect(message.data.length).toBe(length);
  }, 4_000);
});

describe("a recording", () => {
  it("goes in small pieces that are the same bytes again", async () => {
    const bytes = Uint8Array.from({ length: 200_000 }, (_, at) => at % 251);
    const pieces: { data: string }[] = [];
    await writeData(async (piece) => void pieces.push(piece), bytes.subarray(1));
    expect(pieces.length).toBeGreaterThan(3);
    expect(Buffer.concat(pieces.map(readData)).equals(bytes.subarray(1))).toBe(true);
  });

  it("is text: nothing else is taken for one", () => {
    expect(() => readData({ data: 5 } as unknown as { data: string })).toThrow();
  });
});
