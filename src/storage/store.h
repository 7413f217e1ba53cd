// The store on SQLite: the one implementation of app::Store in this house so far.
//
// Threads: one writer thread runs the units and commits them; one completion thread runs the commit listener and then
// every `done` of a batch, in order of arrival, so that a slow `done` never holds up the next commit. Readers run on
// their callers' threads.
#pragma once
#include <memory>
#include <string>

#include "app/store.h"
#include "base/error.h"
#include "base/time.h"

namespace anlan::storage {

enum class Synchronous {
  full,    // each commit is on the disk before it is acknowledged
  normal,  // a power cut may take the last commits; for bulk imports that can be repeated
  off,     // SQLite never waits for the disk; only as the control of the power-cut test
};

// Follows the write-ahead log, so that a copy elsewhere can. Called by the writer thread alone, between batches: what is
// done here, nobody waits for, but the next batch does. It reads the log through the file; the log only grows until
// pages are moved.
class LogFollower {
 public:
  virtual ~LogFollower() = default;
  // After a commit: so many bytes of the log count.
  virtual void grown(std::int64_t bytes) = 0;
  // Before pages are moved into the database file. False: not now.
  virtual bool may_move() = 0;
  // After it. `all`: the file holds all that the log held, and the next commit may begin the log anew at its start.
  virtual void moved(bool all) = 0;
};

struct Options {
  // The database file, or ":memory:". The folder is made when it is missing; "<path>.lock" beside the file is locked
  // for as long as the store lives.
  std::string path;
  const Clock* clock = &system_clock();  // must outlive the store; tells whether an alert is still alive
  Synchronous synchronous = Synchronous::full;
  int batch_max = 256;           // units in one transaction
  int queue_max = 10'000;        // units waiting; beyond it Code::limit
  int readers = 4;               // read-only connections, opened as they are needed
  int checkpoint_pages = 1000;   // log pages after which the writer moves them to the file
  LogFollower* follower = nullptr;  // must outlive the store's threads; with it, the log is empty when they start
  std::string vfs;               // a registered SQLite VFS, for tests that let the disk fail; empty: the usual one
};

// Opens or creates the database, brings its schema up to date and starts the threads. Code::unavailable when another
// process holds it, Code::conflict when it belongs to another program or a newer version, Code::no_space,
// Code::internal.
//
// Notes on the contract of app::Store:
// - Txn::put_record and Txn::update_ticket want the stored version plus one (a new record: 1), else Code::conflict.
//   opened_at of a ticket does not change: Code::invalid.
// - Lists by opened_at go by order of creation, which is the same but where the clock was set back; the filter by
//   opened_at compares the true value always. Other sorts hold for open tickets; closed ones follow, newest first.
// - A text filter looks at no more than 20,000 tickets a page: a page may be short and still have a next cursor.
// - Own tickets (holder, owes, participant) are visible whatever their sensitivity; units and boards show those up to
//   Scope::sensitivity_max.
// - After stop(), and when the completion thread has gone, `done` of a refused unit runs on the caller's thread.
// - ":memory:": one connection serves all; a read waits for the running batch and holds up the next. A read must not
//   wait for a write there.
// - A device error stops the writer for good: units get Code::unavailable, condition() says why, reads go on. Units of
//   the batch that met the error may or may not have reached the disk. A full disk fails the batch (Code::no_space) and
//   nothing more: the next batch tries again.
Result<std::unique_ptr<app::Store>> open_sqlite(Options);

}  // namespace anlan::storage
