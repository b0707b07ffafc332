export { type Config, configPath, loadConfig, readSecret, readStoreKey } from "./load.ts";
export { configSchema } from "./schema.ts";
