import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, inject, it } from "vitest";
import { Synapse } from "../../synapse-dev/synapse.ts";
import { audit, expected } from "../support/audit.ts";
import { expire } from "../support/expire.ts";
import { listRecordings } from "../support/list.ts";
import { ListService } from "../support/list-service.ts";
import { errorOf, sotto } from "../support/sotto.ts";
import { openWorld } from "../support/world.ts";

// The homeserver is away for a minute, or does not know the login any more: what was taken waits, and is sent then.

const { folder, newConversation, proxy, synapse } = await openWorld();
const suite = inject("synapse");
/** The same, by someone who may end it. */
const homeserver = new Synapse(
  { ...suite, baseUrl: suite.directUrl },
  ["--json", "--dir", suite.dir, "--lift-rate-limits", "--config", join(suite.dir, "more.yaml")],
  () => Promise.reject(new Error("it ends with the suite")),
);
const OUTAGE_MS = 60_000;

async function ready(name: string, count: number) {
  const { bot, listener, roomId } = await newConversation();
  const path = `/_matrix/client/v3/join/${encodeURIComponent(roomId)}`;
  await synapse.request("POST", path, bot.accessToken, {});
  const service = new ListService(bot, [roomId]);
  const recordings = listRecordings(join(folder, name), count, [roomId]);
  const arrived = async () => {
    const found = await audit({ bot, listener, synapse, recordings, folder });
    expect(found).toMatchObject({ heard: expected(recordings), unreadable: [], left: [] });
    expect(new Set(found.indices).size).toBe(count);
    expect(found.states).toEqual({ sent: count });
  };
  return { bot, listener, service, recordings, arrived };
}

it("what is taken while the homeserver is away for a minute is sent when it is back", async () => {
  const { listener, service, recordings, arrived } = await ready("outage", 12);
  service.release(recordings.slice(0, 2));
  const before = service.start();
  await before.prints("idle");
  expect((await before.end("SIGTERM")).code).toBe(0);

  await homeserver.halt();
  service.release(recordings);
  const during = service.start();
  await during.prints("brought");
  await delay(OUTAGE_MS);
  await homeserver.restart();
  await during.prints("idle");
  expect((await during.end("SIGTERM")).code).toBe(0);
  await listener.restart(); // nio gives up after a while
  await arrived();
});

it("a restart of the homeserver in the middle of it loses nothing, and repeats nothing", async () => {
  const { listener, service, recordings, arrived } = await ready("restart", 40);
  service.release(recordings);
  const running = service.start();
  await proxy.arrival(({ path }) => path.includes("/send/m.room.encrypted/"));
  await homeserver.restart();
  await running.prints("idle");
  expect((await running.end("SIGTERM")).code).toBe(0);
  await listener.restart();
  await arrived();
});

it("what waits when the login has ended stays, and goes on after `sotto init`", async () => {
  const { bot, service, recordings, arrived } = await ready("login", 5);
  const { userId, password } = bot.account;
  // a token that Synapse has not seen in use can be made to expire behind its back
  const { accessToken } = await synapse.login(userId, password, bot.deviceId);
  writeFileSync(join(bot.data, "access-token"), accessToken);
  expire(accessToken);
  service.release(recordings);
  const refused = errorOf(await service.start().ended);
  expect(refused.code).toBe("TOKEN_REJECTED");

  const again = await sotto(
    bot.initArguments({ homeserver: proxy.baseUrl, recoveryKeyFile: bot.recoveryKeyFile }),
  );
  expect(again.code, again.stderr).toBe(0);
  const running = service.start();
  await running.prints("idle");
  expect((await running.end("SIGTERM")).code).toBe(0);
  await arrived();
});
