import { connectorType } from "../type.ts";
import { settings } from "./settings.ts";

export const command = connectorType({
  type: "command",
  description: "Starts a program for each voice message, with the recording on its standard input.",
  settings,
  load: async () => (await import("./connector.ts")).makeCommand,
});
