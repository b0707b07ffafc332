import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { Sotto } from "../../src/index.ts";
import type { NewJob } from "../../src/model/outbox-store.ts";

// Leaves messages in an outbox that wait for their turn, as a service does that was stopped: one recording for all of
// them. Nothing is sent.

const { config, rooms, recording, count } = JSON.parse(process.argv[2]!) as {
  config: string;
  rooms: string[];
  recording: string;
  count: number;
};
await using sotto = await Sotto.open(config);
const { recordings, jobs } = sotto.account.store;
const recordingId = await recordings.write(createReadStream(recording));
const waiting = Array.from({ length: count }, (_, number): NewJob => {
  const roomId = rooms[number % rooms.length]!;
  const txnId = randomUUID();
  return {
    txnId,
    roomId,
    recordingId,
    state: "accepted",
    source: "bench",
    contentJson: "{}",
    createdMs: Date.now(),
  };
});
jobs.insert(waiting);
