export { type ConfigSource, configSource, dataDirectoryOf } from "./data-directory.ts";
export { type Config, type LoadOptions, loadConfig } from "./load.ts";
export { rereadConfig } from "./reread.ts";
export { acceptsClear, hasOwnPolicy, roomTrust } from "./room-trust.ts";
export { configSchema } from "./schema.ts";
export {
  isCredential,
  isOutOfReach,
  readAccessToken,
  readSecret,
  readStoreKey,
  requireReplaceableToken,
} from "./secrets.ts";
