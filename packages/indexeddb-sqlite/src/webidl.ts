/** The few rules of https://webidl.spec.whatwg.org/ that the standard's interfaces lean on. */

/** Proof that a constructor was called by this package: the standard's interfaces cannot be constructed by scripts. */
export const INTERNAL = Symbol("indexeddb-sqlite");

export function assertInternal(token: symbol | undefined): void {
  if (token !== INTERNAL) throw new TypeError("Illegal constructor");
}

/** https://webidl.spec.whatwg.org/#EnforceRange */
function enforceRange(input: unknown, what: string, minimum: number, maximum: number): number {
  const number = Math.trunc(+(input as number)); // unlike Number(), unary plus refuses a BigInt
  if (!(number >= minimum && number <= maximum))
    throw new TypeError(`${what} must be from ${minimum} to ${maximum}`);
  return number + 0;
}

export function enforceUnsignedLong(input: unknown, what: string, minimum = 0): number {
  return enforceRange(input, what, minimum, 2 ** 32 - 1);
}

export function enforceUnsignedLongLong(input: unknown, what = "A version", minimum = 0): number {
  return enforceRange(input, what, minimum, 2 ** 53 - 1);
}

/** https://webidl.spec.whatwg.org/#es-enumeration */
export function toEnum<const T extends string>(input: unknown, allowed: readonly T[], what: string): T {
  const value = `${input}`;
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new TypeError(`${what}: '${value}' is not one of ${allowed.join(", ")}`);
  return found;
}

/** https://webidl.spec.whatwg.org/#es-dictionary */
export function toDictionary(input: unknown): Record<string, unknown> {
  if (input === undefined || input === null) return {};
  if (typeof input !== "object" && typeof input !== "function")
    throw new TypeError("The options must be an object");
  return input as Record<string, unknown>;
}

interface InterfaceClass {
  readonly name: string;
  readonly prototype: object;
}

/**
 * Gives a class the shape WebIDL asks for: members enumerable, a class string, and operations that
 * refuse a call with too few arguments and have the number of required ones as their `length`.
 */
export function defineInterface(
  target: InterfaceClass,
  required: Readonly<Record<string, number>> = {},
): void {
  const { prototype } = target;
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (name === "constructor") continue;
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name)!;
    if (typeof descriptor.value === "function") {
      descriptor.value = withArity(descriptor.value, `${target.name}.${name}`, arity(required, name));
    }
    Object.defineProperty(prototype, name, { ...descriptor, enumerable: true });
  }
  defineStatics(target, required);
  Object.defineProperty(target, "length", { value: arity(required, "constructor"), configurable: true });
  Object.defineProperty(prototype, Symbol.toStringTag, { value: target.name, configurable: true });
}

function defineStatics(target: InterfaceClass, required: Readonly<Record<string, number>>): void {
  for (const name of Object.getOwnPropertyNames(target)) {
    const descriptor = Object.getOwnPropertyDescriptor(target, name)!;
    if (name === "prototype" || typeof descriptor.value !== "function") continue;
    const value = withArity(descriptor.value, `${target.name}.${name}`, arity(required, name));
    Object.defineProperty(target, name, { ...descriptor, value, enumerable: true });
  }
}

function arity(required: Readonly<Record<string, number>>, name: string): number {
  return Object.hasOwn(required, name) ? required[name]! : 0;
}

type Operation = (...args: unknown[]) => unknown;

function withArity(operation: Operation, name: string, required: number): Operation {
  const checked = {
    operation(this: unknown, ...args: unknown[]): unknown {
      if (args.length < required) {
        throw new TypeError(`${name}: ${required} argument(s) required, but only ${args.length} given`);
      }
      return operation.apply(this, args);
    },
  }.operation;
  Object.defineProperty(checked, "length", { value: required, configurable: true });
  Object.defineProperty(checked, "name", {
    value: name.slice(name.lastIndexOf(".") + 1),
    configurable: true,
  });
  return checked;
}
