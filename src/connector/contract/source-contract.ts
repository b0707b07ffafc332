import assert from "node:assert/strict";
import { SottoError } from "../../errors.ts";
import type { Connector, Intake } from "../../model/connector.ts";
import { openHandles, requireClosed } from "./handles.ts";
import type { ContractCase } from "./index.ts";
import { MemoryIntake } from "./memory-intake.ts";
import { recordingOf } from "./samples.ts";

type Source = Connector & { start(intake: Intake): Promise<void> };

/** What the contract needs to know of a connector that brings recordings, and of one origin for it, with nothing in it yet. */
export interface SourceBench {
  /** A connector on the one origin of this bench; called again, it is a new process after the first one ended. */
  open(): Promise<Source>;
  /**
   * Lets the origin offer a recording under an identity of its own. Resolves when it is offered; where the origin waits
   * for an answer (HTTP, SMTP), when it has one, and rejects if it was refused for good. After "later", or none, it
   * offers the same again under the same identity, as such an origin does, and as long as this bench is open.
   */
  offer(id: string, recording: Uint8Array): Promise<void>;
  /** The origin keeps what nobody takes: it can be offered while no connector runs. */
  keeps: boolean;
  /** By what the connector knows a recording again: what its origin calls it, or its bytes. */
  identity: "origin" | "content";
  /** Gives back what `open` and `offer` made. */
  close(): Promise<void>;
}

/** What a case works with: every connector that it opened is stopped at its end. */
interface Scene {
  bench: SourceBench;
  intake: MemoryIntake;
  /** Opens the connector and starts it on the intake. */
  start(): Promise<Source>;
  /** Offers a recording without waiting for an answer; what becomes of it is seen at the intake. */
  offer(id: string, recording: Uint8Array): void;
}

/**
 * What every connector promises that brings recordings. Each case has a bench of its own; a promise that is not kept may
 * show as a wait without end, so let the runner limit the time.
 */
export function sourceContract(makeBench: () => Promise<SourceBench>): ContractCase[] {
  return CASES.map(([promise, play]) => ({ promise, run: () => played(makeBench, play) }));
}

async function played(makeBench: () => Promise<SourceBench>, play: Play): Promise<void> {
  const bench = await makeBench();
  const intake = new MemoryIntake();
  const opened: Source[] = [];
  const start = async (): Promise<Source> => {
    const source = await bench.open();
    opened.push(source);
    await source.start(intake);
    return source;
  };
  const offers: Promise<void>[] = [];
  const offer = (id: string, recording: Uint8Array): void => {
    // whether it is refused is told by the case, at the intake
    offers.push(bench.offer(id, recording).catch(() => undefined));
  };
  try {
    await play({ bench, intake, start, offer });
  } finally {
    for (const source of opened) await source.stop?.();
    await bench.close();
  }
  await Promise.all(offers);
}

type Play = (scene: Scene) => Promise<void>;

const CASES: [promise: string, play: Play][] = [
  ["a recording is taken whole and once, under an identity", takenOnce],
  ["several at once are all taken, and do not mix", takenSideBySide],
  ["what was offered while it was down is taken when it starts", takenLater],
  ["what was taken is not taken again after a restart", notTakenAgain],
  ["what was taken without our hearing of it comes again under the same identity", sameIdentityAgain],
  ["after a refusal that passes it is offered again, and nothing is lost", againAfterPassing],
  ["what was refused for a while is still there after a restart", againAfterRestart],
  ["what can never be taken is not offered without end, and stops nobody else", goesOnAfterRefusal],
  ["a recording that is not read to its end stops nobody else", goesOnUnread],
  ["the same bytes under another identity are another recording", sameBytes],
  ["what is being taken when it stops is taken once", stoppedWhileTaking],
  ["it can be stopped twice, and before it was started", stoppedTwice],
  ["when it was stopped, nothing is left open", nothingOpen],
];

async function takenOnce({ bench, intake, start }: Scene): Promise<void> {
  await start();
  const recordings = [recordingOf(), recordingOf(150_000)];
  for (const [index, recording] of recordings.entries()) {
    await Promise.all([bench.offer(`once-${index}`, recording), intake.count(index + 1)]);
  }
  requireTaken(intake, recordings);
  assert.ok(
    intake.taken.every(({ id }) => typeof id === "string" && id !== ""),
    "a recording came without an id",
  );
  assert.equal(new Set(intake.taken.map(({ id }) => id)).size, recordings.length, "two share an id");
}

async function takenSideBySide({ bench, intake, start }: Scene): Promise<void> {
  await start();
  const recordings = Array.from({ length: 6 }, (_, index) => recordingOf(500 + 20_000 * (index % 2)));
  const offers = recordings.map((recording, index) => bench.offer(`beside-${index}`, recording));
  await Promise.all([...offers, intake.count(recordings.length)]);
  requireTaken(intake, recordings);
}

async function takenLater({ bench, intake, start }: Scene): Promise<void> {
  if (!bench.keeps) return;
  const recordings = [recordingOf(), recordingOf()];
  await bench.offer("before", recordings[0]!);
  await (await start()).stop?.();
  await bench.offer("between", recordings[1]!);
  await start();
  await intake.count(2);
  requireTaken(intake, recordings);
}

async function notTakenAgain({ bench, intake, start }: Scene): Promise<void> {
  const recordings = [recordingOf(), recordingOf()];
  for (const [index, recording] of recordings.entries()) {
    const source = await start();
    await Promise.all([bench.offer(`restart-${index}`, recording), intake.count(index + 1)]);
    await source.stop?.();
  }
  await (await start()).stop?.();
  requireTaken(intake, recordings);
}

