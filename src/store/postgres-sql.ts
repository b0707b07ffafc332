/** A table as the catalogue has it. */
export interface Table {
  /** Stays when the table is renamed. */
  oid: number;
  schema: string;
  name: string;
  /** Its rows lie in another database. */
  isForeign: boolean;
  /** A materialized one. */
  isView: boolean;
  columns: readonly Column[];
}

interface Column {
  name: string;
  /** How its values become bytes: as they are, by the server's own cast, or as their type writes them. */
  kind: "bytes" | "text" | "other";
  /** Whether there can be long ones. */
  isVarying: boolean;
}

/** Whatever is longer is read by itself, piece by piece. */
const LONG_BYTES = 64 * 1024;
const PIECE_BYTES = 1024 * 1024;
const BATCH_BYTES = 16 * 1024 * 1024;
const BATCH_ROWS = 500;
/** The server's own types have lower numbers (PostgreSQL, section 74.2.2). */
const FIRST_OWN_OID = 16_384;

/**
 * Every table of its users, as one JSON text; partitions and what inherits are tables by themselves. Not in it: the catalogue,
 * what is computed when it is read, and temporary tables, which only their own session can read.
 */
export const TABLES = `
  SELECT json_build_object('oid', c.oid::bigint, 'schema', n.nspname, 'name', c.relname, 'isForeign', c.relkind = 'f', 'isView', c.relkind = 'm', 'columns', coalesce((
    SELECT json_agg(json_build_object('name', a.attname, 'isVarying', t.typlen < 0, 'kind',
      CASE WHEN 'bytea'::regtype IN (t.oid, t.typbasetype) THEN 'bytes' WHEN t.oid < ${FIRST_OWN_OID} THEN 'text' ELSE 'other' END))
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v'), '[]'))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'm', 'f') AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  ORDER BY c.oid`;

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const nameOf = ({ schema, name }: Table): string => `${quoted(schema)}.${quoted(name)}`;

/** A cast to text may be a function of the type's owner, who would then be us: what a type writes is not. */
const VALUE: Record<Column["kind"], (column: string) => string> = {
  bytes: (column) => `${column}::bytea`,
  text: (column) => `${column}::text`,
  other: (column) => `format('%s', ${column})`,
};
const written = ({ name, kind }: Column): string => VALUE[kind](quoted(name));

/** Nobody drops it, renames it or writes it anew until the transaction ends. */
export const lockOf = (table: Table): string => `LOCK TABLE ONLY ${nameOf(table)} IN ACCESS SHARE MODE`;

/** Of each row: where it lies, the places of its long values, as an array, and every value that is none. */
export function selectOf(table: Table): string {
  const { columns } = table;
  const long = columns.flatMap(({ isVarying }, at) =>
    isVarying ? [`CASE WHEN octet_length(v${at}) > ${LONG_BYTES} THEN ${at} END`] : [],
  );
  const places = long.length > 0 ? `array_remove(ARRAY[${long.join(", ")}], NULL)::text` : "'{}'";
  const short = columns.map(({ isVarying }, at) =>
    isVarying ? `CASE WHEN octet_length(v${at}) <= ${LONG_BYTES} THEN v${at} END` : `v${at}`,
  );
  const values = columns.map((column, at) => `${written(column)} AS v${at}`);
  // OFFSET 0 keeps the two apart: each value is made once
  return `SELECT ${["ctid", places, ...short].join(", ")}
    FROM (SELECT ${["ctid", ...values].join(", ")} FROM ONLY ${nameOf(table)} OFFSET 0) AS t`;
}

/** How many rows fit into the memory that one batch may take. */
export function rowsAtATime({ columns }: Table): number {
  const varying = columns.filter(({ isVarying }) => isVarying).length;
  return Math.max(1, Math.min(BATCH_ROWS, Math.floor(BATCH_BYTES / (varying * LONG_BYTES))));
}

/** A long value as rows of one piece each. `ctid` is the server's own word for a row. */
export function piecesOf(table: Table, column: Column, ctid: string): string {
  if (!/^\(\d+,\d+\)$/.test(ctid)) throw new Error(`${ctid} is no ctid`);
  const value = column.kind === "bytes" ? written(column) : `convert_to(${written(column)}, 'UTF8')`;
  return `WITH whole AS MATERIALIZED (SELECT ${value} AS v FROM ONLY ${nameOf(table)} WHERE ctid = '${ctid}')
    SELECT substring(v FROM 1 + at FOR ${PIECE_BYTES})
    FROM whole, generate_series(0, octet_length(v) - 1, ${PIECE_BYTES}) AS at`;
}

/** Of the table that has this schema's name and this name by now. */
export const OID = "SELECT format('%I.%I', $1::text, $2::text)::regclass::oid::bigint";

export const LARGE_OBJECTS = "SELECT oid FROM pg_largeobject_metadata WHERE oid > $1 ORDER BY oid LIMIT 1000";
/** One piece of a large object; an empty one is behind its end. */
export const pieceOfObject = (oid: string, piece: number): string =>
  `SELECT lo_get(${BigInt(oid)}, ${BigInt(piece) * BigInt(PIECE_BYTES)}, ${PIECE_BYTES})`;
