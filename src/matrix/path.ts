import { SottoError } from "../errors.ts";

/**
 * A path of the API whose values are each exactly one segment: path`/_matrix/client/v3/rooms/${roomId}/members`.
 * Room IDs, aliases, event types and state keys may hold any character.
 */
export function path(literals: TemplateStringsArray, ...values: readonly string[]): string {
  return literals.reduce((before, after, index) => before + segment(values[index - 1] ?? "") + after);
}

function segment(value: string): string {
  // a URL parser takes these two as steps in the tree, percent-encoded or not
  if (value === "." || value === "..") throw new SottoError("USAGE", `"${value}" is not a Matrix identifier`);
  return encodeURIComponent(value);
}
