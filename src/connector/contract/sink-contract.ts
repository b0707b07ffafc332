import assert from "node:assert/strict";
import { isPassing, SottoError } from "../../errors.ts";
import type { Connector, OutgoingVoice } from "../../model/connector.ts";
import type { EventId } from "../../model/ids.ts";
import { openHandles, requireClosed } from "./handles.ts";
import type { ContractCase } from "./index.ts";
import { broken, recordingOf, stalled, voiceOf } from "./samples.ts";

type Sink = Connector & Required<Pick<Connector, "deliver">>;

/** A voice message as the other end has it. */
export interface Arrived {
  eventId: EventId;
  bytes: Uint8Array;
}

/** What the contract needs to know of a connector that takes voice messages, and of one other end, empty yet. */
export interface SinkBench {
  /** A connector to the one other end of this bench; called again, it is a new process after the first one ended. */
  open(): Promise<Sink>;
  /** Everything that lies at the other end, in any order; what is not whole counts too. */
  arrived(): Promise<Arrived[]>;
  /** The other end can know a message again by its event ID, and has it once then. */
  knowsEvents: boolean;
  /** Gives back what `open` made, and the other end. */
  close(): Promise<void>;
}

interface Scene {
  bench: SinkBench;
  sink: Sink;
  /** Ends the connector, and opens the next one. */
  reopen(): Promise<Sink>;
}

/** What every connector promises that takes voice messages. Each case has a bench of its own. */
export function sinkContract(makeBench: () => Promise<SinkBench>): ContractCase[] {
  return CASES.map(([promise, play]) => ({ promise, run: () => played(makeBench, play) }));
}

async function played(makeBench: () => Promise<SinkBench>, play: Play): Promise<void> {
  const bench = await makeBench();
  let sink = await bench.open();
  const reopen = async (): Promise<Sink> => {
    await sink.stop?.();
    sink = await bench.open();
    return sink;
  };
  try {
    await play({ bench, sink, reopen });
  } finally {
    await sink.stop?.();
    await bench.close();
  }
}

type Play = (scene: Scene) => Promise<void>;

const CASES: [promise: string, play: Play][] = [
  ["each message arrives whole", whole],
  ["several at once do not mix", sideBySide],
  ["a message that comes again is there once", onceEach],
  ["a recording that breaks off leaves nothing, and can come again", nothingHalf],
  ["an abort ends it, and leaves nothing", aborts],
  ["what was aborted before it began is not begun", abortedBefore],
  ["it reads no further than it must, and leaves no recording open", closesStreams],
  ["it can be stopped twice", stoppedTwice],
  ["when it was stopped, nothing is left open", nothingOpen],
];

async function whole({ bench, sink }: Scene): Promise<void> {
  const voices = [1, 1_000, 150_000].map((samples) => sample(recordingOf(samples)));
  for (const { voice } of voices) await deliver(sink, voice);
  await requireArrived(bench, voices);
}

async function sideBySide({ bench, sink }: Scene): Promise<void> {
  const voices = Array.from({ length: 6 }, (_, index) => sample(recordingOf(500 + 20_000 * (index % 2))));
  await Promise.all(voices.map(({ voice }) => deliver(sink, voice)));
  await requireArrived(bench, voices);
}

async function onceEach({ bench, sink, reopen }: Scene): Promise<void> {
  const [again, other] = [sample(recordingOf()), sample(recordingOf())];
  await deliver(sink, again.voice);
  await deliver(sink, again.voice);
  const next = await reopen();
  await deliver(next, again.voice);
  await deliver(next, other.voice);
  const times = bench.knowsEvents ? 1 : 3;
  await requireArrived(bench, [...Array.from({ length: times }, () => again), other]);
}

async function nothingHalf({ bench, sink, reopen }: Scene): Promise<void> {
  const bytes = recordingOf(20_000);
  const { voice } = sample(bytes);
  const before = sample(recordingOf());
  await deliver(sink, before.voice);
  await assert.rejects(deliver(sink, { ...voice, stream: () => broken(bytes) }), isLater);
  await requireArrived(bench, [before]);
  await deliver(await reopen(), voice);
  await requireArrived(bench, [before, { voice, bytes }]);
}

