import type { z } from "zod/mini";
import type { MakeConnector } from "../model/connector.ts";

/**
 * A kind of connector. Its settings are checked when the config is read; its code is loaded only where the config has
 * one of it.
 */
export interface ConnectorType<Schema extends z.ZodMiniObject = z.ZodMiniObject> {
  /** What `type:` says in the config. */
  type: string;
  /** One sentence for the sample config. */
  description: string;
  /** A strict object with `type: z.literal(…)`; descriptions become the sample config. */
  settings: Schema;
  load(): Promise<MakeConnector<z.infer<Schema>>>;
}

/** Keeps the schema's type for `load`. */
export const connectorType = <Schema extends z.ZodMiniObject>(
  type: ConnectorType<Schema>,
): ConnectorType<Schema> => type;
