package store

import sqlite3 "modernc.org/sqlite/lib"

// Waiting is how many writes are in the queue.
func (db *DB) Waiting() int { return len(db.queue) }

// Pragma sets something on the writer's connection, to make it fail as a bad disk would.
func (tx *Tx) Pragma(text string) error { return tx.c.exec("PRAGMA " + text) }

// Forget makes the next Ready look.
func (db *DB) Forget() { db.probe = newProbe() }

// LockFile takes the write lock of the file, as another process would.
func LockFile(path string) (release func(), err error) {
	c, err := openConn(path, sqlite3.SQLITE_OPEN_READWRITE, 0)
	if err != nil {
		return nil, err
	}
	return c.close, c.exec("BEGIN IMMEDIATE")
}
