// One audit's facts, collected by a process of its own, as `sotto audit` does that nobody serves.
import { collectFacts } from "../../src/service/audit/collect.ts";
import { Sotto } from "../../src/service/sotto.ts";

const { config } = JSON.parse(process.argv[2]!) as { config: string };
await using sotto = await Sotto.open(config);
const startMs = performance.now();
const { rooms, users } = await collectFacts(sotto.account);
const ms = performance.now() - startMs;
const unread = [
  ...rooms.flatMap(({ state, timeline, isListed }) => [state, timeline, isListed]),
  ...users.flatMap(({ identity, devices }) => [identity, devices]),
].filter((fact) => "unread" in fact).length;
const { maxRSS } = process.resourceUsage();
console.log(JSON.stringify({ ms, rssMb: maxRSS / 1024, unread, rooms: rooms.length, users: users.length }));
