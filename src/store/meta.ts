/** Single values of the store, by their names. */
export interface Meta {
  read(name: string): string | undefined;
  /** Durable when it returns. */
  write(name: string, value: string): void;
  /** Those that begin so, in their order. */
  names(prefix: string): string[];
}
