import { EARLIER } from "./earlier-migrations.ts";

/**
 * Numbered, never edited once released; a store is brought forward one by one, each in its own transaction.
 * Times are milliseconds since the epoch. Columns named `sealed_*` hold values that only the store key opens.
 */
export const MIGRATIONS: readonly string[] = [
  ...EARLIER,
  `
  -- what is sent again where somebody misses it: 'resend', then JSON, the users whom it did not reach
  ALTER TABLE job ADD COLUMN on_missed TEXT;
  CREATE INDEX job_missable ON job (job_id) WHERE on_missed IS NOT NULL;
  CREATE INDEX job_sent ON job (room_id, job_id) WHERE state = 'sent';
  CREATE INDEX job_source ON job (source) WHERE source IS NOT NULL;

  -- redactions in rooms whose voice messages are relayed, until what became of these is redacted too
  CREATE TABLE redaction (
    event_id TEXT PRIMARY KEY,  -- what was redacted
    room_id TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- a keyed hash of the recording that was taken
  ALTER TABLE taken ADD COLUMN digest TEXT;
  `,
  `
  -- what audits have read of rooms and users ('room', 'user'); null where sync has told of a change since
  CREATE TABLE fact (
    about TEXT NOT NULL,
    id TEXT NOT NULL,
    changes INTEGER NOT NULL,   -- how often sync has told of one
    latest TEXT,                -- the newest event of a room that sync has told of
    sealed_facts BLOB,
    PRIMARY KEY (about, id)
  ) STRICT;
  `,
  `
  -- what audits found, each a signed line that names the one before by its hash; numbers without a gap
  CREATE TABLE audit_record (
    number INTEGER PRIMARY KEY,
    sealed_line BLOB NOT NULL
  ) STRICT;

  -- the facts of the last whole audit, without timelines: what has changed since is judged by them
  CREATE TABLE audit_facts (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    sealed_facts BLOB NOT NULL
  ) STRICT;
  `,
  `
  -- what \`sotto enforce\` has done, with what was there before
  CREATE TABLE enforcement (
    number INTEGER PRIMARY KEY,
    room_id TEXT NOT NULL,
    state TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    sealed_step BLOB NOT NULL
  ) STRICT;
  CREATE INDEX enforcement_by_room ON enforcement (room_id);

  -- who was told in which room that their devices are unsigned
  CREATE TABLE warning (
    room_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (room_id, user_id)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- rooms that get nothing from us until what has stopped them is lifted: 'evacuated' or 'policy', or both
  CREATE TABLE stopped_room (
    room_id TEXT NOT NULL,
    because TEXT NOT NULL,
    message TEXT NOT NULL,
    cure TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (room_id, because)
  ) STRICT, WITHOUT ROWID;

  -- what the people of a room that is evacuated are told, and who was
  CREATE TABLE evacuation (
    room_id TEXT PRIMARY KEY,
    sealed_evacuation BLOB NOT NULL
  ) STRICT;
  `,
  `
  -- what the patrol has found, and how urgent the operators know it to be: 0 where they were not told
  CREATE TABLE patrol_finding (
    fingerprint TEXT PRIMARY KEY,
    severity TEXT NOT NULL,
    result TEXT NOT NULL,
    urgency INTEGER NOT NULL,
    is_open INTEGER NOT NULL,   -- 0: gone, which the operators are to be told
    told INTEGER NOT NULL,
    sealed_finding BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- rooms that the operators know to be stopped
  CREATE TABLE patrol_stop (room_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

  -- rooms that are going to be left: since when, when that was said there, and when it was begun
  CREATE TABLE patrol_leave (
    room_id TEXT PRIMARY KEY,
    begun_ms INTEGER NOT NULL,
    announced_ms INTEGER,
    left_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- what can be taken back is kept for longer; of older records nobody knows without opening them
  ALTER TABLE enforcement ADD COLUMN is_reversible INTEGER NOT NULL DEFAULT 1;

  -- logs of audits in which something was wrong, as they were when another was begun
  CREATE TABLE audit_broken_record (
    log INTEGER NOT NULL,
    number INTEGER NOT NULL,
    sealed_line BLOB NOT NULL,
    PRIMARY KEY (log, number)
  ) STRICT, WITHOUT ROWID;
  `,
];
