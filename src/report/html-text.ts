import { plain } from "./text.ts";

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Anybody's words as text of a page, in an element or between quotation marks. */
export const text = (words: string): string =>
  plain(words).replace(/[&<>"']/g, (character) => ENTITIES[character]!);

/** The same where it must not turn the direction of what stands beside it. */
export const apart = (words: string): string => `<bdi>${text(words)}</bdi>`;
