import { SottoError } from "../errors.ts";
import type { EventId, RoomId } from "../model/ids.ts";
import type { Meta } from "./meta.ts";

/**
 * Which use of a device's store is the latest: the number grows with each, the instance is drawn anew by each start.
 */
export interface Epoch {
  epoch: number;
  instance: string;
}

/** An event that claims to be of this device, under a session that this store has never had. */
export interface DoubtfulEvent {
  roomId: RoomId;
  eventId: EventId;
  sessionId: string;
}

/** What a store remembers of itself, so that an old copy of it, or a second one, is found out. */
export interface EpochStore {
  /** What the homeserver may hold of this store: what it last confirmed, and what it was about to be told. */
  known(): Epoch[];
  /** Durable when it returns: only then may the homeserver be told. */
  claim(epoch: Epoch): void;
  /** The homeserver holds it. */
  confirm(epoch: Epoch): void;
  /** Whether the homeserver has ever been seen to hold a number of this store. */
  wasConfirmed(): boolean;
  /** This store must never be used again; durable when it returns. */
  condemn(message: string): void;
  /** This store must not be used until a person has said that it is the newest; durable when it returns. */
  doubt(events: readonly DoubtfulEvent[]): void;
  doubts(): DoubtfulEvent[];
  /** A person has: these events are somebody else's, and their sessions are a reason for doubt no more. */
  dispelDoubts(): void;
  isForeign(sessionId: string): boolean;
  /** @throws SottoError `STORE_ROLLED_BACK` */
  requireNotCondemned(): void;
  /** @throws SottoError `STORE_ROLLED_BACK`, `STORE_IN_DOUBT` */
  requireSound(): void;
  /** Digest of the access token that the homeserver has said to be of this device. */
  checkedToken(): string | undefined;
  setCheckedToken(digest: string): void;
}

interface Kept {
  confirmed?: Epoch;
  claimed?: Epoch;
}

interface EpochMeta extends Meta {
  /** On the disk before anything that is written later. */
  writeSoon(name: string, value: string): void;
}

export function createEpochStore(meta: EpochMeta): EpochStore {
  const kept = (): Kept => JSON.parse(meta.read("epoch") ?? "{}") as Kept;
  const doubts = (): DoubtfulEvent[] => JSON.parse(meta.read("doubts") ?? "[]") as DoubtfulEvent[];
  const foreign = (): string[] => JSON.parse(meta.read("foreign sessions") ?? "[]") as string[];
  const requireNotCondemned = (): void => {
    const message = meta.read("condemned");
    if (message !== undefined) throw new SottoError("STORE_ROLLED_BACK", message);
  };
  return {
    known: () => Object.values(kept()),
    claim: (claimed) => meta.write("epoch", JSON.stringify({ ...kept(), claimed } satisfies Kept)),
    confirm: (confirmed) => meta.writeSoon("epoch", JSON.stringify({ ...kept(), confirmed } satisfies Kept)),
    wasConfirmed: () => kept().confirmed !== undefined,
    condemn: (message) => meta.write("condemned", message),
    doubt: (events) => meta.write("doubts", JSON.stringify([...doubts(), ...events])),
    doubts,
    dispelDoubts() {
      const sessions = new Set([...foreign(), ...doubts().map(({ sessionId }) => sessionId)]);
      // in this order: a kill in between leaves a doubt more, and none less
      meta.write("foreign sessions", JSON.stringify([...sessions]));
      meta.write("doubts", "[]");
    },
    isForeign: (sessionId) => foreign().includes(sessionId),
    requireNotCondemned,
    requireSound() {
      requireNotCondemned();
      const [first, ...more] = doubts();
      if (!first) return;
      const others = more.length > 0 ? ` (and ${more.length} more)` : "";
      throw new SottoError(
        "STORE_IN_DOUBT",
        `${first.eventId}${others} in ${first.roomId} claims to be of this device, and this store knows nothing of it`,
      );
    },
    checkedToken: () => meta.read("checked token"),
    setCheckedToken: (digest) => meta.write("checked token", digest),
  };
}
