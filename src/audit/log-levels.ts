import type { LoggingConfig } from "../model/homeserver-facts.ts";

// Which loggers write down what, at which level: tried with Synapse 1.163, whose database, searches, pushers, topics and
// federation were used at level DEBUG, with words that were then looked for in its log.

interface Teller {
  logger: string;
  what: string;
}

/** At DEBUG. */
export const CONTENT_TELLERS: readonly Teller[] = [
  { logger: "synapse.storage.SQL", what: "access tokens, clear messages and what is sent to devices" },
  { logger: "synapse.federation.federation_client", what: "whole events of other homeservers" },
  { logger: "synapse.http.client", what: "what is posted to push gateways and other services" },
  { logger: "synapse.rest.admin.users.registration_debug", what: "passwords and the registration secret" },
  { logger: "synapse.rest.client.pusher", what: "push keys" },
  { logger: "synapse.push.pusher", what: "push keys" },
  { logger: "synapse.handlers.stats", what: "names and topics of rooms" },
];

/** At INFO, which is Synapse's default. */
export const TRAFFIC_TELLERS: readonly Teller[] = [
  { logger: "synapse.access.http", what: "who asked for which room, when and from which address" },
  { logger: "synapse.handlers.search", what: "what people search for" },
  { logger: "synapse.push.pusherpool", what: "push keys" },
];

const LEVELS: Readonly<Record<string, number>> = {
  NOTSET: 0,
  DEBUG: 10,
  INFO: 20,
  WARN: 30,
  WARNING: 30,
  ERROR: 40,
  CRITICAL: 50,
  FATAL: 50,
};

/** A level that is not known may be any. https://docs.python.org/3/library/logging.html#logging-levels */
const numberOf = (level: string): number => LEVELS[level] ?? (Number(level) || 0);

/** The tellers that write at the level, or below it. */
export function telling(
  logging: LoggingConfig,
  level: "DEBUG" | "INFO",
  tellers: readonly Teller[],
): readonly Teller[] {
  const isWritten = (said: number): boolean =>
    Math.max(said, numberOf(logging.handlerLevel)) <= LEVELS[level]!;
  return tellers.filter(({ logger }) => levelsOf(logging, logger).some(isWritten));
}

/** The level that holds for a logger; where some below it have their own, theirs. */
function levelsOf({ rootLevel, loggers }: LoggingConfig, logger: string): number[] {
  const below = Object.keys(loggers).filter((name) => name.startsWith(`${logger}.`));
  const set = (name: string): boolean => Object.hasOwn(loggers, name) && numberOf(loggers[name]!) > 0;
  const around = ancestors(logger).find(set);
  const own = numberOf(around === undefined ? rootLevel : loggers[around]!);
  return [own, ...below.filter(set).map((name) => numberOf(loggers[name]!))];
}

/** The logger itself first. */
function ancestors(logger: string): string[] {
  const parts = logger.split(".");
  return parts.map((_, index) => parts.slice(0, parts.length - index).join("."));
}
