import { createReadStream } from "node:fs";
import { connectorType, type Intake, z } from "../../src/connector/own.ts";
import { Sotto } from "../../src/index.ts";
import type { Job } from "../../src/model/job.ts";
import { reportLoad } from "./report-load.ts";

// A service in this process, and a connector that hands a recording in again and again: what it delivers, counted from
// the hand-over until the event has its ID.

const { config, rooms, recording, count, inFlight } = JSON.parse(process.argv[2]!) as {
  config: string;
  rooms: string[];
  recording: string;
  count: number;
  inFlight: number;
};

const connected = Promise.withResolvers<Intake>();
const bench = connectorType({
  type: "bench",
  description: "Brings what the benchmark has.",
  settings: z.strictObject({ type: z.literal("bench") }),
  load: async () => () => ({ start: async (intake) => connected.resolve(intake) }),
});

await using sotto = await Sotto.open(config);
const ends = new Map<number, PromiseWithResolvers<Job>>();
const end = (jobId: number): PromiseWithResolvers<Job> => {
  const known = ends.get(jobId) ?? Promise.withResolvers<Job>();
  ends.set(jobId, known);
  return known;
};
sotto.account.onJob({ ended: (job) => end(job.jobId).resolve(job) });
await sotto.run({ connectorTypes: [bench] });
const intake = await connected.promise;

let brought = 0;
await reportLoad(count, inFlight, async () => {
  const number = brought++;
  const { jobs } = await intake.take({
    id: `${process.pid}-${Date.now()}-${number}`,
    source: { stream: createReadStream(recording) },
    room: rooms[number % rooms.length]!,
  });
  const { eventId } = await end(jobs[0]!).promise;
  ends.delete(jobs[0]!);
  if (eventId === undefined) throw new Error("a message was given up");
});
