import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { addAbortSignal } from "node:stream";
import { SottoError } from "../../errors.ts";
import type { Connector, ConnectorCheck, ConnectorContext, OutgoingVoice } from "../../model/connector.ts";
import { Serial } from "../../serial.ts";
import { createWholeFile, syncFolder } from "../../whole-file.ts";
import { deliveryError } from "../delivery-error.ts";
import { voiceName } from "../voice-name.ts";
import { FILES, Manifest } from "./manifest.ts";
import type { ArchiveSettings } from "./settings.ts";

export const makeArchive = (settings: ArchiveSettings, context: ConnectorContext): Archive =>
  new Archive(context.path(settings.path), context);

/** One line at a time is added to the list of one folder, whoever names it. */
const adding = new Serial();

/** Keeps voice messages: the file first, then its line, then the head. What a crash has left undone, the next delivery does. */
class Archive implements Connector {
  readonly #path: string;
  readonly #context: ConnectorContext;
  #manifest: Manifest | undefined;

  constructor(path: string, context: ConnectorContext) {
    this.#path = path;
    this.#context = context;
  }

  async deliver(voice: OutgoingVoice, signal: AbortSignal): Promise<void> {
    try {
      await this.#add(voice, signal);
    } catch (error) {
      throw deliveryError(error, signal);
    }
  }

  async #add(voice: OutgoingVoice, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if ((await this.#current()).has(voice.eventId)) return;
    const kept = await this.#keep(voice, signal);
    await adding.run(this.#path, async () => {
      const manifest = await this.#opened();
      if (manifest.has(voice.eventId)) return;
      try {
        await manifest.append({
          eventId: voice.eventId,
          roomId: voice.roomId,
          sender: voice.sender,
          senderDeviceId: voice.senderDeviceId ?? null,
          trust: voice.trust,
          sentMs: Number.isFinite(voice.sentMs) ? voice.sentMs : null,
          archivedMs: Date.now(),
          durationMs: voice.durationMs ?? null,
          mimetype: voice.mimetype,
          ...kept,
        });
      } catch (error) {
        // how far it came is seen when it is read again
        this.#manifest = undefined;
        throw error;
      }
    });
  }

  async check(): Promise<ConnectorCheck[]> {
    try {
      const { entries } = await this.#current();
      return [
        { ok: true, message: `${this.#path} keeps ${entries} voice messages, and their list is whole` },
      ];
    } catch (error) {
      const cure = error instanceof SottoError ? error.cure : CURE;
      return [{ ok: false, message: `${this.#path} cannot be used: ${(error as Error).message}`, cure }];
    }
  }

  #current(): Promise<Manifest> {
    return adding.run(this.#path, () => this.#opened());
  }

  /** To be called by one at a time. */
  async #opened(): Promise<Manifest> {
    if (this.#manifest && (await this.#manifest.isCurrent())) return this.#manifest;
    const { name, signer, logger } = this.#context;
    this.#manifest = await Manifest.open(this.#path, name, signer, (bytes) =>
      logger.warn("the last line of the archive was torn, and is kept aside", { bytes, file: FILES.torn }),
    );
    return this.#manifest;
  }

  async #keep(
    voice: OutgoingVoice,
    signal: AbortSignal,
  ): Promise<{ file: string; size: number; sha256: string }> {
    const folder = join(this.#path, FILES.recordings);
    const isNew = await mkdir(folder, { mode: 0o700 }).then(
      () => true,
      (error) => (error.code === "EEXIST" ? false : Promise.reject(error)),
    );
    if (isNew) await syncFolder(this.#path);
    const name = `${voiceName(voice)}.${voice.extension}`;
    const hash = createHash("sha256");
    let size = 0;
    await using whole = await createWholeFile(join(folder, name));
    for await (const chunk of addAbortSignal(signal, voice.stream()) as AsyncIterable<Buffer>) {
      await whole.file.writeFile(chunk);
      hash.update(chunk);
      size += chunk.length;
    }
    signal.throwIfAborted();
    await whole.finish();
    return { file: `${FILES.recordings}/${name}`, size, sha256: hash.digest("hex") };
  }
}

const CURE = "make the folder, and let the user that Sotto runs as write to it";
