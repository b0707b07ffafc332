import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type IDBDatabase, type IDBRequest, type IDBTransaction, openIndexedDB } from "../src/index.ts";

/** A path in a folder that is removed after the test. */
export function temporaryPath(name = "test.db"): string {
  const folder = mkdtempSync(join(tmpdir(), "indexeddb-sqlite-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, name);
}

/** An open file that is closed after the test. */
export function openTemporary(path: string = temporaryPath()): ReturnType<typeof openIndexedDB> {
  const opened = openIndexedDB(path);
  onTestFinished(() => opened.close());
  return opened;
}

/** The request's result, or its error thrown. */
export function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", (event) => {
      event.preventDefault();
      reject(request.error);
    });
  });
}

/** How the transaction ended, and with which error. */
export function ended(transaction: IDBTransaction): Promise<"complete" | DOMException | null> {
  return new Promise((resolve) => {
    transaction.addEventListener("complete", () => resolve("complete"));
    transaction.addEventListener("abort", () => resolve(transaction.error));
  });
}

/** Opens a database, creating it or bringing it to the version with the given function. */
export function openDatabase(
  { indexedDB }: ReturnType<typeof openIndexedDB>,
  upgrade: (database: IDBDatabase, transaction: IDBTransaction) => void = () => {},
  { name = "test", version = 1 }: { name?: string; version?: number } = {},
): Promise<IDBDatabase> {
  const request = indexedDB.open(name, version);
  request.onupgradeneeded = () => upgrade(request.result, request.transaction!);
  return done(request);
}

/** The name of the exception that a function throws at once. */
export function thrown(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return error instanceof Error ? error.name : typeof error;
  }
  return "nothing";
}

/** The next exception that a listener throws. Without this vitest would call the run failed. */
export function nextUncaught(): Promise<unknown> {
  const listeners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  return new Promise((resolve) => {
    process.once("uncaughtException", (error) => {
      for (const listener of listeners) process.on("uncaughtException", listener);
      resolve(error);
    });
  });
}
