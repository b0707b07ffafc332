#!/usr/bin/env node
import { useCompileCache } from "./commands/shared/compile-cache.ts";

useCompileCache(process.argv, process.env);
// what is imported above is compiled before this line; what is imported here comes from the cache
const { runProgram } = await import("./commands/shared/program.ts");
const exitCode = await runProgram(process.argv.slice(2));
if (exitCode > 0) process.exitCode = exitCode;
