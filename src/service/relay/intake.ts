import { type Hmac, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { addAbortSignal, Readable } from "node:stream";
import { sniffAudio } from "../../audio/index.ts";
import { SottoError, toSottoError } from "../../errors.ts";
import type { IncomingRecording, Intake, Taken, TakenJob } from "../../model/connector.ts";
import type { RoomId } from "../../model/ids.ts";
import type { NewJob } from "../../model/outbox-store.ts";
import type { AudioSource } from "../../model/recording.ts";
import { Serial } from "../../serial.ts";
import type { Account } from "../account.ts";
import type { Recipe } from "../prepare.ts";
import { announcement } from "./announcement.ts";
import type { Destinations } from "./destinations.ts";
import type { Route } from "./routes.ts";

export interface IntakeOptions {
  account: Account;
  destinations: Destinations;
  /** The connector's name in the config, or the room's ID. */
  source: string;
  /** Those that lead from it into rooms. */
  routes(): readonly Route[];
  /** What it brings comes out of another room, where it may be redacted meanwhile. */
  isRelay?: boolean;
}

/** The accept corridor: a recording is sealed on the disk, with a message for each of its routes, or refused. */
export function createIntake({
  account,
  destinations,
  source,
  routes,
  isRelay = false,
}: IntakeOptions): Intake {
  const { outbox, store } = account;
  const origins = new Serial();
  const originOf = (id: string): string => store.originOf(source, id);

  async function take(recording: IncomingRecording, signal?: AbortSignal): Promise<Taken> {
    const origin = originOf(recording.id);
    const known = store.jobs.jobsOf(origin);
    if (known) return { jobs: known, isDuplicate: true };
    waysOf(recording);
    const digest = store.digestOf(origin);
    const bytes = soundOf(recording, signal);
    const recordingId = await store.recordings.write(hashed(bytes, digest)).catch((thrown) => {
      throw toSottoError(thrown);
    });
    try {
      // nothing comes between this and the outbox: the redaction finds what was taken before it
      if (isRelay && !store.inbox.has(recording.by ?? "")) throw redacted();
      const jobs = await outbox.take(
        // once more: a room may have been replaced meanwhile
        waysOf(recording).flatMap(({ route, roomId }) => jobsFor(recording, { route, roomId, recordingId })),
        origin,
        digest.digest("base64url"),
      );
      const voices = jobs.filter(({ announces }) => announces === undefined);
      return { jobs: voices.map(({ jobId }) => jobId), isDuplicate: false };
    } catch (thrown) {
      await store.recordings.drop(recordingId);
      // another intake of the same source was faster
      const taken = store.jobs.jobsOf(origin);
      if (taken) return { jobs: taken, isDuplicate: true };
      throw thrown;
    }
  }

  /** Throws before anything is read; what is wrong with other rooms is nothing to one that was named. */
  function waysOf({ room }: IncomingRecording): { route: Route; roomId: RoomId }[] {
    const current = room && store.successors.current(room);
    const wanted = routes().filter(
      ({ to }) => room === undefined || to === room || destinations.knownRoomId(to) === current,
    );
    if (wanted.length > 0) return wanted.map((route) => ({ route, roomId: destinations.roomId(route.to) }));
    // one that is not looked up yet may be the one that is meant
    for (const { to } of routes()) if (destinations.isPending(to)) destinations.roomId(to);
    throw new SottoError("ROUTE_UNKNOWN", `no route leads from ${source} to ${room ?? "any room"}`);
  }

  function jobsFor(
    { about, raw, by, replaces }: IncomingRecording,
    { route, roomId, recordingId }: { route: Route; roomId: RoomId; recordingId: string },
  ): Omit<NewJob, "createdMs">[] {
    const { priority, audio, onMissed } = route;
    const common = { roomId, source: by === undefined ? source : `${source}/${by}`, priority };
    const earlier = replaces === undefined ? undefined : replaced(`${source}/${replaces}`, roomId);
    const txnId = randomUUID();
    const recipe: Recipe = {
      ...(raw && { raw }),
      ...(audio && { care: careOf(audio) }),
      // what takes the place of one message is one
      ...(audio?.split && !earlier && { split: true as const }),
      ...(isRelay && { isRelay }),
      ...(earlier && { replaces: earlier.jobId }),
    };
    const voice = {
      ...{ ...common, txnId, recordingId, state: "accepted" as const },
      contentJson: JSON.stringify(recipe),
      ...(onMissed === "resend" && { onMissed }),
    };
    const notice = route.announce && !earlier ? announcement(about) : undefined;
    if (!notice) return [voice];
    const announcing = {
      ...{ ...common, txnId: randomUUID(), announces: txnId, state: "uploaded" as const },
      contentJson: JSON.stringify(notice),
    };
    return [announcing, voice];
  }

  const replaced = (by: string, roomId: RoomId) =>
    store.jobs.ofSource(by).find((job) => job.roomId === roomId && job.announces === undefined);

  return {
    knows: async (id) => store.jobs.jobsOf(originOf(id)) !== undefined,

    // the same recording twice at once: the second hears what became of the first
    take: (recording, signal) => origins.run(originOf(recording.id), () => take(recording, signal)),

    async isSame(id, source) {
      const origin = originOf(id);
      const digest = store.digestOf(origin);
      for await (const bytes of bytesOf(source)) digest.update(bytes);
      const known = store.jobs.digestOf(origin);
      return known === undefined || known === digest.digest("base64url");
    },

    async job(jobId): Promise<TakenJob | undefined> {
      const job = store.jobs.get(jobId);
      const [origin, by] = job?.source?.split("/") ?? [];
      if (!job || origin !== source) return undefined;
      const { state, eventId, errorCode, errorMessage } = job;
      return {
        ...{ job: jobId, state },
        ...(by !== undefined && { by }),
        ...(eventId !== undefined && { eventId }),
        ...(errorCode !== undefined && { error: { code: errorCode, message: errorMessage ?? "" } }),
      };
    },
  };
}

const redacted = (): SottoError => new SottoError("STOPPED", "what was to be relayed is not there any more");

const careOf = ({ loudness, trimSilence, highPass }: NonNullable<Route["audio"]>): Recipe["care"] & {} => ({
  ...(loudness !== undefined && { loudnessLufs: loudness }),
  ...(trimSilence !== undefined && { trimSilence }),
  ...(highPass !== undefined && { highPassHz: highPass }),
});

/** The recording's bytes; fails at its beginning where it is of no kind that is known. */
async function* soundOf(
  { source, raw }: IncomingRecording,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const recording = bytesOf(source);
  if (signal) addAbortSignal(signal, recording);
  let isBegun = false;
  try {
    for await (const bytes of recording) {
      if (!isBegun && !raw && bytes.length >= ENOUGH_TO_KNOW && sniffAudio(bytes).extension === "bin")
        throw new SottoError("AUDIO_NOT_AUDIO", "this is no recording that Sotto knows");
      isBegun = true;
      yield bytes;
    }
  } catch (thrown) {
    if (signal?.aborted) throw toSottoError(signal.reason);
    const { code } = thrown as NodeJS.ErrnoException;
    // Node's own message holds the path
    if ("path" in source && code && !(thrown instanceof SottoError))
      throw new SottoError("AUDIO_UNREADABLE", "the recording cannot be read", { cause: code });
    throw toSottoError(thrown);
  }
}

async function* hashed(recording: AsyncIterable<Uint8Array>, hash: Hmac): AsyncGenerator<Uint8Array> {
  for await (const bytes of recording) {
    hash.update(bytes);
    yield bytes;
  }
}

/** A first piece that is shorter may only be the beginning of what tells the format. */
const ENOUGH_TO_KNOW = 512;

function bytesOf(source: AudioSource): Readable {
  if ("stream" in source) return source.stream;
  return "path" in source ? createReadStream(source.path) : Readable.from([source.bytes]);
}
