import type { SottoError } from "../../src/errors.ts";
import type { MegolmContent } from "../../src/model/event.ts";
import type { ContentRepository, RoomEncryptor, SendGate } from "../../src/model/ports.ts";
import { Outbox } from "../../src/outbox/index.ts";
import type { Store } from "../../src/store/index.ts";
import { MEGOLM } from "./store.ts";

export interface Put {
  roomId: string;
  txnId: string;
  eventJson: string;
}

/**
 * Fault injectors, not homeservers: they fail, or wait, exactly where a test says, which a real homeserver cannot be
 * made to do. That the real ones agree is shown by the end-to-end suite.
 */
export class FaultyGate implements SendGate {
  readonly puts: Put[] = [];
  /** What the next requests come to: an event ID unless something else is said. */
  readonly outcomes: (() => Promise<string> | string)[] = [];
  /** Called as the request leaves. */
  onPut: ((put: Put) => void) | undefined;

  async putEncrypted(roomId: string, txnId: string, eventJson: string): Promise<string> {
    const put = { roomId, txnId, eventJson };
    this.puts.push(put);
    this.onPut?.(put);
    const outcome = this.outcomes.shift();
    return outcome ? outcome() : `$event${this.puts.length}`;
  }
}

/** Gives every event another ciphertext, as the ratchet does. */
export class FaultyEncryptor implements RoomEncryptor {
  readonly encrypted: { roomId: string; eventType: string; content: Record<string, unknown> }[] = [];
  readonly outcomes: (() => Promise<void> | void)[] = [];

  async encrypt(roomId: string, eventType: string, content: Record<string, unknown>): Promise<MegolmContent> {
    this.encrypted.push({ roomId, eventType, content });
    await this.outcomes.shift()?.();
    return {
      algorithm: MEGOLM,
      ciphertext: `AwgA${this.encrypted.length}`,
      session_id: `session of ${roomId}`,
    };
  }
}

/** Keeps what was uploaded. */
export class FaultyContentRepository implements ContentRepository {
  readonly uploads: Buffer[] = [];
  readonly outcomes: (() => Promise<string> | string)[] = [];
  /** `m.upload.size` */
  limit: number | undefined;

  async upload(...[body, size]: Parameters<ContentRepository["upload"]>): Promise<string> {
    const outcome = this.outcomes.shift();
    if (outcome) return outcome();
    const bytes =
      body instanceof Uint8Array ? Buffer.from(body) : Buffer.concat(await Array.fromAsync(body()));
    if (bytes.length !== size) throw new Error(`${size} bytes were announced, ${bytes.length} came`);
    this.uploads.push(bytes);
    return `mxc://example.org/${this.uploads.length}`;
  }

  async maxUploadBytes(): Promise<number | undefined> {
    return this.limit;
  }

  async download(): Promise<never> {
    throw new Error("an outbox downloads nothing");
  }
}

/** An outbox on a real store, with a clock that stands still until it is moved. */
export function outboxOn(store: Store, at = { ms: 1_000_000 }) {
  const gate = new FaultyGate();
  const encryptor = new FaultyEncryptor();
  const unsent: SottoError[] = [];
  const onUnsent = (error: SottoError) => void unsent.push(error);
  const contentRepository = new FaultyContentRepository();
  const timeline: { roomId: string; ciphertext: string; eventId: string }[] = [];
  /** What the next encodings come to. */
  const preparing: (() => void)[] = [];
  const looking: { outcome: (() => never) | undefined } = { outcome: undefined };
  /** Rooms that are stopped, and the messages that go there all the same. */
  const stops = new Map<string, { error: SottoError; through: Set<string> }>();
  const outbox = new Outbox({
    ...{ store, contentRepository, gate, encryptor, onUnsent },
    // a recording is its own attachment
    async *prepare(job, recording) {
      yield {
        ciphertext: recording,
        async content() {
          preparing.shift()?.();
          return { ...JSON.parse(job.contentJson!), file: { v: "v2" } };
        },
      };
    },
    stopped({ roomId, txnId }) {
      const stop = stops.get(roomId);
      return stop?.through.has(txnId ?? "") ? undefined : stop?.error;
    },
    async findSent(roomId, { ciphertext }) {
      looking.outcome?.();
      return timeline.find((event) => event.roomId === roomId && event.ciphertext === ciphertext)?.eventId;
    },
    clock: () => at.ms,
    random: () => 1,
  });
  return {
    outbox,
    contentRepository,
    gate,
    encryptor,
    at,
    unsent,
    timeline,
    looking,
    preparing,
    stops,
    jobs: store.jobs,
  };
}

export const throwing = (error: unknown) => (): never => {
  throw error;
};
