import type { ConnectorType } from "../connector/index.ts";
import { type Fault, schemaFaults } from "./faults.ts";
import { plain, type Written } from "./written.ts";

/** What is wrong with the connectors' settings, by what their types say. */
export function connectorFaults(whole: Written, types: readonly ConnectorType[]): Fault[] {
  return [...mapOf(mapOf(whole).get("connectors"))].flatMap(([name, part]) => {
    const said = mapOf(part).get("type");
    if (typeof said?.value !== "string") return []; // the config's own schema says so
    const at = ["connectors", name];
    const type = types.find((known) => known.type === said.value);
    if (!type) {
      const known = types.map(({ type }) => type).join(", ");
      const message = `${at.join(".")}.type: there is no ${JSON.stringify(said.value)}; there is ${known || "none"}`;
      return [{ where: said.where, message }];
    }
    const { error } = type.settings.safeParse(plain(part));
    return error ? schemaFaults(type.settings, error, part, at) : [];
  });
}

const mapOf = (part: Written | undefined): ReadonlyMap<string, Written> =>
  part?.value instanceof Map ? part.value : new Map();
