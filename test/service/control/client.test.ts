import { writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { callHolder, connectTo, NotTaken } from "../../../src/service/control/client.ts";
import { readMessages, writeMessage } from "../../../src/service/control/wire.ts";
import type { Call } from "../../../src/service/operations.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

type Said = Record<string, unknown>;
/** One end of a conversation with the command. */
interface Holder {
  socket: Socket;
  /** Everything but the recording. */
  heard(): Promise<Said>;
  says(message: Said): Promise<void>;
}

/** A holder that does what a test says, on a real socket. */
async function holder(act: (holder: Holder) => Promise<void>): Promise<Socket> {
  const path = join(temporaryDirectory(), "control.sock");
  const server = createServer(async (socket) => {
    socket.on("error", () => undefined);
    const messages = readMessages<Said>(socket);
    const heard = async (): Promise<Said> => {
      for (;;) {
        const { value = {} } = await messages.next();
        if (!("data" in value)) return value;
      }
    };
    await heard();
    const says = (message: Said) => writeMessage(socket, message as never);
    await says({ ack: true });
    await act({ socket, heard, says });
    socket.destroy();
  }).listen(path);
  onTestFinished(() => void server.close());
  return connectTo(path);
}

const sending = (more: Partial<Call> = {}): Call => ({
  operation: "send",
  args: {},
  source: { bytes: Buffer.from("recording") },
  signal: new AbortController().signal,
  emit: async () => undefined,
  ...more,
});

const recording = (): string => {
  const path = join(temporaryDirectory(), "voice.wav");
  writeFileSync(path, "recording");
  return path;
};

const WAIT_MS = 5_000;
const until = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const dies = async ({ socket, heard }: Holder) => {
  await heard(); // the end of the recording
  socket.destroy();
};

describe("the holder ends", () => {
  it("before it accepted a file: somebody else can be asked", async () => {
    const call = sending({ source: { path: recording() } });
    await expect(callHolder(await holder(dies), call, WAIT_MS)).rejects.toBeInstanceOf(NotTaken);
  });

  it("before it accepted a stream that it had begun: nothing was accepted, try again", async () => {
    const call = sending({ source: { stream: Readable.from([Buffer.from("recording")]) } });
    await expect(callHolder(await holder(dies), call, WAIT_MS)).rejects.toMatchObject({
      code: "STORE_HELD",
      message: expect.stringContaining("nothing was accepted"),
      cure: "try again",
    });
  });

  it("or leaves while a stream has given nothing: the stream is whole", async () => {
    for (const end of ["leaves", "dies"]) {
      const stream = new PassThrough();
      const socket = await holder(async ({ says }) => {
        if (end === "leaves") await says({ leaving: true });
      });
      await expect(callHolder(socket, sending({ source: { stream } }), WAIT_MS)).rejects.toBeInstanceOf(
        NotTaken,
      );
      stream.end("recording");
      expect(Buffer.concat(await stream.toArray()).toString()).toBe("recording");
    }
  });

  it("after it accepted: it is uncertain, and the message is completed by others", async () => {
    const socket = await holder(async ({ says, heard }) => {
      await heard();
      await says({ accepting: true });
      expect(await heard()).toEqual({ ok: true });
      await says({ accepted: true });
    });
    await expect(callHolder(socket, sending(), WAIT_MS)).rejects.toMatchObject({
      code: "SEND_UNCERTAIN",
      cure: expect.stringContaining("do not send it again"),
    });
  });

  it("while it accepts: only the room tells", async () => {
    const socket = await holder(async ({ says, heard }) => {
      await heard();
      await says({ accepting: true });
      await heard();
    });
    await expect(callHolder(socket, sending(), WAIT_MS)).rejects.toMatchObject({
      code: "SEND_UNCERTAIN",
      cure: expect.stringContaining("look into the room"),
    });
  });
});

describe("what fails on the command's side", () => {
  it("is thrown as itself: a recording that cannot be read", async () => {
    const socket = await holder(async ({ heard }) => void (await heard()));
    const call = sending({ source: { path: temporaryDirectory() } });
    await expect(callHolder(socket, call, WAIT_MS)).rejects.toMatchObject({ code: "AUDIO_UNREADABLE" });
  });

  it("is thrown as itself: a message that cannot be dealt with", async () => {
    const full = Object.assign(new Error("no space left"), { code: "ENOSPC" });
    const socket = await holder(async ({ says, heard }) => {
      await says({ emit: { kind: "withheld" } });
      await heard();
    });
    const emit = () => Promise.reject(full);
    await expect(callHolder(socket, sending({ operation: "receive", emit }), WAIT_MS)).rejects.toBe(full);
  });
});

describe("a command that is interrupted", () => {
  it("before its message is accepted takes it back", async () => {
    const [interrupt, reason] = [new AbortController(), new Error("interrupted")];
    const gone = Promise.withResolvers<void>();
    const socket = await holder(async ({ heard }) => {
      await heard();
      interrupt.abort(reason);
      expect(await heard().catch(() => ({}))).toEqual({});
      gone.resolve();
    });
    await expect(callHolder(socket, sending({ signal: interrupt.signal }), WAIT_MS)).rejects.toBe(reason);
    await gone.promise;
  });

  it("after that tells what became of it", async () => {
    const interrupt = new AbortController();
    const socket = await holder(async ({ says, heard }) => {
      await heard();
      await says({ accepting: true });
      await heard();
      await says({ accepted: true });
      await until(50);
      interrupt.abort();
      await until(50);
      await says({ result: { eventId: "$event" } });
    });
    const call = sending({ signal: interrupt.signal });
    expect(await callHolder(socket, call, WAIT_MS)).toEqual({ eventId: "$event" });
  });
});

describe("a received recording", () => {
  const receiving = (emit: Call["emit"]): Call => {
    const { source: _none, ...call } = sending({ operation: "receive", emit });
    return call;
  };
  const piece = (text: string): Said => ({ data: Buffer.from(text).toString("base64") });

  it("comes behind its message, piece by piece", async () => {
    const got: unknown[] = [];
    const socket = await holder(async ({ says, heard }) => {
      for (const text of ["first", "second"]) {
        await says({ emit: { kind: "voice", eventId: `$${text}` } });
        for (const half of [text.slice(0, 3), text.slice(3)]) await says(piece(half));
        await says({ end: true });
        expect(await heard()).toEqual({ ok: true });
      }
      await says({ result: {} });
    });
    const call = receiving(async (message) => {
      if (message.kind !== "voice") return;
      const { recording, ...rest } = message;
      got.push(rest, String(await buffer(recording)));
    });
    await callHolder(socket, call, WAIT_MS);
    const told = (eventId: string) => ({ kind: "voice", eventId });
    expect(got).toEqual([told("$first"), "first", told("$second"), "second"]);
  });

  it("that cannot be kept is the command's own trouble, and never an ok", async () => {
    const said = Promise.withResolvers<unknown>();
    const socket = await holder(async ({ says, heard }) => {
      await says({ emit: { kind: "voice" } });
      await says(piece("all"));
      await says({ end: true });
      said.resolve(await heard());
    });
    const full = new Error("no space");
    const call = receiving(async () => {
      throw full;
    });
    await expect(callHolder(socket, call, WAIT_MS)).rejects.toBe(full);
    expect(await said.promise).not.toEqual({ ok: true });
  });
});

describe("a question of the holder", () => {
  const asking = (ask: Call["ask"]): Call => {
    const { source: _, ...call } = sending({ operation: "verify" });
    return { ...call, ...(ask ? { ask } : {}) };
  };
  const question = { kind: "scanned", userId: "@alice:example.org" } as const;

  it("is answered under its own ID, while the holder may say other things", async () => {
    const emitted = Promise.withResolvers<void>();
    const answers: Said[] = [];
    const socket = await holder(async ({ says, heard }) => {
      await says({ ask: { id: 7, question } });
      await says({ emit: { kind: "verification", phase: "ready" } });
      answers.push(await heard(), await heard());
      await says({ result: "done" });
    });
    const call = asking(async (asked) => {
      await emitted.promise; // the person takes their time
      return asked.kind;
    });
    const result = callHolder(socket, { ...call, emit: async () => emitted.resolve() }, WAIT_MS);
    expect(await result).toBe("done");
    expect(answers).toContainEqual({ answer: { id: 7, text: "scanned" } });
  });

  it.each([
    ["taken back", { ask: { id: 1 } }],
    ["followed by another", { ask: { id: 2, question: { kind: "scan", userId: "@alice:example.org" } } }],
    ["overtaken by the end", { error: { code: "VERIFICATION_CANCELLED", message: "over", cure: "again" } }],
  ] as [string, Said][])("that is %s is withdrawn from the person", async (_how, next) => {
    const withdrawn = Promise.withResolvers<string>();
    const socket = await holder(async ({ says, heard }) => {
      await says({ ask: { id: 1, question } });
      await says(next);
      await withdrawn.promise;
      if ("question" in Object(next.ask)) await heard();
      await says({ result: "done" }).catch(() => undefined); // it has gone where this was the end
    });
    const call = asking((asked, signal) => {
      if (asked.kind === "scan") return Promise.resolve("code");
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          withdrawn.resolve(asked.kind);
          reject(signal.reason);
        });
      });
    });
    await callHolder(socket, call, WAIT_MS).catch((thrown) => {
      expect(thrown).toMatchObject({ code: "VERIFICATION_CANCELLED" });
    });
    expect(await withdrawn.promise).toBe("scanned");
  });

  it("that cannot be answered ends the call with its reason", async () => {
    const ended = Promise.withResolvers<Said>();
    const socket = await holder(async ({ says, heard }) => {
      await says({ ask: { id: 1, question } });
      ended.resolve(await heard());
    });
    const call = asking(() => Promise.reject(new Error("no code in the picture")));
    await expect(callHolder(socket, call, WAIT_MS)).rejects.toThrow("no code in the picture");
    expect(await ended.promise).toEqual({});
  });
});