async function sameIdentityAgain({ intake, start, offer }: Scene): Promise<void> {
  const [lost, next] = [recordingOf(), recordingOf()];
  const source = await start();
  intake.lostAnswer = new SottoError("STOPPED", "the process died before it could say so");
  offer("lost-answer", lost);
  await intake.count(1);
  await source.stop?.();
  intake.lostAnswer = undefined;
  await start();
  offer("after-it", next);
  await intake.count(2);
  requireTaken(intake, [lost, next]);
}

async function againAfterPassing({ intake, start, offer }: Scene): Promise<void> {
  const recordings = [recordingOf(), recordingOf()];
  await start();
  intake.refusal = full();
  recordings.forEach((recording, index) => {
    offer(`full-${index}`, recording);
  });
  await intake.until(() => intake.brought.length > 0);
  intake.refusal = undefined;
  await intake.count(2);
  requireTaken(intake, recordings);
}

async function againAfterRestart({ bench, intake, start, offer }: Scene): Promise<void> {
  if (!bench.keeps) return;
  const recording = recordingOf();
  const source = await start();
  intake.refusal = full();
  offer("full", recording);
  await intake.until(() => intake.brought.length > 0);
  await source.stop?.();
  intake.refusal = undefined;
  await start();
  await intake.count(1);
  requireTaken(intake, [recording]);
}

async function goesOnAfterRefusal({ intake, start, offer }: Scene): Promise<void> {
  const bad = recordingOf();
  const good = [recordingOf(), recordingOf(), recordingOf()];
  intake.refusal = ({ bytes }) => (Buffer.compare(bytes, bad) === 0 ? notAudio() : undefined);
  const source = await start();
  offer("bad", bad);
  await intake.until(() => intake.brought.length > 0);
  for (const [index, recording] of good.entries()) {
    offer(`good-${index}`, recording);
    await intake.count(index + 1);
  }
  await source.stop?.();
  requireTaken(intake, good);
  const times = intake.brought.filter(({ bytes }) => Buffer.compare(bytes, bad) === 0).length;
  assert.equal(times, 1, "a recording that was refused for good came again");
}

async function goesOnUnread({ intake, start, offer }: Scene): Promise<void> {
  await start();
  intake.refusalUnread = notAudio();
  offer("unread", recordingOf(500_000));
  await intake.until(() => intake.refusedUnread > 0);
  intake.refusalUnread = undefined;
  const next = recordingOf();
  offer("next", next);
  await intake.count(1);
  requireTaken(intake, [next]);
}

async function sameBytes({ bench, intake, start, offer }: Scene): Promise<void> {
  const [twice, last] = [recordingOf(), recordingOf()];
  const source = await start();
  offer("one", twice);
  await intake.count(1);
  offer("another", twice);
  if (bench.identity === "origin") await intake.count(2);
  offer("last", last);
  const expected = bench.identity === "origin" ? [twice, twice, last] : [twice, last];
  await intake.count(expected.length);
  await source.stop?.();
  requireTaken(intake, expected);
}

async function stoppedWhileTaking({ intake, start, offer }: Scene): Promise<void> {
  const [during, next] = [recordingOf(), recordingOf()];
  const held = Promise.withResolvers<void>();
  intake.held = held.promise;
  const source = await start();
  offer("during", during);
  await intake.until(() => intake.brought.length > 0);
  const stopped = source.stop?.();
  held.resolve();
  await stopped;
  intake.held = undefined;
  const takenBefore = intake.taken.length;
  await new Promise(setImmediate);
  assert.equal(intake.taken.length, takenBefore, "it went on taking after it had stopped");
  await start();
  offer("next", next);
  await intake.count(2);
  requireTaken(intake, [during, next]);
}

async function stoppedTwice({ bench, intake, start }: Scene): Promise<void> {
  await (await bench.open()).stop?.();
  const source = await start();
  const recording = recordingOf();
  await Promise.all([bench.offer("stopped", recording), intake.count(1)]);
  await Promise.all([source.stop?.(), source.stop?.()]);
  await source.stop?.();
  requireTaken(intake, [recording]);
}

async function nothingOpen({ bench, intake, start }: Scene): Promise<void> {
  // what is loaded or opened once for the whole process is not the connector's
  await (await start()).stop?.();
  const before = await openHandles();
  const source = await start();
  await Promise.all([bench.offer("open", recordingOf()), intake.count(1)]);
  await source.stop?.();
  await requireClosed(before);
}

/** Exactly these were taken, in any order. */
function requireTaken(intake: MemoryIntake, recordings: readonly Uint8Array[]): void {
  const sorted = (all: readonly Uint8Array[]): string[] =>
    all.map((bytes) => `${bytes.length} bytes ${Buffer.from(bytes).toString("base64").slice(56, 96)}`).sort();
  assert.deepEqual(sorted(intake.taken.map(({ bytes }) => bytes)), sorted(recordings));
  for (const { bytes } of intake.taken) {
    assert.ok(
      recordings.some((recording) => Buffer.compare(recording, bytes) === 0),
      "a recording was changed",
    );
  }
}

const full = (): SottoError => new SottoError("DISK_FULL", "the disk is full");
const notAudio = (): SottoError => new SottoError("AUDIO_NOT_AUDIO", "there is no sound in it");
