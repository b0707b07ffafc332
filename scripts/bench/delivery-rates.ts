import { statSync } from "node:fs";
import { CIPHERTEXT_CHARACTERS } from "./cold.ts";
import { configure } from "./configure.ts";
import { inRounds, ratio } from "./measure.ts";
import type { Load } from "./report-load.ts";
import type { Figure } from "./table.ts";
import { load } from "./worker.ts";
import type { Sender, World } from "./world.ts";

/** Messages a second of a service, from the recording that a connector brings to the event's ID. */
export async function deliveryRates(world: World, cli: string, isQuick: boolean): Promise<Figure[]> {
  const sender = await world.newSender(cli);
  const rooms: string[] = [];
  const figures: Figure[] = [];
  for (const inFlight of [1, 8, 32]) {
    while (rooms.length < inFlight) rooms.push(await world.newRoom(sender, 1));
    configure(sender, {
      connectors: { bench: { type: "bench" } },
      routes: rooms.map((to) => ({ from: "bench", to })),
    });
    const count = isQuick ? 2 * inFlight : 60 + 6 * inFlight;
    const loads = await inRounds(isQuick ? 1 : 3, {
      floor: bareRequests(world, sender, rooms, { count, inFlight }),
      sotto: load("delivery-worker.ts", {
        ...{ rooms, count, inFlight, config: sender.config, recording: world.recording },
      }),
    });
    const where = `${inFlight} in flight to ${inFlight === 1 ? "one room" : `${inFlight} rooms`}`;
    const compare = (name: string, unit: Figure["unit"], key: keyof Load): Figure => {
      const [values, floor] = [loads.sotto, loads.floor].map((all) => all.map((one) => one[key])) as [
        number[],
        number[],
      ];
      return { name: `${name}, ${where}`, unit, values, floor, ratio: ratio(values, floor) };
    };
    figures.push(
      compare("deliveries", "/s", "perSecond"),
      compare("one of them, p50", "ms", "p50Ms"),
      compare("one of them, p95", "ms", "p95Ms"),
      compare("client CPU a message", "ms", "cpuMs"),
      compare("resident memory", "MB", "rssMb"),
    );
  }
  return figures;
}

/** Bare uploads and PUTs of the same sizes, as many at once. */
export const bareRequests = (
  { synapse, recording }: World,
  { raw }: Sender,
  rooms: readonly string[],
  { count, inFlight }: { count: number; inFlight: number },
) =>
  load("warm-floor.ts", {
    ...{ rooms, count, inFlight, baseUrl: synapse.baseUrl, accessToken: raw.accessToken },
    ...{ uploadBytes: statSync(recording).size, ciphertext: CIPHERTEXT_CHARACTERS },
  });
