// Package store keeps authd's data: SQLite in one file now, with SQL text that PostgreSQL
// runs as well.
//
// It knows connections, transactions, migrations, backups and what can go wrong with a disk.
// It must not know any table: a table belongs to the one package whose store.go names it.
// Readers query; only a Tx can write, and only DB.Write makes one.
package store

import (
	"context"
	"io/fs"
	"log/slog"
	"sync"
)

// Options says where the database is and how it is opened.
type Options struct {
	Path       string // the file; its directory is made when it is missing
	Readers    int    // how many connections read at once; 0 for as many as serve the cores
	Log        *slog.Logger
	Migrations fs.FS // goose files at its root
}

// DB is an open database.
type DB struct {
	path    string
	log     *slog.Logger
	readers *readers

	queue      chan *write
	writerDone chan struct{}
	writer     *conn // this and the next are the writer goroutine's
	unwritable bool

	closing sync.RWMutex // held for reading while a write is put into the queue
	closed  bool

	probe *probe
}

// Open opens the file, makes it when it is missing, and brings its schema up to date. It
// refuses a file that a newer authd has written.
func Open(ctx context.Context, o Options) (*DB, error) {
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if err := createFile(o.Path); err != nil {
		return nil, err
	}
	writer, err := openWriterConn(o.Path)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, o.Path, writer, o.Migrations, log); err != nil {
		writer.close()
		return nil, err
	}
	db := &DB{
		path:       o.Path,
		log:        log,
		readers:    newReaders(o.Path, o.Readers),
		queue:      make(chan *write, maxBatch),
		writerDone: make(chan struct{}),
		writer:     writer,
		probe:      newProbe(),
	}
	go db.runWriter()
	return db, nil
}

// Close takes no more writes, finishes those that wait, and closes the file.
func (db *DB) Close() error {
	db.closing.Lock()
	if db.closed {
		db.closing.Unlock()
		return nil
	}
	db.closed = true
	close(db.queue)
	db.closing.Unlock()
	<-db.writerDone
	db.readers.close()
	return nil
}

func (db *DB) acquire(ctx context.Context) (*conn, error) { return db.readers.acquire(ctx) }

func (db *DB) release(c *conn, err error) { db.readers.release(c, err) }
