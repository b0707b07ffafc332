#!/usr/bin/env node
import { useCompileCache } from "./commands/shared/compile-cache.ts";
import { printError } from "./commands/shared/output.ts";
import { SottoError } from "./errors.ts";

const OLDEST_NODE = [22, 18] as const;

// what is imported above can be read by a Node that is too old for the rest, once it is packed
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  const error = new SottoError("NODE_TOO_OLD", `Node ${process.versions.node} is too old for Sotto`);
  process.exitCode = printError(process.stderr, error, process.argv.includes("--json"));
} else {
  useCompileCache(process.argv, process.env);
  // what is imported above is compiled before this line; what is imported here comes from the cache
  const { runProgram } = await import("./commands/shared/program.ts");
  const exitCode = await runProgram(process.argv.slice(2));
  if (exitCode > 0) process.exitCode = exitCode;
}
