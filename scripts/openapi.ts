import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openApi } from "../src/connector/http/openapi.ts";

// Writes docs/openapi.json, as the http connector serves it. A test of the connector finds out when it is not the same.

await writeFile(join(import.meta.dirname, "../docs/openapi.json"), `${JSON.stringify(openApi(), null, 2)}\n`);
