import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadConfig } from "../../src/config/index.ts";
import { isPassing, type SottoError } from "../../src/errors.ts";
import { startService } from "../../src/service/run.ts";
import { Sotto } from "../../src/service/sotto.ts";
import { audit, expected } from "../support/audit.ts";
import { Bot } from "../support/bot.ts";
import { Hand } from "../support/hand.ts";
import { listRecordings } from "../support/list.ts";
import { openWorld } from "../support/world.ts";

// A disk that fills up at each stage of a message: what was taken is sent once there is space again, and what was not
// taken is still its origin's.

const { folder, newAccount, newListener, proxy, synapse } = await openWorld();
/** Not in the world's folder, which cannot go while something is mounted there. */
const disk = mkdtempSync(join(tmpdir(), "sotto-disk-"));
const PAGE_BYTES = 4096;
/** From one that takes nothing to one that takes a whole message. */
const FREE_PAGES = [0, 2, 4, 8, 12, 16, 24, 32, 40, 48, 64];

/** Why there can be no small disk here; undefined where there is one now. */
function mountDisk(): string | undefined {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m", "none", disk], { stdio: "pipe" });
    return undefined;
  } catch (thrown) {
    return `a tmpfs cannot be mounted: ${(thrown as Error).message}`;
  }
}

const missing = mountDisk();
if (missing) console.warn(`skipped: ${missing}`);
let bot: Bot;

beforeAll(async () => {
  if (missing) return;
  bot = new Bot(await newAccount(), disk);
  await bot.init({ homeserver: proxy.baseUrl });
});

afterAll(() => {
  if (!missing) execFileSync("umount", ["-l", disk]);
  rmdirSync(disk);
});

it.skipIf(missing)("keeps what was taken, and takes nothing that it cannot keep", async () => {
  const listener = await newListener();
  const { roomId } = await listener.request("create_room", { invite: [bot.userId] });
  bot.configure({ connectors: { hand: { type: "hand" } }, routes: [{ from: "hand", to: roomId }] });
  const recordings = listRecordings(join(folder, "list"), FREE_PAGES.length, [roomId]);
  const refused: string[] = [];
  for (const [index, { id, path }] of recordings.entries()) {
    const take = (hand: Hand) => hand.intake.take({ id, source: { bytes: readFileSync(path) } });
    const filler = join(disk, "filler");
    await serve(async (hand, { outbox }) => {
      writeFileSync(filler, Buffer.alloc((statfsSync(disk).bavail - FREE_PAGES[index]!) * PAGE_BYTES));
      const taken = await take(hand).catch((thrown: SottoError) => thrown);
      if (taken instanceof Error) {
        expect(isPassing(taken), taken.message).toBe(true);
        refused.push(taken.code);
      }
      await outbox.settled(); // as far as the space allows
    });
    rmSync(filler);
    // a sync that could not be noted has ended the service: its supervisor starts it again
    await serve(async (hand, { outbox, store }) => {
      await take(hand);
      await outbox.resume();
      expect(store.jobs.open()).toEqual([]);
    });
  }
  expect(refused).toContain("DISK_FULL");
  expect(refused.length).toBeLessThan(recordings.length);
  const found = await audit({ bot, listener, synapse, recordings, folder });
  expect(found).toMatchObject({ heard: expected(recordings), unreadable: [], left: [] });
  expect(new Set(found.indices).size).toBe(recordings.length);
});

async function serve(work: (hand: Hand, account: Sotto["account"]) => Promise<void>): Promise<void> {
  const hand = new Hand();
  const sotto = await Sotto.open(loadConfig(bot.config));
  const service = await startService(sotto.account, { connectorTypes: [hand.type] });
  service.ended.catch((thrown: SottoError) => expect(thrown.code).toBe("DISK_FULL"));
  await work(hand, sotto.account);
  await service[Symbol.asyncDispose]();
  await sotto.close();
}
