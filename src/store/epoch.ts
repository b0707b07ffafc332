import { SottoError } from "../errors.ts";

/**
 * Which use of a device's store is the latest: the number grows with each, the instance is drawn anew by each start.
 */
export interface Epoch {
  epoch: number;
  instance: string;
}

/** What a store remembers of itself, so that an old copy of it, or a second one, is found out. */
export interface EpochStore {
  /** What the homeserver may hold of this store: what it last confirmed, and what it was about to be told. */
  known(): Epoch[];
  /** Durable when it returns: only then may the homeserver be told. */
  claim(epoch: Epoch): void;
  /** The homeserver holds it. */
  confirm(epoch: Epoch): void;
  /** This store must never be used again; durable when it returns. */
  condemn(message: string): void;
  /** @throws SottoError `STORE_ROLLED_BACK` if it was condemned */
  requireSound(): void;
  /** Digest of the access token that the homeserver has said to be of this device. */
  checkedToken(): string | undefined;
  setCheckedToken(digest: string): void;
}

interface Kept {
  confirmed?: Epoch;
  claimed?: Epoch;
}

export function createEpochStore(meta: {
  read(name: string): string | undefined;
  /** Durable when it returns. */
  write(name: string, value: string): void;
  /** On the disk before anything that is written later. */
  writeSoon(name: string, value: string): void;
}): EpochStore {
  const kept = (): Kept => JSON.parse(meta.read("epoch") ?? "{}") as Kept;
  return {
    known: () => Object.values(kept()),
    claim: (claimed) => meta.write("epoch", JSON.stringify({ ...kept(), claimed } satisfies Kept)),
    confirm: (confirmed) => meta.writeSoon("epoch", JSON.stringify({ ...kept(), confirmed } satisfies Kept)),
    condemn: (message) => meta.write("condemned", message),
    requireSound() {
      const message = meta.read("condemned");
      if (message !== undefined) throw new SottoError("STORE_ROLLED_BACK", message);
    },
    checkedToken: () => meta.read("checked token"),
    setCheckedToken: (digest) => meta.write("checked token", digest),
  };
}
