import { createLogger, silentLogger } from "../../src/log.ts";
import { keepLog, newLog } from "../support/suite.ts";

// Runs before each file of the suite: what a test opens in its own process, and wants no log of, is logged as well.

const log = newLog();
const write = (line: string): void => keepLog(log, `${line}\n`);
Object.assign(silentLogger, createLogger({ level: "debug", json: true, write }));
