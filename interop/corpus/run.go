package corpus

import (
	"context"
	"runtime"
	"sync"
)

// memory is how many bytes of documents are in work at once; each takes some twenty times its size.
const memory = 48 << 20

// Run tries all documents, several at once, and tells of each that is done.
func Run(ctx context.Context, files []File, done func(File, *Tally)) *Tally {
	total := &Tally{}
	var lock sync.Mutex
	var work sync.WaitGroup
	budget := &budget{left: memory, change: sync.NewCond(&sync.Mutex{})}
	next := make(chan File)
	for range runtime.GOMAXPROCS(0) {
		work.Go(func() {
			for f := range next {
				budget.take(f.Size)
				t := Try(ctx, f)
				budget.give(f.Size)
				lock.Lock()
				total.Add(t)
				done(f, t)
				lock.Unlock()
			}
		})
	}
	for _, f := range files {
		if ctx.Err() != nil {
			break
		}
		next <- f
	}
	close(next)
	work.Wait()
	return total
}

// A budget is what may be used at once. Who wants more than all waits for all.
type budget struct {
	left   int64
	change *sync.Cond
}

func (b *budget) take(n int64) {
	b.change.L.Lock()
	defer b.change.L.Unlock()
	for b.left < min(n, memory) {
		b.change.Wait()
	}
	b.left -= min(n, memory)
}

func (b *budget) give(n int64) {
	b.change.L.Lock()
	defer b.change.L.Unlock()
	b.left += min(n, memory)
	b.change.Broadcast()
}
