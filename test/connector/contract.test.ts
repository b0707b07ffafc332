import { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  type Arrived,
  type ContractCase,
  type SinkBench,
  type SourceBench,
  sinkContract,
  sourceContract,
} from "../../src/connector/contract/index.ts";
import { isPassing, SottoError, toSottoError } from "../../src/errors.ts";
import type { Connector, Intake } from "../../src/model/connector.ts";

/** What a source may do wrong, and the promise that must find it. */
const SOURCE_SINS = {
  "takes the half": /whole and once/,
  "has no id": /whole and once/,
  "mixes them up": /do not mix/,
  "looks only at what is new": /when it starts/,
  "has a new identity each time": /same identity/,
  "forgets what was refused": /nothing is lost/,
  "repeats for ever": /without end/,
  "gives up after a refusal": /without end/,
  "chokes on what is unread": /not read to its end/,
  "knows by content": /another recording/,
  "goes on after stop": /when it stops/,
  "cannot be stopped twice": /stopped twice/,
  "leaves a timer": /left open/,
} as const;
type SourceSin = keyof typeof SOURCE_SINS;

/** An origin that keeps its recordings in memory, with a connector that keeps the contract but for its sin. */
async function pile(sin?: SourceSin): Promise<SourceBench> {
  const waiting = new Map<string, Uint8Array>();
  const timers: NodeJS.Timeout[] = [];
  let isOpen = true;
  const open = async () => {
    const stopping = new AbortController();
    let working = Promise.resolve();
    let stops = 0;
    const work = async (intake: Intake, seen: Set<string>): Promise<void> => {
      while (!stopping.signal.aborted && isOpen) {
        for (const [id, bytes] of waiting) {
          if (stopping.signal.aborted) break;
          if (seen.has(id)) continue;
          const half = sin === "takes the half" ? bytes.subarray(0, 100) : bytes;
          const other = sin === "mixes them up" && waiting.size > 1 ? Buffer.from(half).reverse() : half;
          const stream = Readable.from([other.subarray(0, 10), other.subarray(10)]);
          const identity = sin === "knows by content" ? Buffer.from(bytes).toString("hex", 44, 60) : id;
          const name =
            sin === "has no id"
              ? ""
              : sin === "has a new identity each time"
                ? `${id}${Math.random()}`
                : identity;
          try {
            await intake.take({ id: name, source: { stream } });
            waiting.delete(id);
          } catch (thrown) {
            const error = toSottoError(thrown);
            if (sin === "chokes on what is unread" && stream.destroyed && !stream.readableEnded) return;
            if (sin === "gives up after a refusal" && error.code === "AUDIO_NOT_AUDIO") return;
            if (sin === "forgets what was refused") waiting.delete(id);
            if (!isPassing(error) && sin !== "repeats for ever") waiting.delete(id);
          }
        }
        await setTimeout(2);
      }
    };
    return {
      async start(intake: Intake) {
        if (sin === "leaves a timer") timers.push(setInterval(() => undefined, 1_000));
        working = work(intake, new Set(sin === "looks only at what is new" ? waiting.keys() : []));
      },
      async stop() {
        stops += 1;
        if (sin === "cannot be stopped twice" && stops > 1) throw new Error("was stopped");
        stopping.abort();
        if (sin !== "goes on after stop") await working;
      },
    };
  };
  return {
    open,
    offer: async (id, recording) => {
      waiting.set(id, recording);
    },
    keeps: true,
    identity: "origin",
    close: async () => {
      isOpen = false;
      for (const timer of timers) clearInterval(timer);
    },
  };
}

const SINK_SINS = {
  "takes the half": /arrives whole/,
  "mixes them up": /do not mix/,
  "takes it again": /there once/,
  "keeps what is broken": /breaks off/,
  "hides what is broken": /breaks off/,
  "loses what is broken": /breaks off/,
  "does not hear of an abort": /an abort ends it/,
  "begins in spite of an abort": /aborted before/,
  "leaves the recording open": /no recording open/,
  "cannot be stopped twice": /stopped twice/,
  "leaves a timer": /left open/,
} as const;
type SinkSin = keyof typeof SINK_SINS;

async function shelf(sin?: SinkSin): Promise<SinkBench> {
  const arrived: Arrived[] = [];
  const timers: NodeJS.Timeout[] = [];
  const mixed: Uint8Array[] = [];
  const open = async (): Promise<Required<Pick<Connector, "deliver" | "stop">>> => {
    let stops = 0;
    if (sin === "leaves a timer") timers.push(setInterval(() => undefined, 1_000));
    return {
      async deliver({ eventId, stream }, signal) {
        if (sin !== "begins in spite of an abort" && signal.aborted) throw stopped();
        if (sin !== "takes it again" && arrived.some((one) => one.eventId === eventId)) {
          if (sin === "leaves the recording open") stream();
          return;
        }
        const recording = stream();
        const end = () => recording.destroy(new Error("aborted"));
        if (sin !== "does not hear of an abort") signal.addEventListener("abort", end);
        const chunks = sin === "mixes them up" ? mixed : [];
        try {
          for await (const chunk of recording) chunks.push(chunk);
        } catch (error) {
          if (sin === "keeps what is broken") arrived.push({ eventId, bytes: Buffer.concat(chunks) });
          if (sin === "hides what is broken") return;
          if (sin === "loses what is broken") throw error;
          throw stopped();
        }
        const bytes = Buffer.concat(chunks);
        arrived.push({ eventId, bytes: sin === "takes the half" ? bytes.subarray(0, 10) : bytes });
      },
      async stop() {
        stops += 1;
        if (sin === "cannot be stopped twice" && stops > 1) throw new Error("was stopped");
      },
    };
  };
  const close = async () => {
    for (const timer of timers) clearInterval(timer);
  };
  return { open, arrived: async () => arrived, knowsEvents: true, close };
}

const stopped = (): SottoError => new SottoError("STOPPED", "the delivery was ended");

describe("a source that keeps the contract", () => {
  it.each(sourceContract(() => pile()))("$promise", ({ run }) => run());
});

describe("a sink that keeps the contract", () => {
  it.each(sinkContract(() => shelf()))("$promise", ({ run }) => run());
});

describe("the contract finds a source that", () => {
  it.each(Object.entries(SOURCE_SINS))("%s", async (sin, promise) => {
    expect(
      await isKept(
        sourceContract(() => pile(sin as SourceSin)),
        promise,
      ),
    ).toBe(false);
  });
});

describe("the contract finds a sink that", () => {
  it.each(Object.entries(SINK_SINS))("%s", async (sin, promise) => {
    expect(
      await isKept(
        sinkContract(() => shelf(sin as SinkSin)),
        promise,
      ),
    ).toBe(false);
  });
});

/** A wait without end keeps no promise. */
async function isKept(cases: ContractCase[], promise: RegExp): Promise<boolean> {
  const [one, ...others] = cases.filter((each) => promise.test(each.promise));
  expect(others).toEqual([]);
  return Promise.race([one!.run().then(() => true), setTimeout(500, false, { ref: false })]).catch(
    () => false,
  );
}
