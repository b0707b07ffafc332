import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { sendVoice } from "../../src/service/pipeline.ts";
import { Sotto } from "../../src/service/sotto.ts";
import { keyArrivals } from "./key-arrival.ts";
import { median, ratio } from "./measure.ts";
import { readyClip } from "./ready-clip.ts";
import { shareInMemory } from "./share-floor.ts";
import type { Figure } from "./table.ts";
import type { World } from "./world.ts";

/** Messages of which each room gets so many, in turn. */
const MESSAGES = 5;

interface Round {
  share: { cpuMs: number; wallMs: number };
  /** The engine's part of the same share, in memory. */
  floorCpuMs: number;
  /** Of the last request of the share. */
  roundTripMs: number;
  preparedMs: number;
  crowdMs: number[];
  pairMs: number[];
  /** Key queries, claims and messages to devices while nothing changed. */
  keyRequests: number;
}

/** What a room of 200 devices costs: its first share, the message after a pre-warm, and each further message. */
export async function shares(world: World, cli: string, rounds: number): Promise<Figure[]> {
  await oneRound(world, cli); // the compiler's
  const all: Round[] = [];
  while (all.length < rounds) all.push(await oneRound(world, cli));
  const compare = (
    name: string,
    unit: Figure["unit"],
    values: number[],
    floor: number[],
    atMost?: number,
  ) => {
    return { name, unit, values, floor, ratio: ratio(values, floor), atMost };
  };
  const of = (read: (round: Round) => number) => all.map(read);
  const keyRequests = of((round) => round.keyRequests);
  return [
    compare(
      "CPU of the first share to 199 devices, engine in memory",
      "ms",
      of(({ share }) => share.cpuMs),
      of(({ floorCpuMs }) => floorCpuMs),
      1.15,
    ),
    compare(
      "wall of the same, that CPU and the last round trip",
      "ms",
      of(({ share }) => share.wallMs),
      of(({ floorCpuMs, roundTripMs }) => floorCpuMs + roundTripMs),
      1.2,
    ),
    compare(
      "a send after a pre-warm, the messages after it",
      "ms",
      of(({ preparedMs }) => preparedMs),
      of(({ crowdMs }) => median(crowdMs)),
      1.3,
    ),
    compare(
      "a message when nothing changed, 200 devices against 2",
      "ms",
      of(({ crowdMs }) => median(crowdMs)),
      of(({ pairMs }) => median(pairMs)),
    ),
    {
      name: `key requests for ${MESSAGES} messages when nothing changed`,
      ...{ unit: "", values: keyRequests, floor: [0], ratio: Math.max(...keyRequests), atMost: 0 },
    },
    await keyArrivals(world, cli, rounds),
  ];
}

/** A new account each time: whoever has an Olm session is not claimed for again. */
async function oneRound(world: World, cli: string): Promise<Round> {
  const sender = await world.newSender(cli);
  const pair = await world.newRoom(sender, 1);
  await using sotto = await Sotto.open(sender.config);
  const { account } = sotto;
  const clip = await readyClip(await readFile(world.recording));
  const send = (room: string) => timed(() => sendVoice(account, room, clip()));
  await send(pair);
  const crowd = await world.newRoom(sender, 199);
  const floorCpuMs = await shareInMemory(world.synapse, sender.raw, crowd);

  const requests = watchKeyRequests(account.transport);
  const cpu = process.cpuUsage();
  const wallMs = await timed(async () => {
    await account.sync.toLiveEnd(); // it learns of the room, and asks for its members' keys
    await account.encryptor.prepare(crowd);
  });
  const { user, system } = process.cpuUsage(cpu);
  const roundTripMs = requests.at(-1)!.ms;
  assert(requests.filter(({ path }) => path.includes("/keys/claim")).length > 0);

  const preparedMs = await send(crowd);
  const before = requests.length;
  const [crowdMs, pairMs]: [number[], number[]] = [[], []];
  while (crowdMs.length < MESSAGES) {
    crowdMs.push(await send(crowd));
    pairMs.push(await send(pair));
  }
  return {
    share: { cpuMs: (user + system) / 1000, wallMs },
    ...{ floorCpuMs, roundTripMs, preparedMs, crowdMs, pairMs, keyRequests: requests.length - before },
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

/** Key queries, claims and messages to devices, as they are answered. */
function watchKeyRequests(transport: Sotto["account"]["transport"]): { path: string; ms: number }[] {
  const requests: { path: string; ms: number }[] = [];
  const requestText = transport.requestText.bind(transport);
  transport.requestText = async (method, path, options) => {
    const startMs = performance.now();
    const answer = await requestText(method, path, options);
    if (/\/keys\/(query|claim)|\/sendToDevice\//.test(path))
      requests.push({ path, ms: performance.now() - startMs });
    return answer;
  };
  return requests;
}
