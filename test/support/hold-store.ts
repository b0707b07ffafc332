import { openIndexedDB } from "indexeddb-sqlite";

// Holds the store file that it is given, as an owner that has stopped answering would; ends with its standard input.

openIndexedDB(process.argv[2]!);
process.stdout.write("held\n");
process.stdin.resume();
