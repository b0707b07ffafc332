import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import path from "node:path";
import { type ColdRun, coldRun, inRounds, ratio } from "./measure.ts";
import type { Figure } from "./table.ts";
import type { Sender, World } from "./world.ts";

/** From the start of a process until it has printed the event's ID. */
export async function coldSends(
  world: World,
  sender: Sender,
  packed: string,
  rounds: number,
): Promise<Figure[]> {
  const checkout = path.join(import.meta.dirname, "../../src/cli.ts");
  const pair = await world.newRoom(sender, 1);
  const crowd = await world.newRoom(sender, 99);
  // a service has made its record when it started
  const record = `/_matrix/client/v3/user/${encodeURIComponent(sender.raw.userId)}/account_data/alt.sotto.floor`;
  const requests =
    ({ bare = false, isStart = true } = {}) =>
    () =>
      coldRun(process.execPath, [
        path.join(import.meta.dirname, "cold-floor.mjs"),
        JSON.stringify({
          ...{
            baseUrl: world.synapse.baseUrl,
            accessToken: sender.raw.accessToken,
            roomId: pair,
            filter: FILTER,
          },
          ...{ uploadBytes: statSync(world.recording).size, ciphertext: CIPHERTEXT_CHARACTERS, bare },
          tokenFile: path.join(world.folder, "floor-token"),
          ...(isStart ? { record } : {}),
        }),
      ]);
  const send = (cli: string, room: string, env = process.env) => {
    const args = [cli, "send", world.recording, "--room", room, "--config", sender.config];
    return () => coldRun(process.execPath, args, env);
  };
  // as scripts/sotto sets it
  const cached = { ...process.env, NODE_COMPILE_CACHE: path.join(world.folder, "compile-cache") };

  const contestants = {
    floor: requests(),
    bareFloor: requests({ bare: true }),
    packed: send(packed, pair),
    crowd: send(packed, crowd),
    checkout: send(checkout, pair, cached),
  };
  await inRounds(2, contestants); // the first shares the room key and fills the compile cache
  const alone = answered(await inRounds(rounds, contestants));

  const service = spawn(process.execPath, [packed, "run", "--config", sender.config], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  await once(service.stderr, "data");
  const beside = { floor: requests({ isStart: false }), held: send(packed, pair) };
  await inRounds(2, beside);
  const held = answered(await inRounds(rounds, beside));
  service.kill("SIGTERM");
  await once(service, "exit");

  const compare = (name: string, values: number[], floor: number[], atMost?: number): Figure => {
    return { name, unit: "ms", values, floor, ratio: ratio(values, floor), atMost };
  };
  return [
    compare("cold send, packed", alone.packed, alone.floor, 3),
    compare("the same, floor without undici", alone.packed, alone.bareFloor),
    compare("cold send, from a checkout", alone.checkout, alone.floor, 4.5),
    compare("cold send, `sotto run` holds the store", held.held, held.floor, 1.3),
    compare("cold send, 100 devices against 2 members", alone.crowd, alone.packed, 1.3),
  ];
}

function answered<K extends string>(runs: Record<K, ColdRun[]>): Record<K, number[]> {
  const times = Object.entries<ColdRun[]>(runs).map(([name, all]) => [
    name,
    all.map((run) => run.answeredMs),
  ]);
  return Object.fromEntries(times) as Record<K, number[]>;
}

/** What a voice message's `ciphertext` has, more or less. */
export const CIPHERTEXT_CHARACTERS = 1_600;

const NOTHING = { not_types: ["*"] };
/** As in src/matrix/sync.ts. */
const FILTER = JSON.stringify({
  presence: NOTHING,
  account_data: NOTHING,
  room: {
    ephemeral: NOTHING,
    account_data: NOTHING,
    state: { lazy_load_members: false, types: ["m.room.encryption", "m.room.member", "m.room.power_levels"] },
    timeline: { limit: 50 },
  },
});
