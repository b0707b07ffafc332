import { readSecret } from "../config/secrets.ts";
import { type ForeignDatabase, openForeignDatabase } from "../store/index.ts";

/** The homeserver's own database, as an operator names it. */
export interface NamedDatabase {
  /** A SQLite file, or a PostgreSQL URL without password. */
  database: string;
  databasePasswordFile?: string;
}

/** @throws SottoError `DATABASE_UNREADABLE`; `USAGE` for a URL that cannot be meant; `SECRET_UNREADABLE` */
export async function openHomeserverDatabase({
  database,
  databasePasswordFile,
}: NamedDatabase): Promise<ForeignDatabase> {
  const password = databasePasswordFile && readSecret(databasePasswordFile);
  return openForeignDatabase(database, { ...(password && { password }) });
}
