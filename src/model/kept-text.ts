/**
 * The beginning of a text from the network, as much of it as is kept. Copied, since a slice would keep the whole in
 * memory.
 */
export const keptText = (text: string, maxLength: number): string =>
  text.length <= maxLength ? text : Buffer.from(text.slice(0, maxLength)).toString();
