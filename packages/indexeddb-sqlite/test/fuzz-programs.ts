import fc from "fast-check";

/*
 * Programs for two implementations to agree on. Keys and values come from small sets, so that collisions, constraint
 * errors and empty ranges are common. Some things are missing, where fake-indexeddb is not as the standard says: empty
 * binary keys, which it takes for detached buffers; ranges with equal bounds one of which is open, which it refuses;
 * null as a value for a store that generates inline keys, which aborts its transaction with a TypeError.
 */

const validKeys = [
  0,
  1,
  2,
  1.5,
  -3,
  Number.NEGATIVE_INFINITY,
  new Date(0),
  new Date(86_400_000),
  "",
  "a",
  "b",
  "ab",
  "\u0000",
  "\u0001a",
  "\ud83d\ude00",
  "\uffff",
  "é",
  new Uint8Array([0, 1, 255]).buffer,
  new Uint8Array([7]),
  [],
  [1],
  ["a", 1],
  [[], "b"],
];
const invalidKeys = [Number.NaN, null, {}, [{}], new Date(Number.NaN)];

const key: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom<unknown>(...validKeys) },
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(...invalidKeys) },
);

const value: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record(
      {
        id: key,
        a: key,
        m: fc.oneof(key, fc.array(key, { maxLength: 3 })),
        v: fc.integer({ min: 0, max: 9 }),
      },
      { requiredKeys: ["v"] },
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom<unknown>("text", 7, [1, 2]) },
);

export type Query =
  | { kind: "none" }
  | { kind: "key"; key: unknown }
  | { kind: "lower" | "upper"; key: unknown; open: boolean }
  | { kind: "bound"; lower: unknown; upper: unknown; lowerOpen: boolean; upperOpen: boolean };

const query: fc.Arbitrary<Query> = fc.oneof(
  fc.record({ kind: fc.constant("none" as const) }),
  fc.record({ kind: fc.constant("key" as const), key }),
  fc.record({ kind: fc.constantFrom("lower" as const, "upper" as const), key, open: fc.boolean() }),
  fc
    .record({
      kind: fc.constant("bound" as const),
      lower: key,
      upper: key,
      lowerOpen: fc.boolean(),
      upperOpen: fc.boolean(),
    })
    .filter(({ lower, upper, lowerOpen, upperOpen }) => lower !== upper || !(lowerOpen || upperOpen)),
);

const direction = fc.constantFrom(
  "next" as const,
  "nextunique" as const,
  "prev" as const,
  "prevunique" as const,
);

export type CursorStep =
  | { do: "continue" }
  | { do: "delete" }
  | { do: "continueTo"; key: unknown }
  | { do: "continuePrimary"; key: unknown; primaryKey: unknown }
  | { do: "advance"; count: number }
  | { do: "update"; value: unknown };

const cursorStep: fc.Arbitrary<CursorStep> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("continue" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("delete" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("continueTo" as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("continuePrimary" as const), key, primaryKey: key }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("advance" as const), count: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("update" as const), value }) },
);

export type Operation = { store: number; index: string | null; prevents: boolean; nested: Operation[] } & (
  | { call: "put" | "add"; value: unknown; key: unknown }
  | { call: "delete"; query: Query }
  | { call: "clear" }
  | { call: "get" | "getKey" | "count"; query: Query }
  | { call: "getAll" | "getAllKeys"; query: Query; count: number | undefined }
  | { call: "getAllRecords"; query: Query; direction: string; count: number | undefined }
  | { call: "openCursor" | "openKeyCursor"; query: Query; direction: string; steps: CursorStep[] }
);

/** The indexes that execute() creates in each store. */
const index = fc.constantFrom("a", "unique", "multi", "pair", null, null);
const count = fc.constantFrom(undefined, 0, 1, 2);

function operations(depth: number): fc.Arbitrary<Operation> {
  const nested = depth > 0 ? fc.array(operations(depth - 1), { maxLength: 2 }) : fc.constant([]);
  const common = { store: fc.integer({ min: 0, max: 2 }), prevents: fc.boolean(), nested };
  const optionalKey = fc.oneof(key, fc.constant(undefined));
  const onStore = { ...common, index: fc.constant(null) };
  const onBoth = { ...common, index };
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ ...onStore, call: fc.constantFrom("put", "add"), value, key: optionalKey }),
    },
    { weight: 2, arbitrary: fc.record({ ...onStore, call: fc.constant("delete"), query }) },
    { weight: 1, arbitrary: fc.record({ ...onStore, call: fc.constant("clear") }) },
    {
      weight: 2,
      arbitrary: fc.record({ ...onBoth, call: fc.constantFrom("get", "getKey", "count"), query }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ ...onBoth, call: fc.constantFrom("getAll", "getAllKeys"), query, count }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ ...onBoth, call: fc.constant("getAllRecords"), query, direction, count }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        ...onBoth,
        call: fc.constantFrom("openCursor", "openKeyCursor"),
        query,
        direction,
        steps: fc.array(cursorStep, { maxLength: 5 }),
      }),
    },
  ) as fc.Arbitrary<Operation>;
}

export interface TransactionProgram {
  mode: "readonly" | "readwrite";
  scope: number[];
  operations: Operation[];
  /** What the script does after its last operation, beside letting the transaction commit by itself. */
  end: "nothing" | "abort" | "commit when done" | "abort when done";
}

const transaction: fc.Arbitrary<TransactionProgram> = fc.record({
  mode: fc.constantFrom("readonly" as const, "readwrite" as const, "readwrite" as const),
  scope: fc.uniqueArray(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 3 }),
  operations: fc.array(operations(1), { maxLength: 6 }),
  end: fc.constantFrom(
    "nothing" as const,
    "nothing" as const,
    "nothing" as const,
    "abort" as const,
    "commit when done" as const,
    "abort when done" as const,
  ),
});

export interface Program {
  /** Records that the upgrade puts into the stores before it creates the indexes. */
  seed: { store: number; value: unknown; key: unknown }[];
  transactions: TransactionProgram[];
}

export const programs: fc.Arbitrary<Program> = fc.record({
  seed: fc.array(fc.record({ store: fc.integer({ min: 0, max: 2 }), value, key }), { maxLength: 6 }),
  transactions: fc.array(transaction, { minLength: 1, maxLength: 6 }),
});
