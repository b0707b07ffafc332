// One audit's facts, collected by a process of its own, as `sotto audit` does that nobody serves.
import type { Facts } from "../../src/model/facts.ts";
import { perform } from "../../src/service/operations.ts";
import { Sotto } from "../../src/service/sotto.ts";

const { config } = JSON.parse(process.argv[2]!) as { config: string };
await using sotto = await Sotto.open(config);
const startMs = performance.now();
const { rooms, users } = (await perform(sotto.account, {
  operation: "audit-facts",
  args: {},
  shortLived: true,
  emit: async () => undefined,
  signal: new AbortController().signal,
})) as Facts;
const ms = performance.now() - startMs;
const unread = [
  ...rooms.flatMap(({ state, timeline, isListed }) => [state, timeline, isListed]),
  ...users.flatMap(({ identity, devices }) => [identity, devices]),
].filter((fact) => "unread" in fact).length;
const { maxRSS } = process.resourceUsage();
console.log(JSON.stringify({ ms, rssMb: maxRSS / 1024, unread, rooms: rooms.length, users: users.length }));
