/** The first of `MIGRATIONS`, in a file of their own for length. None is ever edited. */
export const EARLIER: readonly string[] = [
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
];
