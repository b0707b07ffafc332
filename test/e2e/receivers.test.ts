import { randomBytes } from "node:crypto";
import { watch } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { entriesOf } from "../support/archive.ts";
import type { Bot } from "../support/bot.ts";
import { jobsOf } from "../support/outbox.ts";
import { record } from "../support/recordings.ts";
import { sentBy } from "../support/room-events.ts";
import type { RunningSotto } from "../support/sotto.ts";
import { WebhookReceiver } from "../support/webhook-receiver.ts";
import { type Listener, openWorld } from "../support/world.ts";

// Several receivers of one room, of which one does not do its part.

const { folder, newConversation, synapse } = await openWorld();
const PATIENCE = { timeout: 30_000, interval: 50 };
let bot: Bot;
let listener: Listener;
let roomId: string;
let archive: string;

beforeEach(async () => {
  ({ bot, listener, roomId } = await newConversation());
  archive = await mkdtemp(join(folder, "archive-"));
});

async function say(): Promise<string> {
  const file = await record("what-several-hear.ogg", undefined, "-c:a", "libopus");
  return (await listener.request("send_voice", { roomId, file, durationMs: 1500 })).eventId;
}

async function relayTo(hook: WebhookReceiver, further: Record<string, string>[] = []): Promise<void> {
  const secretFile = join(await mkdtemp(join(folder, "hook-")), "secret");
  await writeFile(secretFile, `whsec_${randomBytes(32).toString("base64")}\n`, { mode: 0o600 });
  bot.configure({
    connectors: {
      hook: { type: "webhook", url: hook.url, secretFile },
      archive: { type: "archive", path: archive },
    },
    routes: [{ from: roomId, to: "hook" }, { from: roomId, to: "archive" }, ...further],
  });
}

const archived = async (): Promise<string[]> => (await entriesOf(archive)).map(({ eventId }) => eventId);
const heard = ({ received }: WebhookReceiver): unknown[] =>
  received.map(({ message }) => message.data.eventId);

describe("a webhook that never answers, beside an archive", () => {
  it("keeps nothing from the archive, and has each message once when it answers again, also after a kill", async () => {
    await using hook = await WebhookReceiver.open();
    hook.reply = () => undefined;
    await relayTo(hook);
    const service = bot.start(["run"]);
    await service.says('"message":"running"');
    const said = [await say(), await say(), await say()];
    await vi.waitFor(async () => expect(await archived()).toEqual(said), PATIENCE);
    expect(heard(hook)).toEqual(said.slice(0, 1));
    await service.end("SIGKILL");

    const next = bot.start(["run"]);
    await vi.waitFor(() => expect(hook.requests).toBe(2), PATIENCE);
    expect((await next.end("SIGTERM")).code).toBe(0);

    hook.reply = (_request, response) => response.writeHead(204).end();
    const last = bot.start(["run"]);
    await vi.waitFor(() => expect([...hook.kept.keys()]).toHaveLength(3), PATIENCE);
    expect(heard(hook)).toEqual([said[0], said[0], ...said]);
    expect((await last.end("SIGTERM")).code).toBe(0);
    expect(await archived()).toEqual(said);
  });
});

describe("a service that is killed again and again", () => {
  it("brings each message to a webhook, an archive and a room once, in order", async () => {
    await using hook = await WebhookReceiver.open();
    const { roomId: to } = await listener.request("create_room", { invite: [bot.userId] });
    await relayTo(hook, [{ from: roomId, to }]);
    const start = async (): Promise<RunningSotto> => {
      const service = bot.start(["run"]);
      await service.says('"message":"running"');
      return service;
    };
    const relayed = () => sentBy(synapse, to, listener.session.accessToken, bot.userId);
    // it must be in the room before somebody speaks
    expect((await (await start()).end("SIGTERM")).code).toBe(0);
    const said = [await say(), await say(), await say()];
    // right after an answer, which may not be noted, and after so many changes of the store
    for (const answersOrCommits of [1, 6, 14]) {
      let left = answersOrCommits;
      const reached = Promise.withResolvers<void>();
      const count = () => --left === 0 && reached.resolve();
      hook.reply = (_request, response) => {
        response.writeHead(204).end();
        if (answersOrCommits === 1) count();
      };
      const watcher = watch(bot.data, (_event, name) => {
        if (answersOrCommits > 1 && name === "sotto.sqlite-wal") count();
      });
      const service = bot.start(["run"]);
      await Promise.race([
        reached.promise,
        vi.waitFor(async () => expect(await relayed()).toHaveLength(3), PATIENCE),
      ]);
      await service.end("SIGKILL");
      watcher.close();
    }
    const last = await start();
    await vi.waitFor(async () => {
      expect(await archived()).toEqual(said);
      expect(await relayed()).toHaveLength(3);
      expect([...hook.kept.values()].map(({ message }) => message.data.eventId)).toEqual(said);
    }, PATIENCE);
    expect((await last.end("SIGTERM")).code).toBe(0);
    expect(jobsOf(bot).map(({ state }) => state)).toEqual(["sent", "sent", "sent"]);
    expect(await archived()).toEqual(said);
    expect(await relayed()).toHaveLength(3);
    // what comes again is one that was under way
    const repeats = heard(hook).filter((eventId, index, all) => eventId !== all[index - 1]);
    expect(repeats).toEqual(said);
  }, 240_000);
});
