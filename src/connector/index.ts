import { archive } from "./archive/index.ts";
import { asterisk } from "./asterisk/index.ts";
import { command } from "./command/index.ts";
import { folder } from "./folder/index.ts";
import type { ConnectorType } from "./type.ts";
import { webhook } from "./webhook/index.ts";

export { type ConnectorType, connectorType } from "./type.ts";

/** Every kind of connector: a folder of this room and a line here. */
export const CONNECTORS: readonly ConnectorType[] = [archive, asterisk, command, folder, webhook];
