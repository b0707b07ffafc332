import { connectorType } from "../type.ts";
import { folderSettings } from "./settings.ts";

export const folder = connectorType({
  type: "folder",
  description: "A folder that is watched for recordings, or one that voice messages are written to.",
  settings: folderSettings,
  load: async () => (await import("./folder.ts")).makeFolder,
});
