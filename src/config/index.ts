export { configPath, dataDirectoryOf } from "./data-directory.ts";
export { type Config, loadConfig, readAccessToken, readSecret, readStoreKey } from "./load.ts";
export { roomTrust } from "./room-trust.ts";
export { configSchema } from "./schema.ts";
