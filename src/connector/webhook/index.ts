import { connectorType } from "../type.ts";
import { settings } from "./settings.ts";

export const webhook = connectorType({
  type: "webhook",
  description: "Posts voice messages to an HTTP service, signed as Standard Webhooks are.",
  settings,
  load: async () => (await import("./connector.ts")).makeWebhook,
});
