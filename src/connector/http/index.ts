import { connectorType } from "../type.ts";
import { httpSettings } from "./settings.ts";

export const http = connectorType({
  type: "http",
  description: "Takes recordings by HTTP: `curl -T bell.wav` is enough.",
  settings: httpSettings,
  load: async () => {
    const { HttpConnector } = await import("./connector.ts");
    return (settings, context) => new HttpConnector(settings, context);
  },
});
