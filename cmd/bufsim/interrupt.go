package main

import (
	"context"
	"os"
	"os/signal"
)

// interruptible gives long work a context that ends at an interrupt, so that what was done so far
// can be told. A second interrupt ends the program at once. stop must be called at the end.
func interruptible() (ctx context.Context, stop context.CancelFunc) {
	ctx, stop = signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
