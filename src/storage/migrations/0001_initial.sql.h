R"sql(
-- The first schema. Times are milliseconds UTC, bodies canonical JSON, 0/1 stands for false/true.

-- Single numbers of the store: 'generation' (committed batches that changed something), 'records' (records written),
-- 'dictionary' (last code given).
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counter VALUES ('generation', 0), ('records', 0), ('dictionary', 0);

-- The narrow columns come first: lists read only the head of a row, the body lies behind them.
CREATE TABLE ticket (
  id INTEGER PRIMARY KEY,
  number TEXT NOT NULL UNIQUE,
  process TEXT NOT NULL,
  shape INTEGER NOT NULL,
  state TEXT NOT NULL,
  open INTEGER NOT NULL,
  drill INTEGER NOT NULL,
  title TEXT NOT NULL,
  holder TEXT NOT NULL,
  board TEXT NOT NULL,
  unit TEXT NOT NULL,
  sensitivity INTEGER NOT NULL,
  severity INTEGER NOT NULL,
  opened_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  closed_at INTEGER,
  next_due INTEGER,
  version INTEGER NOT NULL,
  lists TEXT NOT NULL,   -- [indexed fields, owes, participants]
  body TEXT NOT NULL
);

-- What lists filter and sort by, the filters as codes of the dictionary: narrow, for it is read whole at each start.
CREATE TABLE ticket_facet (
  id INTEGER PRIMARY KEY,
  opened_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  next_due INTEGER,
  codes BLOB NOT NULL
);
CREATE TABLE dictionary (
  facet INTEGER NOT NULL,
  value TEXT NOT NULL,
  code INTEGER NOT NULL,
  PRIMARY KEY (facet, value)
) WITHOUT ROWID;

-- The one log. Positions are contiguous from 1; nothing in it ever changes.
CREATE TABLE event (position INTEGER PRIMARY KEY, subject TEXT NOT NULL, bytes TEXT NOT NULL);
CREATE INDEX event_subject ON event (subject);
CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'an event never changes'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'an event never goes'); END;

-- Current versions; earlier ones in record_past.
CREATE TABLE record (
  reg TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  valid_from INTEGER NOT NULL,
  valid_to INTEGER,
  state TEXT NOT NULL,
  fields TEXT NOT NULL,
  retain_until INTEGER,
  keys TEXT NOT NULL,
  PRIMARY KEY (reg, id)
) WITHOUT ROWID;
CREATE TABLE record_past (
  reg TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  valid_from INTEGER NOT NULL,
  valid_to INTEGER,
  state TEXT NOT NULL,
  fields TEXT NOT NULL,
  retain_until INTEGER,
  keys TEXT NOT NULL,
  PRIMARY KEY (reg, id, version)
) WITHOUT ROWID;
CREATE TABLE record_key (
  reg TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (reg, name, value)
) WITHOUT ROWID;

CREATE TABLE link (
  from_end TEXT NOT NULL,
  key TEXT NOT NULL,
  to_end TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (from_end, key, to_end)
) WITHOUT ROWID;
CREATE INDEX link_to ON link (to_end);

CREATE TABLE timer (
  subject TEXT NOT NULL,
  name TEXT NOT NULL,
  due INTEGER NOT NULL,
  PRIMARY KEY (subject, name)
) WITHOUT ROWID;
CREATE INDEX timer_due ON timer (due);

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  channel TEXT NOT NULL,
  recipient TEXT NOT NULL,
  payload TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  state TEXT NOT NULL,
  dedup TEXT UNIQUE
);
CREATE INDEX outbox_pending ON outbox (next_at) WHERE state = 'pending';
CREATE INDEX outbox_recipient ON outbox (recipient);

CREATE TABLE alert (
  id INTEGER PRIMARY KEY,
  fingerprint TEXT NOT NULL UNIQUE,
  source TEXT NOT NULL,
  labels TEXT NOT NULL,
  annotations TEXT NOT NULL,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER,
  alive_until INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  count INTEGER NOT NULL,
  correlation_group TEXT NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT NOT NULL,
  ticket TEXT NOT NULL
);
CREATE INDEX alert_group ON alert (correlation_group);
CREATE INDEX alert_unresolved ON alert (id) WHERE ends_at IS NULL;

CREATE TABLE setting (
  realm TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (realm, key)
) WITHOUT ROWID;

CREATE TABLE sequence (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE idempotency (
  key TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  answer TEXT NOT NULL,
  at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX idempotency_at ON idempotency (at);
)sql"
