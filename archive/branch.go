package archive

import (
	"errors"
	"fmt"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/schemas"
)

// LostBranchError is returned for an archive whose snapshots are there, but not
// the branch that names the newest of them. Nothing is built on such an archive:
// a new first commit would hide all that is in it.
type LostBranchError struct {
	Dir      string
	Reason   string      // what is wrong with refs/heads/main
	Newest   gitstore.ID // the commit with the highest sequence
	Sequence int64
}

func (e *LostBranchError) Error() string {
	return fmt.Sprintf("%s: the branch main is lost (%s), but not its snapshots: the newest that was found is %d, commit %s", e.Dir, e.Reason, e.Sequence, e.Newest)
}

// currentHead returns the commit that main points to. Where main does not point
// anywhere, it tells an archive whose making was interrupted (ErrUnborn) from
// somebody's empty repository, which must not become an archive by accident
// (ErrNotArchive), and from an archive that has lost its branch.
func (a *Archive) currentHead() (gitstore.ID, error) {
	head, err := a.store.Head()
	var broken *gitstore.RefError
	switch {
	case err == nil && !head.IsZero():
		return head, nil
	case err == nil:
	case !errors.As(err, &broken):
		return gitstore.ID{}, err
	}
	newest, sequence, findErr := a.newestCommit()
	switch {
	case findErr != nil:
		return gitstore.ID{}, errors.Join(err, findErr)
	case sequence > 0 || broken != nil && !newest.IsZero():
		lost := &LostBranchError{Dir: a.dir, Reason: "there is no refs/heads/main", Newest: newest, Sequence: sequence}
		if broken != nil {
			lost.Reason = broken.Error()
		}
		return gitstore.ID{}, lost
	case broken != nil:
		return gitstore.ID{}, err
	}
	hazards, err := a.store.Hazards()
	if err != nil {
		return gitstore.ID{}, err
	}
	if len(hazards) > 0 {
		return gitstore.ID{}, ErrNotArchive
	}
	return gitstore.ID{}, ErrUnborn
}

// newestCommit returns the commit with the highest sequence that the repository
// holds, whether main leads to it or not; zero when there is none.
func (a *Archive) newestCommit() (newest gitstore.ID, sequence int64, err error) {
	tips, err := a.store.Tips()
	if err != nil {
		return newest, 0, err
	}
	for _, tip := range tips {
		message, err := schemas.ParseMessage(tip.Message)
		if err == nil && (newest.IsZero() || message.Sequence > sequence) {
			newest, sequence = tip.ID, message.Sequence
		}
	}
	return newest, sequence, nil
}
