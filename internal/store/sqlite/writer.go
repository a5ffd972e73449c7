package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"carnet.dev/carnet/fault"
)

// A writer commits the writes that are waiting together: making one transaction durable costs far more than the writes in it.
type writer struct {
	db     *sql.DB
	queue  chan *write
	closed chan struct{}
	once   sync.Once
	work   sync.WaitGroup
}

// A write is one statement of a transaction. A [fault.Error] that it returns is its own outcome, and leaves the others alone.
type write struct {
	ctx  context.Context
	run  func(*sql.Tx) error
	err  error
	done chan struct{}
}

const most = 64 // writes in a transaction

func newWriter(db *sql.DB) *writer {
	w := &writer{db: db, queue: make(chan *write), closed: make(chan struct{})}
	w.work.Go(w.loop)
	return w
}

func (w *writer) close() {
	w.once.Do(func() { close(w.closed) })
	w.work.Wait()
}

// do has run commit, and returns when that is durable. If ctx ends before, the write may happen or not.
func (w *writer) do(ctx context.Context, run func(*sql.Tx) error) error {
	this := &write{ctx: ctx, run: run, done: make(chan struct{})}
	select {
	case w.queue <- this:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.closed:
		return fault.New(fault.Unavailable, "the database is closed")
	}
	select {
	case <-this.done:
		return this.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writer) loop() {
	for {
		select {
		case <-w.closed:
			return
		case first := <-w.queue:
			w.commit(w.gather(first))
		}
	}
}

// gather takes what else is waiting.
func (w *writer) gather(first *write) []*write {
	batch := []*write{first}
	for len(batch) < most {
		select {
		case next := <-w.queue:
			batch = append(batch, next)
		default:
			return batch
		}
	}
	return batch
}

// commit runs a batch in one transaction. If the transaction fails, so does every write in it.
func (w *writer) commit(batch []*write) {
	err := w.transact(batch)
	for _, one := range batch {
		if err != nil {
			one.err = explain(err)
		}
		close(one.done)
	}
}

func (w *writer) transact(batch []*write) error {
	tx, err := w.db.Begin()
	if err != nil {
		return err
	}
	for _, one := range batch {
		if one.err = one.ctx.Err(); one.err != nil {
			continue
		}
		one.err = one.run(tx)
		if _, own := errors.AsType[*fault.Error](one.err); one.err != nil && !own {
			return errors.Join(one.err, tx.Rollback())
		}
	}
	return tx.Commit()
}
