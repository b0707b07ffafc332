import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { IncomingVoice } from "../../../src/service/control/incoming-voice.ts";
import type { Emitted } from "../../../src/service/operations.ts";

const voice = { kind: "voice", eventId: "$event" } as Extract<Emitted, { kind: "voice" }>;

/** A message whose recording the command deals with as the test says. */
const incoming = (deal: (recording: Readable) => Promise<void>): IncomingVoice =>
  new IncomingVoice(voice, (message) => deal((message as typeof voice).recording));

describe("a recording that comes", () => {
  it("comes no faster than it is read", async () => {
    const taking = Promise.withResolvers<void>();
    let read = 0;
    const message = incoming(async (recording) => {
      await taking.promise;
      read = (await buffer(recording)).length;
    });
    let pushed = 0;
    const pushing = (async () => {
      for (; pushed < 100; pushed++) await message.push(Buffer.alloc(48 * 1024));
    })();
    await new Promise(setImmediate);
    expect(pushed).toBeLessThan(5);
    taking.resolve();
    await pushing;
    await message.end();
    expect(read).toBe(100 * 48 * 1024);
  });

  it("need not be read by a command that has it already", async () => {
    const message = incoming(async (recording) => void recording.destroy());
    for (let piece = 0; piece < 50; piece++) await message.push(Buffer.alloc(48 * 1024));
    await message.end();
  });

  it("is dropped when the command has failed, which is told at its end", async () => {
    const message = incoming(() => Promise.reject(new Error("no space")));
    for (let piece = 0; piece < 50; piece++) await message.push(Buffer.alloc(48 * 1024));
    await expect(message.end()).rejects.toThrow("no space");
  });

  it("fails for whoever reads it when the holder goes away in its midst", async () => {
    let read: unknown;
    const message = incoming(async (recording) => {
      read = await buffer(recording).catch((error) => error);
    });
    await message.push(Buffer.from("half"));
    await message.cut();
    expect(read).toBeInstanceOf(Error);
  });
});
