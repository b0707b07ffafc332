import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { pseudoRandom } from "../audio/by-hand.ts";
import { audit, expected } from "../support/audit.ts";
import { type ChaosRule, startChaosProxy } from "../support/chaos-proxy.ts";
import { anyKillPoint, FIRST_CONTACT, nameOf, watchFor } from "../support/kill-points.ts";
import { listRecordings } from "../support/list.ts";
import { ListService } from "../support/list-service.ts";
import type { RunningSotto } from "../support/sotto.ts";
import { openWorld } from "../support/world.ts";

// kill -9 at every edge of the outbox, over a network that does whatever networks do: every recording that was brought
// arrives, once, in order, and can be decrypted.

/** `SOTTO_FAULTS=messages,rooms,kills,faults,seed`; a sample unless told. */
const [messages, rooms, kills, faults, seed] = (process.env.SOTTO_FAULTS ?? "40,4,12,80,1")
  .split(",")
  .map(Number) as [number, number, number, number, number];

const RULES: ChaosRule[] = [
  // long polls that are cut off tell little; what they bring is brought again
  { matches: /^GET .*\/sync\?/, probability: 0.25 },
  { matches: /./, probability: 0.4 },
];
/** Whoever waits for a lost room's rest to be over is not killed before it. */
const LIFE_MS = 20_000;
/** A life may end without having come to where it was to be killed: that does not count, and happens seldom. */
const MOST_LIVES = 1.5 * kills;

const { folder, newBot, newListener, synapse } = await openWorld();

it(
  `${messages} recordings for ${rooms} rooms, ${kills} kills, ${faults} faults of the network`,
  async () => {
    const random = seeded(seed);
    const proxy = await startChaosProxy(synapse.baseUrl, random);
    const [bot, listener] = await Promise.all([newBot(), newListener()]);
    const roomIds: string[] = [];
    for (let room = 0; room < rooms; room += 1) {
      const { roomId } = await listener.request("create_room", { invite: [bot.userId] });
      await synapse.request(
        "POST",
        `/_matrix/client/v3/join/${encodeURIComponent(roomId)}`,
        bot.accessToken,
        {},
      );
      roomIds.push(roomId);
    }
    // each session's first message has more requests, which may fail too
    bot.configure({ homeserver: proxy.baseUrl, rotation: { maxMessages: 7 } });
    const service = new ListService(bot, roomIds);
    const recordings = listRecordings(join(folder, "list"), messages, roomIds);
    // loaded while the one before it works, and not yet begun
    let loaded = service.load();
    const start = () => {
      const life = loaded;
      loaded = service.load();
      life.types("begin\n");
      return life;
    };

    proxy.follow(RULES);
    let released = 0;
    const release = (count: number) => {
      released = Math.min(Math.max(released, Math.ceil(count)), messages);
      service.release(recordings.slice(0, released));
    };
    /** One that has nothing left to do before its time has come gets one message more. */
    const untilKilled = async (life: RunningSotto, reached: Promise<unknown>): Promise<boolean> => {
      const isLate = delay(LIFE_MS, "late", { ref: false });
      for (;;) {
        const ends = [life.prints(`idle ${released}\n`).then(() => "idle"), life.ended.then(() => "ended")];
        const came = await Promise.race([reached.then(() => "killed"), isLate, ...ends]);
        if (came !== "idle" || released === messages) return came === "killed";
        release(released + 1);
        life.types("more\n");
      }
    };
    const killed: Record<string, number> = {};
    let late = 0;
    let endedByItself = 0;
    const count = () => Object.values(killed).reduce((sum, times) => sum + times, 0);
    for (let lives = 0; lives < MOST_LIVES && count() < kills; lives += 1) {
      // in step with the kills: there is something to lose until the last of them
      release((messages * (count() + 1)) / kills);
      const point = FIRST_CONTACT[lives] ?? anyKillPoint(random);
      using watched = watchFor(point, { proxy, data: bot.data });
      const life = start();
      const came = await untilKilled(life, watched.reached);
      const isKilled = await kill(life);
      if (!isKilled) endedByItself += 1;
      else if (!came) late += 1;
      else {
        killed[nameOf(point)] = (killed[nameOf(point)] ?? 0) + 1;
        if (count() % 50 === 0)
          report("so far", { count: count(), released, late, endedByItself, ...proxy.counts });
      }
    }
    release(messages);
    let last = start();
    while ((await Promise.race([last.prints("idle").then(() => "idle"), last.ended])) !== "idle")
      last = start();
    const memory = readFileSync(`/proc/${last.pid}/status`, "utf8").match(/VmHWM:.*|VmRSS:.*/g);
    const { code, stderr } = await last.end("SIGTERM");
    expect(code, stderr).toBe(0);
    const done = Object.values(proxy.counts).reduce((sum, times) => sum + times, 0);
    report("at the end", { count: count(), killed, late, endedByItself, done, memory, ...proxy.counts });
    await proxy.close();
    expect(count(), "kills").toBe(kills);
    expect(done, "faults of the network").toBeGreaterThanOrEqual(faults);

    const found = await audit({ bot, listener, synapse, recordings, folder });
    expect(found.heard).toEqual(expected(recordings));
    expect(found.unreadable).toEqual([]);
    expect(new Set(found.indices).size).toBe(found.indices.length);
    expect(found.indices).toHaveLength(messages);
    expect(found.left).toEqual([]);
    expect(found.states).toEqual({ sent: messages });
  },
  24 * 3_600_000,
);

const report = (when: string, counts: object): void => console.log(when, JSON.stringify({ seed, ...counts }));

/** Whether the signal is what ended it. */
async function kill(life: RunningSotto): Promise<boolean> {
  const { code } = await life.end("SIGKILL");
  return code === null;
}

function seeded(number: number): () => number {
  const next = pseudoRandom(number * 2_654_435_761);
  return () => next() / 2 ** 32;
}
