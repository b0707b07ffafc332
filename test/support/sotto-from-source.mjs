import { registerHooks } from "node:module";

// With `node --import`: `import "sotto"` finds the sources, as in a project it finds the package.
const DOORS = {
  sotto: "../../src/index.ts",
  "sotto/connector": "../../src/connector/own.ts",
  "sotto/connector-contract": "../../src/connector/contract/index.ts",
};

registerHooks({
  resolve: (specifier, context, next) =>
    Object.hasOwn(DOORS, specifier)
      ? { url: new URL(DOORS[specifier], import.meta.url).href, shortCircuit: true }
      : next(specifier, context),
});
