import { assertInternal, defineInterface } from "../webidl.ts";

/** https://html.spec.whatwg.org/multipage/common-dom-interfaces.html#domstringlist */
export class DOMStringList {
  readonly [index: number]: string;
  declare [Symbol.iterator]: () => ArrayIterator<string>;
  readonly #names: readonly string[];

  constructor(token?: symbol, names?: readonly string[]) {
    assertInternal(token);
    this.#names = names!;
    for (const [index, value] of names!.entries()) {
      Object.defineProperty(this, index, { value, enumerable: true, configurable: true });
    }
  }

  get length(): number {
    return this.#names.length;
  }

  item(index: number): string | null {
    return this.#names[index >>> 0] ?? null;
  }

  contains(name: string): boolean {
    return this.#names.includes(`${name}`);
  }
}

defineInterface(DOMStringList, { item: 1, contains: 1 });
Object.defineProperty(DOMStringList.prototype, Symbol.iterator, {
  value: Array.prototype.values,
  writable: true,
  configurable: true,
});
