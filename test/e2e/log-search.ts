import { levelOf } from "../support/log-lines.ts";
import { decodedRuns, type Secrets } from "./leak-search.ts";

/** What a suite has used, and no log may hold. */
export interface Unspoken extends Secrets {
  /** Tokens, keys and passwords: in no line at all. */
  secrets: readonly string[];
  /** User IDs: in no log line. What is said to a person at a command may name them. */
  people: readonly string[];
}

/** Shorter ones, such as the passwords of tests that expect a refusal, are words of other lines too. */
const MIN_SECRET_LENGTH = 8;

/** What is not for a log, whoever's it is. */
const SHAPES: readonly [what: string, shape: RegExp][] = [
  ["an access token", /\b(?:syt|mct|mat|mcr|mar)_\w/],
  // a help text may speak of bearer tokens
  ["a bearer token", /Bearer\s+(?!\[redacted\]|tokens?\b)\S/i],
  ["a recovery key", /\bEs[1-9A-HJ-NP-Za-km-z]{2}(?: ?[1-9A-HJ-NP-Za-km-z]{4}){11}\b/],
];

/** Gives a function that names whatever it finds in what a process has written, with the line in which it stands. */
export function logSearch({
  secrets,
  people,
  words,
  isOfRecording,
}: Unspoken): (written: string) => string[] {
  const long = secrets.filter((secret) => secret.length >= MIN_SECRET_LENGTH);
  // as it stands in a path, too
  const names = people.map((userId) => userId.slice(1, userId.indexOf(":")));
  return (written) =>
    written.split("\n").flatMap((line) => {
      const isLog = levelOf(line) !== undefined;
      const found = [
        ...long.filter((secret) => line.includes(secret)).map(() => "a secret"),
        ...SHAPES.filter(([, shape]) => shape.test(line)).map(([what]) => what),
        ...([line, ...decodedRuns(line)].some(isOfRecording) ? ["a part of a recording"] : []),
        ...(isLog ? names.filter((name) => line.includes(name)).map(() => "a person") : []),
        ...(isLog ? words.filter((word) => line.includes(word)).map((word) => `"${word}"`) : []),
      ];
      return found.map((what) => `${what} in: ${line}`);
    });
}
