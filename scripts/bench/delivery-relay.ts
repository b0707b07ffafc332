import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { sendVoice } from "../../src/service/pipeline.ts";
import { Sotto } from "../../src/service/sotto.ts";
import { BareClient } from "./bare-client.ts";
import { CIPHERTEXT_CHARACTERS } from "./cold.ts";
import { configure } from "./configure.ts";
import { roomOf } from "./key-arrival.ts";
import { inRounds, percentile, ratio } from "./measure.ts";
import { readyClip } from "./ready-clip.ts";
import { RunningService } from "./running-service.ts";
import type { Figure } from "./table.ts";
import type { Sender, World } from "./world.ts";

const WARM_UP = 3;
const LONGEST_PAUSE_MS = 200;

/** From an event's arrival in one room to the ID of the event that `sotto run` makes of it in another one. */
export async function relays(world: World, cli: string, isQuick: boolean): Promise<Figure[]> {
  const count = isQuick ? 3 : 20;
  const contestants = {
    // of others: what they send would puzzle the service
    floor: await bareRelay(world, await world.newSender(cli), await world.newSender(cli), count),
    sotto: await sottoRelay(world, cli, count),
  };
  const rounds = await inRounds(isQuick ? 1 : 3, contestants);
  return [50, 95].map((percent) => {
    const [values, floor] = [rounds.sotto, rounds.floor].map((all) =>
      all.map((ms) => percentile(ms, percent)),
    ) as [number[], number[]];
    const name = `room to room, event in to event out, p${percent}`;
    return { name, unit: "ms", values, floor, ratio: ratio(values, floor) };
  });
}

/** What each contestant does in a round: how long each event took, in milliseconds. */
type Round = () => Promise<number[]>;

async function bareRelay(world: World, speaker: Sender, bot: Sender, count: number): Promise<Round> {
  const { baseUrl } = world.synapse;
  const from = await roomOf(world, speaker, bot);
  const to = await world.newRoom(bot, 1);
  const client = new BareClient(baseUrl, speaker.raw.accessToken);
  const contentUri = await client.upload(await readFile(world.recording));
  return async () => {
    const argument = JSON.stringify({
      ...{ baseUrl, from, to, contentUri, accessToken: bot.raw.accessToken },
      ...{ ciphertext: CIPHERTEXT_CHARACTERS, count: WARM_UP + count },
    });
    const relay = spawn(
      process.execPath,
      [path.join(import.meta.dirname, "delivery-relay-floor.ts"), argument],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const lines = createInterface({ input: relay.stdout })[Symbol.asyncIterator]();
    const line = async () => {
      if ((await lines.next()).done) throw new Error("the bare relay has ended");
    };
    await line();
    return measured(count, async () => {
      await client.putEvent(from, CIPHERTEXT_CHARACTERS);
      const inMs = Date.now();
      await line();
      return Date.now() - inMs;
    });
  };
}

async function sottoRelay(world: World, cli: string, count: number): Promise<Round> {
  const [speaker, bot] = [await world.newSender(cli), await world.newSender(cli)];
  const from = await roomOf(world, speaker, bot);
  const to = await world.newRoom(bot, 1);
  const listen = path.join(path.dirname(bot.config), "ready.sock");
  configure(bot, { listen, routes: [{ from, to }] });
  const clip = await readyClip(await readFile(world.recording));
  return async () => {
    await using service = new RunningService(cli, bot.config, listen);
    await using sotto = await Sotto.open(speaker.config);
    const { account } = sotto;
    const arrived = watchPuts(account);
    await service.ready();
    return await measured(count, async () => {
      const relayed = service.sent(from);
      await sendVoice(account, from, clip());
      return (await relayed).atMs - arrived();
    });
  };
}

async function measured(count: number, relayOne: () => Promise<number>): Promise<number[]> {
  const tookMs: number[] = [];
  while (tookMs.length < WARM_UP + count) {
    await pause(Math.random() * LONGEST_PAUSE_MS);
    tookMs.push(await relayOne());
  }
  return tookMs.slice(WARM_UP);
}

/** When the last event had its ID: its sender hears of it later. */
function watchPuts({ gate }: Sotto["account"]): () => number {
  const put = gate.putEncrypted.bind(gate);
  let arrivedMs = 0;
  gate.putEncrypted = async (...event) => {
    const eventId = await put(...event);
    arrivedMs = Date.now();
    return eventId;
  };
  return () => arrivedMs;
}
