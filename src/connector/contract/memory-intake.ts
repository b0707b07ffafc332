import { createReadStream } from "node:fs";
import { buffer } from "node:stream/consumers";
import type { SottoError } from "../../errors.ts";
import type { IncomingRecording, Intake, Taken, TakenJob } from "../../model/connector.ts";

/** What was taken, with the bytes of the recording. */
export type TakenRecording = Omit<IncomingRecording, "source"> & { bytes: Uint8Array };

/** An intake that keeps what it takes in memory, for a connector's tests. It can be told to refuse. */
export class MemoryIntake implements Intake {
  readonly taken: TakenRecording[] = [];
  /** Thrown by every further `take`, after the recording was read, until it is taken away. */
  refusal: SottoError | undefined;
  readonly #waiting = new Set<() => void>();

  async knows(id: string): Promise<boolean> {
    return this.#jobOf(id) !== undefined;
  }

  async take({ source, ...recording }: IncomingRecording): Promise<Taken> {
    const known = this.#jobOf(recording.id);
    if (known !== undefined) return { jobs: [known], isDuplicate: true };
    const bytes = "bytes" in source ? source.bytes : await read(source);
    this.#tell();
    if (this.refusal) throw this.refusal;
    this.taken.push({ ...recording, bytes });
    this.#tell();
    return { jobs: [this.taken.length], isDuplicate: false };
  }

  async job(job: number): Promise<TakenJob | undefined> {
    const recording = this.taken[job - 1];
    return recording && { job, id: recording.id, state: "accepted" };
  }

  /** Resolves when so many recordings were taken. */
  async count(wanted: number): Promise<void> {
    while (this.taken.length < wanted) await this.#next();
  }

  /** Resolves when the next recording has been read, taken or not. */
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

const read = async (source: { path: string } | { stream: NodeJS.ReadableStream }): Promise<Uint8Array> =>
  await buffer("path" in source ? createReadStream(source.path) : source.stream);
