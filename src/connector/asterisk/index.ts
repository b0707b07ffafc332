import { connectorType } from "../type.ts";
import { settings } from "./settings.ts";

export const asterisk = connectorType({
  type: "asterisk",
  description: "Takes voicemail out of Asterisk's spool, which it only reads.",
  settings,
  load: async () => (await import("./connector.ts")).makeAsterisk,
});
