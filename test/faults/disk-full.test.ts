import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
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
const disk = join(folder, "disk");
const PAGE_BYTES = 4096;
/** From one that takes nothing to one that takes a whole message. */
const FREE_PAGES = [0, 1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64];

/** Why there can be no small disk here; undefined where there is one now. */
function mountDisk(): string | undefined {
  mkdirSync(disk);
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
  return () => execFileSync("umount", ["-l", disk]);
});

it.skipIf(missing)("keeps what was taken, and takes nothing that it cannot keep", async () => {
  const listener = await newListener();
  const { roomId } = await listener.request("create_room", { invite: [bot.userId] });
  bot.configure({ connectors: { hand: { type: "hand" } }, routes: [{ from: "hand", to: roomId }] });
  const hand = new Hand();
  const recordings = listRecordings(join(folder, "list"), FREE_PAGES.length, [roomId]);
  const refused: string[] = [];
  {
    await using sotto = await Sotto.open(loadConfig(bot.config));
    await using service = await startService(sotto.account, { connectorTypes: [hand.type] });
    expect(service.relay).toBeDefined();
    const settled = () =>
      expect
        .poll(() => sotto.account.store.jobs.counts(), { timeout: 60_000 })
        .toEqual({ sent: expect.any(Number) });
    const filler = join(disk, "filler");
    for (const [index, { id, path }] of recordings.entries()) {
      const { bavail } = statfsSync(disk);
      writeFileSync(filler, Buffer.alloc((bavail - FREE_PAGES[index]!) * PAGE_BYTES));
      const take = () => hand.intake.take({ id, source: { bytes: readFileSync(path) } });
      const taken = await take().catch((thrown: SottoError) => thrown);
      if (taken instanceof Error) {
        expect(isPassing(taken), taken.message).toBe(true);
        refused.push(taken.code);
      } else {
        // as far as the space allows
        await sotto.account.outbox.settled();
      }
      rmSync(filler);
      await take();
      await sotto.account.outbox.resume();
      await settled();
    }
  }
  expect(refused).toContain("DISK_FULL");
  expect(refused.length).toBeLessThan(recordings.length);
  const found = await audit({ bot, listener, synapse, recordings, folder });
  expect(found).toMatchObject({ heard: expected(recordings), unreadable: [], left: [] });
  expect(new Set(found.indices).size).toBe(recordings.length);
});
