import { statSync } from "node:fs";
import { CIPHERTEXT_CHARACTERS } from "./cold.ts";
import { inRounds, ratio } from "./measure.ts";
import type { Load } from "./report-load.ts";
import type { Figure } from "./table.ts";
import { load } from "./worker.ts";
import type { Sender, World } from "./world.ts";

/** Messages in flight, and rooms that they go to. */
const LANES = 8;

/** Messages a second, processor time per message and memory of a process that stays. */
export async function warmSends(world: World, sender: Sender, rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const devices of [1, 99]) {
    const rooms: string[] = [];
    while (rooms.length < LANES) rooms.push(await world.newRoom(sender, devices));
    for (const [inFlight, into] of [
      [1, 1],
      [LANES, LANES],
      [LANES, 1],
    ] as const) {
      const count = inFlight === 1 ? 60 : 160;
      const common = { rooms: rooms.slice(0, into), count, inFlight };
      const loads = await inRounds(rounds, {
        floor: load("warm-floor.ts", {
          ...common,
          ...{ baseUrl: world.synapse.baseUrl, accessToken: sender.raw.accessToken },
          ...{ uploadBytes: statSync(world.recording).size, ciphertext: CIPHERTEXT_CHARACTERS },
        }),
        sotto: load("warm-sotto.ts", {
          ...common,
          config: sender.config,
          recording: world.recording,
          clip: true,
        }),
        encoding: load("warm-sotto.ts", {
          ...common,
          config: sender.config,
          recording: world.recording,
          clip: false,
        }),
      });
      const where = `${devices + 1} devices, ${inFlight} in flight${into < inFlight ? " to one room" : ""}`;
      // in one room each message waits for the one before, which the floor's do not
      const bar = into < inFlight ? {} : { atLeast: 0.9 };
      figures.push(
        compare(`warm sends, ${where}`, "/s", loads.sotto, loads.floor, "perSecond", bar),
        compare(`the same with the waveform drawn, ${where}`, "/s", loads.encoding, loads.floor, "perSecond"),
        compare(`client CPU a message, ${where}`, "ms", loads.sotto, loads.floor, "cpuMs", { atMost: 2 }),
        compare(`resident memory, ${where}`, "MB", loads.sotto, loads.floor, "rssMb"),
      );
    }
  }
  return figures;
}

function compare(
  name: string,
  unit: Figure["unit"],
  sotto: Load[],
  floor: Load[],
  key: keyof Load,
  bar: Pick<Figure, "atMost" | "atLeast"> = {},
): Figure {
  const [values, floors] = [sotto, floor].map((loads) => loads.map((load) => load[key])) as [
    number[],
    number[],
  ];
  return { name, unit, values, floor: floors, ratio: ratio(values, floors), ...bar };
}
