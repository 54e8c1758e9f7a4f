package store

// Waiting is how many writes are in the queue.
func (db *DB) Waiting() int { return len(db.queue) }
