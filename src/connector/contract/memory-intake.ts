import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { SottoError } from "../../errors.ts";
import type { IncomingRecording, Intake, Taken, TakenJob } from "../../model/connector.ts";
import type { AudioSource } from "../../model/recording.ts";

/** What was brought, with the bytes of the recording. */
export type TakenRecording = Omit<IncomingRecording, "source"> & { bytes: Uint8Array };

/** An intake that keeps what it takes in memory, for a connector's tests. It can be told to refuse. */
export class MemoryIntake implements Intake {
  readonly taken: TakenRecording[] = [];
  /** Every recording that was read, taken or not, as often as it was brought. */
  readonly brought: TakenRecording[] = [];
  /** Thrown by every further `take` after the recording was read, or by those that it gives an error for. */
  refusal: SottoError | ((recording: TakenRecording) => SottoError | undefined) | undefined;
  /** Thrown by every further `take` before the recording was read to its end. */
  refusalUnread: SottoError | undefined;
  /** Thrown by every further `take` after the recording was taken: the connector never hears of it. */
  lostAnswer: SottoError | undefined;
  /** What every further `take` waits for, once the recording was read. */
  held: Promise<void> | undefined;
  /** How many recordings were refused before they were read. */
  refusedUnread = 0;
  readonly #waiting = new Set<() => void>();

  async knows(id: string): Promise<boolean> {
    return this.#jobOf(id) !== undefined;
  }

  async take({ source, ...recording }: IncomingRecording, signal?: AbortSignal): Promise<Taken> {
    const known = this.#jobOf(recording.id);
    if (known !== undefined) return { jobs: [known], isDuplicate: true };
    if (this.refusalUnread) return this.#refuseUnread(source, this.refusalUnread);
    const read = { ...recording, bytes: await bytesOf(source) };
    this.brought.push(read);
    this.#tell();
    if (this.held) await Promise.race([this.held, aborted(signal)]);
    if (signal?.aborted) throw new SottoError("STOPPED", "the connector takes it back");
    const refusal = typeof this.refusal === "function" ? this.refusal(read) : this.refusal;
    if (refusal) throw refusal;
    return this.#keep(read);
  }

  async isSame(id: string, source: AudioSource): Promise<boolean> {
    const bytes = await bytesOf(source);
    const known = this.taken.find((recording) => recording.id === id);
    return known === undefined || Buffer.compare(known.bytes, bytes) === 0;
  }

  async job(job: number): Promise<TakenJob | undefined> {
    const recording = this.taken[job - 1];
    return recording && { job, ...(recording.by !== undefined && { by: recording.by }), state: "accepted" };
  }

  /** Resolves when so many recordings were taken. */
  async count(wanted: number): Promise<void> {
    await this.until(() => this.taken.length >= wanted);
  }

  /** Resolves when something holds that a recording that is brought may change. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await this.#next();
  }

  #keep(recording: TakenRecording): Taken {
    // two at once may both have been unknown when they began
    const known = this.#jobOf(recording.id);
    if (known !== undefined) return { jobs: [known], isDuplicate: true };
    this.taken.push(recording);
    this.#tell();
    if (this.lostAnswer) throw this.lostAnswer;
    return { jobs: [this.taken.length], isDuplicate: false };
  }

  #refuseUnread(source: AudioSource, refusal: SottoError): never {
    if ("stream" in source) source.stream.destroy();
    this.refusedUnread += 1;
    this.#tell();
    throw refusal;
  }

  /** Resolves when the next recording has been read, taken or refused. */
  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
    });
  }

  #tell(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #jobOf(id: string): number | undefined {
    const index = this.taken.findIndex((recording) => recording.id === id);
    return index < 0 ? undefined : index + 1;
  }
}

async function bytesOf(source: AudioSource): Promise<Uint8Array> {
  if ("bytes" in source) return source.bytes;
  const stream: Readable = "path" in source ? createReadStream(source.path) : source.stream;
  return await buffer(stream);
}

const aborted = (signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    signal?.addEventListener("abort", () => resolve(), { once: true });
  });
