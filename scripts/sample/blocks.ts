import { z } from "zod/mini";
import type { ConnectorType } from "../../src/connector/index.ts";
import { element, type Node, section, wrapped } from "./keys.ts";

// What stands in the sample as a comment, because nothing of it is there by default: a connector of each kind, and a route.

/** A connector of each type, named as its type is, with every key. */
export function connectorsBlock(types: readonly ConnectorType[]): string {
  const connectors = types.map(({ type, description, settings }) =>
    [
      ...wrapped(description, "  # "),
      `  ${type}:`,
      ...section(
        z.toJSONSchema(settings, { io: "input", unrepresentable: "any" }) as Node,
        `connectors.${type}`,
      ),
    ].join("\n"),
  );
  return commented(["connectors:", ...connectors].join("\n"));
}

/** A route with every key. */
export const routesBlock = (routes: Node): string =>
  commented(`routes:\n${element(routes.items!, "routes")}`);

const commented = (yaml: string): string => yaml.replace(/^/gm, "# ");
