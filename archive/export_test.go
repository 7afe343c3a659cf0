package archive

// IndexFailure returns why the archive gave its index up, nil when it did not.
func (a *Archive) IndexFailure() error { return a.indexed.failed }
