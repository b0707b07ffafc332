import type { IncomingRecording } from "../model/connector.ts";
import { archive } from "./archive/index.ts";
import { email } from "./email/index.ts";
import { folder } from "./folder/index.ts";
import { http } from "./http/index.ts";
import type { ConnectorType } from "./type.ts";

export { TOKEN_NAME } from "./http/settings.ts";
export { type ConnectorType, connectorType } from "./type.ts";

/** Every kind of connector: a folder of this room and a line here. */
export const CONNECTORS: readonly ConnectorType[] = [archive, email, folder, http];
