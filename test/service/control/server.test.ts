import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { controlSocketPath } from "../../../src/service/control/path.ts";
import { readMessages } from "../../../src/service/control/wire.ts";
import { Sotto } from "../../../src/service/sotto.ts";
import { configFor } from "../../support/config.ts";
import { type Script, scriptedHomeserver, sync } from "../../support/scripted-homeserver.ts";
import { MEGOLM, ROOM, state } from "../../support/store.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

const encrypted: Script = [["/sync", { json: sync([state("m.room.encryption", { algorithm: MEGOLM })]) }]];

/** A real holder, and commands that behave badly. */
async function openHolder() {
  const config = configFor((await scriptedHomeserver(encrypted)).url);
  const sotto = await Sotto.open(config);
  onTestFinished(() => sotto.close());
  const path = controlSocketPath(join(config, "../data"));
  return { sotto, command: (text: string) => command(path, text) };
}

async function command(path: string, text: string) {
  const socket: Socket = connect(path).on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  socket.write(text);
  const messages = readMessages<Record<string, unknown>>(socket);
  return { socket, hears: async () => (await messages.next()).value };
}

const call = (operation: string, hasSource = false): string =>
  `${JSON.stringify({ call: { operation, args: { room: ROOM }, hasSource } })}\n`;
const data = (bytes: Uint8Array): string =>
  `${JSON.stringify({ data: Buffer.from(bytes).toString("base64") })}\n`;
const wave = Buffer.concat([Buffer.from("RIFF....WAVEfmt "), Buffer.alloc(8000)]);

/** An ffmpeg that never reads its input. */
function idleFfmpeg(): void {
  const program = join(temporaryDirectory(), "ffmpeg");
  writeFileSync(program, "#!/bin/sh\nexec sleep 60\n");
  chmodSync(program, 0o755);
  vi.stubEnv("SOTTO_FFMPEG", program);
  vi.stubEnv("PATH", dirname(program)); // no shell would start in a sandbox
  onTestFinished(() => void vi.unstubAllEnvs());
}

describe("a command that talks nonsense", () => {
  it.each([
    ["at once", "garbage\n"],
    ["at once, as JSON", "5\n"],
    ["without a call", '{"ok":true}\n'],
  ])("%s is told so, and nobody else notices", async (_when, text) => {
    const holder = await openHolder();
    const bad = await holder.command(text);
    expect(await bad.hears()).toMatchObject({ error: { code: "USAGE" } });
    const good = await holder.command(call("nonsense"));
    expect(await good.hears()).toEqual({ ack: true });
    expect(await good.hears()).toMatchObject({ error: { code: "USAGE" } });
  });

  it.each([
    ["while it receives", call("receive"), "garbage\n"],
    ["while it sends", call("send", true), '{"data":5}\n'],
    ["by a second call", call("receive"), call("receive")],
  ])("%s is told so", async (_when, first, second) => {
    const holder = await openHolder();
    const bad = await holder.command(first);
    expect(await bad.hears()).toEqual({ ack: true });
    bad.socket.write(second);
    expect(await bad.hears()).toMatchObject({ error: { code: "USAGE" } });
  });
});

describe("a command that goes away", () => {
  it("before it has read that its call was taken does no harm", async () => {
    const holder = await openHolder();
    for (let times = 0; times < 20; times += 1) {
      const { socket } = await holder.command(call("send", true) + data(wave));
      setTimeout(() => socket.destroy(), times % 5);
      await once(socket, "close");
    }
    const good = await holder.command(call("nonsense"));
    expect(await good.hears()).toEqual({ ack: true });
  });
});

describe("a recording that comes faster than it is read", () => {
  it("stays with the command", async () => {
    idleFfmpeg();
    const holder = await openHolder();
    const { socket, hears } = await holder.command(call("send", true));
    await hears();
    for (let times = 0; times < 600; times += 1)
      socket.write(data(Buffer.concat([wave, Buffer.alloc(40_000)])));
    // a holder that took it all would be done long before, on a busy machine too
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(socket.writableLength).toBeGreaterThan(20_000_000);
    socket.destroy();
  });
});

describe("a holder that is closed", () => {
  it.each([
    ["has given nothing", ""],
    ["has stopped half-way", data(wave)],
  ])("gives a call back whose recording %s", async (_how, begun) => {
    idleFfmpeg();
    const { sotto, command } = await openHolder();
    const stalled = await command(call("send", true) + begun);
    expect(await stalled.hears()).toEqual({ ack: true });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const closed = sotto.close();
    expect(await stalled.hears()).toEqual({ leaving: true });
    stalled.socket.end();
    await closed;
  });

  it("waits for a command that neither reads nor answers, but not for ever", async () => {
    const { sotto, command } = await openHolder();
    const stalled = await command(call("nonsense"));
    expect(await stalled.hears()).toEqual({ ack: true });
    const other = await command(call("send", true));
    expect(await other.hears()).toEqual({ ack: true });
    let isClosed = false;
    const closed = sotto.close().then(() => {
      isClosed = true;
    });
    // the other goes, and nobody else is left to wait for
    expect(await other.hears()).toEqual({ leaving: true });
    other.socket.end();
    await once(other.socket, "close");
    expect(isClosed).toBe(false);
    await closed;
  }, 15_000);

  it("does not wait for who has not called", async () => {
    const { sotto, command } = await openHolder();
    await command("");
    await sotto.close();
  });
});
