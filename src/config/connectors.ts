import type { ConnectorType } from "../connector/index.ts";
import { type Fault, schemaFaults } from "./faults.ts";
import type { ConfigFile } from "./schema.ts";
import { plain, type Written } from "./written.ts";

/** Each connector's settings as its type has them, with defaults filled in, and what is wrong with them. */
export function connectorSettings(
  whole: Written,
  types: readonly ConnectorType[],
): { settings: ConfigFile["connectors"]; faults: Fault[] } {
  const settings: ConfigFile["connectors"] = {};
  const faults: Fault[] = [];
  for (const [name, part] of mapOf(mapOf(whole).get("connectors"))) {
    const said = mapOf(part).get("type");
    if (typeof said?.value !== "string") continue; // the config's own schema says so
    const at = ["connectors", name];
    const type = types.find((known) => known.type === said.value);
    if (!type) {
      const known = types.map(({ type }) => type).join(", ");
      const message = `${at.join(".")}.type: there is no ${JSON.stringify(said.value)}; there is ${known || "none"}`;
      faults.push({ where: said.where, message });
      continue;
    }
    const result = type.settings.safeParse(plain(part));
    if (result.success) settings[name] = result.data as ConfigFile["connectors"][string];
    else faults.push(...schemaFaults(type.settings, result.error, part, at));
  }
  return { settings, faults };
}

const mapOf = (part: Written | undefined): ReadonlyMap<string, Written> =>
  part?.value instanceof Map ? part.value : new Map();
