/**
 * Numbered, never edited once released; a store is brought forward one by one, each in its own transaction.
 * Times are milliseconds since the epoch. Columns named `sealed_*` hold values that only the store key opens.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE room (
    room_id TEXT PRIMARY KEY,
    membership TEXT NOT NULL,
    encryption TEXT,            -- content of m.room.encryption as first seen; never cleared
    rotation_ms INTEGER,        -- the strictest period any version of that state has named
    rotation_msgs INTEGER,
    history_visibility TEXT,
    replacement TEXT            -- room ID from m.room.tombstone
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE member (
    room_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    membership TEXT NOT NULL,
    PRIMARY KEY (room_id, user_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX member_by_user ON member (user_id);

  CREATE TABLE outbound (
    room_id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    must_rotate INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE delivery (
    session_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    outcome TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (session_id, user_id, device_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE seen_index (
    session_id TEXT NOT NULL,
    message_index INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    PRIMARY KEY (session_id, message_index)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE inbox (
    event_id TEXT PRIMARY KEY,
    room_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    event TEXT NOT NULL,
    received_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE job (
    job_id INTEGER PRIMARY KEY,
    txn_id TEXT NOT NULL UNIQUE,
    room_id TEXT NOT NULL,
    state TEXT NOT NULL,
    sealed_content BLOB,
    event TEXT,
    session_id TEXT,
    first_put_ms INTEGER,
    event_id TEXT,
    error_code TEXT,
    error_message TEXT,
    created_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX job_open ON job (state) WHERE state IN ('accepted', 'encrypted');
  `,
  `
  CREATE TABLE drill (
    drill_id INTEGER PRIMARY KEY,
    started_ms INTEGER NOT NULL,
    finished_ms INTEGER,
    device_id TEXT,             -- of the throw-away device, until it is deleted
    room_id TEXT,
    event_id TEXT,
    error_code TEXT
  ) STRICT;
  `,
  `
  -- a session's ledger stands under the room's ID until its first event tells the session's own
  ALTER TABLE delivery ADD COLUMN from_index INTEGER;
  ALTER TABLE delivery ADD COLUMN before TEXT;
  CREATE INDEX delivery_missed ON delivery (session_id) WHERE outcome IN ('m.no_olm', 'unreachable');

  ALTER TABLE job ADD COLUMN message_index INTEGER;

  CREATE TABLE known_member (
    room_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (room_id, user_id)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- how far each Megolm session of this device has been used: the first index that is free
  CREATE TABLE own_session (
    session_id TEXT PRIMARY KEY,
    next_index INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  -- of sessions that were used before this was counted, all that is known is that they are ours
  INSERT OR IGNORE INTO own_session SELECT session_id, 10000 FROM outbound WHERE session_id <> '';
  INSERT OR IGNORE INTO own_session SELECT DISTINCT session_id, 10000 FROM delivery;
  INSERT OR IGNORE INTO own_session SELECT DISTINCT session_id, 10000 FROM job WHERE session_id IS NOT NULL;
  UPDATE outbound SET must_rotate = 1;

  -- a room that names no limits has the spec's, and a later, higher one does not raise them
  UPDATE room SET rotation_ms = COALESCE(rotation_ms, 604800000), rotation_msgs = COALESCE(rotation_msgs, 100)
    WHERE encryption IS NOT NULL;
  `,
  `
  -- why it was reported that an event is not handed on; it may still be
  ALTER TABLE inbox ADD COLUMN reported TEXT;
  `,
  `
  -- ciphertext of attachments that are not on the homeserver yet; its key is in the job's sealed content
  CREATE TABLE spool (
    txn_id TEXT NOT NULL,
    piece INTEGER NOT NULL,
    ciphertext BLOB NOT NULL,
    PRIMARY KEY (txn_id, piece)
  ) STRICT;

  -- numbers that are not given again: a person names a message by its number
  CREATE TABLE numbered_job (
    job_id INTEGER PRIMARY KEY AUTOINCREMENT,
    txn_id TEXT NOT NULL UNIQUE,
    room_id TEXT NOT NULL,
    state TEXT NOT NULL,
    sealed_content BLOB,
    mxc_uri TEXT,
    event TEXT,
    session_id TEXT,
    message_index INTEGER,
    first_put_ms INTEGER,
    event_id TEXT,
    error_code TEXT,
    error_message TEXT,
    created_ms INTEGER NOT NULL
  ) STRICT;
  INSERT INTO numbered_job SELECT
    job_id, txn_id, room_id, IIF(state = 'accepted', 'uploaded', state), sealed_content, NULL, event, session_id,
    message_index, first_put_ms, event_id, error_code, error_message, created_ms FROM job;
  DROP TABLE job;
  ALTER TABLE numbered_job RENAME TO job;
  CREATE INDEX job_open ON job (state) WHERE state IN ('encoded', 'uploaded', 'encrypted');
  `,
  `
  -- what is kept for a while only: counted from now on for what is there already
  ALTER TABLE job ADD COLUMN ended_ms INTEGER;
  UPDATE job SET ended_ms = unixepoch() * 1000 WHERE state = 'failed';
  ALTER TABLE seen_index ADD COLUMN at_ms INTEGER NOT NULL DEFAULT 0;
  UPDATE seen_index SET at_ms = unixepoch() * 1000;
  -- an event that was handed on, or never will be
  ALTER TABLE seen_index ADD COLUMN handled INTEGER NOT NULL DEFAULT 0;

  -- indexes of sessions at rest that were seen, whichever event they came with; JSON, closed ranges, ascending
  CREATE TABLE seen_session (session_id TEXT PRIMARY KEY, ranges TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  -- the policy under which everyone has the session who is to have it, as far as is known here
  ALTER TABLE outbound ADD COLUMN shared_under TEXT;
  `,
  `
  -- what a connector brought: by whom, from which sealed recording, and where it was when it was given up
  ALTER TABLE job ADD COLUMN source TEXT;
  ALTER TABLE job ADD COLUMN recording_id TEXT;
  ALTER TABLE job ADD COLUMN announces TEXT;
  ALTER TABLE job ADD COLUMN priority INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE job ADD COLUMN failed_in TEXT;
  DROP INDEX job_open;
  CREATE INDEX job_open ON job (room_id, state <> 'encrypted', priority, job_id)
    WHERE state IN ('accepted', 'encoded', 'uploaded', 'encrypted');
  CREATE INDEX job_failed ON job (job_id) WHERE state = 'failed';
  CREATE INDEX job_recording ON job (recording_id) WHERE recording_id IS NOT NULL;
  CREATE INDEX job_event ON job (event_id) WHERE event_id IS NOT NULL;

  -- recordings that were taken, by a keyed hash of what their origin calls them; JSON, numbers of their messages
  CREATE TABLE taken (origin TEXT PRIMARY KEY, jobs TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- who has a voice message that others still wait for
  CREATE TABLE handed (
    event_id TEXT NOT NULL,
    receiver TEXT NOT NULL,
    PRIMARY KEY (event_id, receiver)
  ) STRICT, WITHOUT ROWID;
  `,
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
  `,
];
