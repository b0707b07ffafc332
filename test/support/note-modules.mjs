import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";

// With `node --import`: writes the URL of each module that is loaded into the file $NOTED_MODULES, a line each.
registerHooks({
  load(url, context, next) {
    appendFileSync(process.env.NOTED_MODULES, `${url}\n`);
    return next(url, context);
  },
});
