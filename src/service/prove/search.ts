import { type Fragment, MAX_WINDOW_TEXT, type Spelling, spellingsOf, WINDOW_BYTES } from "./encodings.ts";

const GRAM = 8;
/**
 * Whatever is long enough to tell holds eight bytes that begin at a multiple of this: only there the haystack is looked
 * at, and every eight bytes of the needles are known. That is what makes it fast.
 */
const STRIDE = WINDOW_BYTES - GRAM + 1;
/** What must be there on either side of the place that is looked at, to see a whole window. */
const CONTEXT = MAX_WINDOW_TEXT + GRAM;

const FILTER_BITS = 24;
const TABLE_BITS = 18;

/** What to look for, made ready. */
export class Needles {
  readonly #spellings: readonly Spelling[];
  /** Two bits for each hash: says "no" for nearly all that is not a needle. */
  readonly #filter = new Uint8Array(2 ** (FILTER_BITS - 3));
  readonly #heads = new Int32Array(2 ** TABLE_BITS).fill(-1);
  readonly #next: Int32Array;
  readonly #spellingOf: Int32Array;
  readonly #placeOf: Int32Array;

  constructor(fragments: readonly Fragment[]) {
    this.#spellings = fragments.flatMap(spellingsOf);
    const count = this.#spellings.reduce((sum, { text }) => sum + Math.max(0, text.length - GRAM + 1), 0);
    this.#next = new Int32Array(count);
    this.#spellingOf = new Int32Array(count);
    this.#placeOf = new Int32Array(count);
    let gram = 0;
    this.#spellings.forEach(({ text }, index) => {
      const view = viewOf(text);
      for (let at = 0; at + GRAM <= text.length; at += 1) {
        // no window consists of it, and a file may consist of nothing else
        if (isRun(text, at)) continue;
        const hash = hashOf(view, at);
        for (const bit of [hash >>> (32 - FILTER_BITS), secondBit(hash)])
          this.#filter[bit >>> 3]! |= 1 << (bit & 7);
        const head = hash >>> (32 - TABLE_BITS);
        this.#next[gram] = this.#heads[head]!;
        this.#heads[head] = gram;
        this.#spellingOf[gram] = index;
        this.#placeOf[gram] = at;
        gram += 1;
      }
    });
  }

  /**
   * Looks at every {@link STRIDE}th place of `bytes` from `from` up to `end`.
   * @param onFound told what was found, and of the end of it
   * @returns the place to go on at
   */
  look(
    bytes: Uint8Array,
    from: number,
    end: number,
    onFound: (spelling: Spelling, to: number) => void,
  ): number {
    const view = viewOf(bytes);
    const filter = this.#filter;
    const last = Math.min(end, bytes.length - GRAM + 1);
    let at = from;
    while (at < last) {
      const hash = hashOf(view, at);
      const bit = hash >>> (32 - FILTER_BITS);
      if ((filter[bit >>> 3]! & (1 << (bit & 7))) === 0) {
        at += STRIDE;
        continue;
      }
      const second = secondBit(hash);
      const isNeedle = (filter[second >>> 3]! & (1 << (second & 7))) !== 0;
      const found = isNeedle ? this.#find(bytes, at, hash) : undefined;
      if (found) onFound(found.spelling, found.to);
      at = Math.max(at + STRIDE, found?.to ?? 0);
    }
    return at;
  }

  #find(bytes: Uint8Array, at: number, hash: number): { spelling: Spelling; to: number } | undefined {
    for (let gram = this.#heads[hash >>> (32 - TABLE_BITS)]!; gram >= 0; gram = this.#next[gram]!) {
      const spelling = this.#spellings[this.#spellingOf[gram]!]!;
      const place = this.#placeOf[gram]!;
      const { text } = spelling;
      let left = 0;
      while (left < at && left < place && bytes[at - left - 1] === text[place - left - 1]) left += 1;
      let right = 0;
      while (bytes[at + right] === text[place + right] && place + right < text.length) right += 1;
      if (spelling.tells(place - left, place + right)) return { spelling, to: at + right };
    }
    return undefined;
  }
}

/** Looks through one stream of bytes, piece by piece; what lies across two pieces is found too. */
export class Search {
  readonly #needles: Needles;
  readonly #onFound: (spelling: Spelling) => void;
  #rest: Uint8Array = new Uint8Array();
  /** In `#rest`. */
  #at = 0;

  constructor(needles: Needles, onFound: (spelling: Spelling) => void) {
    this.#needles = needles;
    this.#onFound = onFound;
  }

  push(piece: Uint8Array): void {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    this.#look(bytes, bytes.length - CONTEXT);
    const kept = Math.max(0, Math.min(this.#at, bytes.length) - CONTEXT);
    // a copy: whoever gave the piece may use its memory again
    this.#rest = Uint8Array.prototype.slice.call(bytes, kept);
    this.#at -= kept;
  }

  end(): void {
    this.#look(this.#rest, this.#rest.length);
    this.#rest = new Uint8Array();
    this.#at = 0;
  }

  #look(bytes: Uint8Array, end: number): void {
    this.#at = this.#needles.look(bytes, this.#at, end, this.#onFound);
  }
}

const secondBit = (hash: number): number => Math.imul(hash, 0x297a2d39) >>> (32 - FILTER_BITS);

/** The same byte eight times. */
function isRun(text: Uint8Array, at: number): boolean {
  for (let next = at + 1; next < at + GRAM; next += 1) if (text[next] !== text[at]) return false;
  return true;
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function hashOf(view: DataView, at: number): number {
  const mixed =
    Math.imul(view.getInt32(at, true), 0x9e3779b1) ^ Math.imul(view.getInt32(at + 4, true), 0x85ebca77);
  return Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
}
