import { connectorType } from "../type.ts";
import { emailSettings } from "./settings.ts";

export const email = connectorType({
  type: "email",
  description: "Takes mail by SMTP or LMTP; every recording that is attached becomes a voice message.",
  settings: emailSettings,
  async load() {
    const { EmailConnector } = await import("./connector.ts");
    return (settings, context) => new EmailConnector(settings, context);
  },
});
