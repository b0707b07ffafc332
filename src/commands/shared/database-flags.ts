import type { Command } from "commander";
import type { NamedDatabase } from "../../service/homeserver-database.ts";

/** As they are typed. */
export interface DatabaseFlags {
  database?: string;
  databasePasswordFile?: string;
}

const DATABASE = "the homeserver's SQLite file, or postgresql://USER@HOST/DATABASE";

/** The homeserver's own database, which is only read; `use`: what for, where that does not go without saying. */
export const withDatabaseOptions = (command: Command, use?: string): Command =>
  command
    .option("--database <file or URL>", use === undefined ? DATABASE : `${DATABASE}: ${use}`)
    .option("--database-password-file <file>", "the password; else PGPASSWORD or ~/.pgpass, as for psql");

/** Undefined where none is named. */
export function namedDatabase({ database, databasePasswordFile }: DatabaseFlags): NamedDatabase | undefined {
  return database === undefined
    ? undefined
    : { database, ...(databasePasswordFile !== undefined && { databasePasswordFile }) };
}