async function aborts({ bench, sink, reopen }: Scene): Promise<void> {
  const bytes = recordingOf(20_000);
  const { voice } = sample(bytes);
  const aborter = new AbortController();
  const started = Promise.withResolvers<void>();
  const stream = () => stalled(bytes, started.resolve);
  const delivery = assert.rejects(deliver(sink, { ...voice, stream }, aborter.signal), isLater);
  await Promise.race([started.promise, delivery]);
  aborter.abort();
  await delivery;
  await requireArrived(bench, []);
  await deliver(await reopen(), voice);
  await requireArrived(bench, [{ voice, bytes }]);
}

async function abortedBefore({ bench, sink }: Scene): Promise<void> {
  const { voice } = sample(recordingOf());
  await assert.rejects(deliver(sink, voice, AbortSignal.abort()), isLater);
  await requireArrived(bench, []);
}

async function closesStreams({ sink }: Scene): Promise<void> {
  const streams: ReturnType<OutgoingVoice["stream"]>[] = [];
  const watched = (voice: OutgoingVoice): OutgoingVoice => ({
    ...voice,
    stream: () => {
      const stream = voice.stream();
      streams.push(stream);
      return stream;
    },
  });
  const bytes = recordingOf(20_000);
  const first = sample(bytes).voice;
  await deliver(sink, watched(first));
  await deliver(sink, watched(first));
  await assert.rejects(deliver(sink, watched({ ...sample(bytes).voice, stream: () => broken(bytes) })));
  assert.ok(
    streams.every(({ destroyed }) => destroyed),
    "a recording was left open",
  );
}

async function stoppedTwice({ sink }: Scene): Promise<void> {
  await sink.stop?.();
  await sink.stop?.();
}

async function nothingOpen({ reopen }: Scene): Promise<void> {
  const messages = async (to: Sink): Promise<void> => {
    const bytes = recordingOf(20_000);
    await deliver(to, sample(bytes).voice);
    await assert.rejects(deliver(to, { ...sample(bytes).voice, stream: () => broken(bytes) }));
    await to.stop?.();
  };
  // what is loaded or opened once for the whole process is not the connector's
  await messages(await reopen());
  const before = await openHandles();
  await messages(await reopen());
  await requireClosed(before);
}

/** Any other rejection says that the message can never be taken: it would be lost. */
function isLater(error: unknown): true {
  assert.ok(error instanceof SottoError, `not a SottoError: ${error}`);
  assert.ok(isPassing(error) || error.code === "CONNECTOR_FAILED", `${error.code} does not mean later`);
  return true;
}

interface Sample {
  voice: OutgoingVoice;
  bytes: Uint8Array;
}

const sample = (bytes: Uint8Array): Sample => ({ voice: voiceOf(bytes), bytes });

const deliver = (sink: Sink, voice: OutgoingVoice, signal = new AbortController().signal): Promise<void> =>
  sink.deliver(voice, signal);

async function requireArrived(bench: SinkBench, expected: readonly Sample[]): Promise<void> {
  const arrived = await bench.arrived();
  const found = arrived.map(({ eventId, bytes }) => ({
    eventId,
    bytes: Buffer.from(bytes).toString("base64"),
  }));
  const wanted = expected.map(({ voice, bytes }) => ({
    eventId: voice.eventId,
    bytes: Buffer.from(bytes).toString("base64"),
  }));
  const ids = (all: { eventId: EventId; bytes: string }[]): string[] =>
    all.map(({ eventId, bytes }) => `${eventId} of ${bytes.length}`).sort();
  assert.deepEqual(ids(found), ids(wanted));
  for (const { eventId, bytes } of found) {
    assert.ok(
      wanted.some((one) => one.eventId === eventId && one.bytes === bytes),
      "a recording was changed",
    );
  }
}
