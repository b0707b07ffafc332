import path from "node:path";
import { configure } from "./configure.ts";
import { inRounds, ratio } from "./measure.ts";
import { RunningService } from "./running-service.ts";
import type { Figure } from "./table.ts";
import { worker } from "./worker.ts";
import type { Sender, World } from "./world.ts";

const ROOMS = 8;

interface Start {
  readyMs: number;
  firstSentMs: number;
  /** At most, up to the first send. */
  residentMb: number;
}

/** A service's start with thousands of messages that wait, beside its start with one. */
export async function restarts(world: World, cli: string, isQuick: boolean): Promise<Figure[]> {
  const count = isQuick ? 500 : 10_000;
  const [many, one] = [await restartable(world, cli), await restartable(world, cli)];
  await many.wait(count);
  const contestants = {
    many: many.start,
    one: async () => {
      await one.wait(1);
      return one.start();
    },
  };
  await inRounds(1, contestants); // the rooms' keys
  const starts = await inRounds(isQuick ? 1 : 5, contestants);
  const compare = (name: string, unit: Figure["unit"], of: (start: Start) => number): Figure => {
    const [values, floor] = [starts.many.map(of), starts.one.map(of)];
    return { name, unit, values, floor, ratio: ratio(values, floor) };
  };
  return [
    compare(`start of \`sotto run\` to ready, ${count} wait; floor is 1`, "ms", (start) => start.readyMs),
    compare("the same to the first send", "ms", (start) => start.firstSentMs),
    compare("resident memory until then, at most", "MB", (start) => start.residentMb),
  ];
}

/** An account with rooms; its service is stopped after the first message. */
async function restartable(world: World, cli: string) {
  const sender: Sender = await world.newSender(cli);
  const rooms: string[] = [];
  while (rooms.length < ROOMS) rooms.push(await world.newRoom(sender, 1));
  const listen = path.join(path.dirname(sender.config), "ready.sock");
  configure(sender, { listen });
  const { config } = sender;
  const { recording } = world;
  return {
    wait: (count: number) => worker("delivery-pending.ts", { config, rooms, recording, count }),
    async start(): Promise<Start> {
      await using service = new RunningService(cli, config, listen);
      const [readyMs, { firstSentMs, residentMb }] = await Promise.all([
        service.ready(),
        service.firstSent().then((ms) => ({ firstSentMs: ms, residentMb: service.resident().most })),
      ]);
      return { readyMs, firstSentMs, residentMb };
    },
  };
}
