R"sql(
-- Figures folded from the log, and the tickets they rest on.
CREATE TABLE measure_cell (
  measure TEXT NOT NULL,
  period TEXT NOT NULL,
  subject TEXT NOT NULL,
  figures TEXT NOT NULL,
  frozen_at INTEGER,
  PRIMARY KEY (measure, period, subject)
) WITHOUT ROWID;
CREATE INDEX measure_running ON measure_cell (measure) WHERE frozen_at IS NULL;

CREATE TABLE measure_source (
  measure TEXT NOT NULL,
  ticket TEXT NOT NULL,
  position INTEGER NOT NULL,
  period TEXT NOT NULL,
  subject TEXT NOT NULL,
  value TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (measure, ticket, position)
) WITHOUT ROWID;
CREATE INDEX measure_source_cell ON measure_source (measure, period, subject, position);
)sql"
