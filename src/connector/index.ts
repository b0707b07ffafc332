import { archive } from "./archive/index.ts";
import { folder } from "./folder/index.ts";
import type { ConnectorType } from "./type.ts";

export { type ConnectorType, connectorType } from "./type.ts";

/** Every kind of connector: a folder of this room and a line here. */
export const CONNECTORS: readonly ConnectorType[] = [archive, folder];
