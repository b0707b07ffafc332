import { connectorType } from "../type.ts";
import { archiveSettings } from "./settings.ts";

export const archive = connectorType({
  type: "archive",
  description: "A folder that keeps voice messages in clear, with a signed list of them.",
  settings: archiveSettings,
  load: async () => (await import("./archive.ts")).makeArchive,
});
