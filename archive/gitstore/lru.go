package gitstore

import (
	"container/list"
	"sync"
)

// lru keeps the values used last, up to a budget. It is safe for concurrent
// use. Values are shared: nobody may change one.
type lru[K comparable, V any] struct {
	mu     sync.Mutex
	budget int
	cost   int
	order  *list.List // of *lruItem, newest first
	items  map[K]*list.Element
}

type lruItem[K comparable, V any] struct {
	key   K
	value V
	cost  int
}

func newLRU[K comparable, V any](budget int) *lru[K, V] {
	return &lru[K, V]{budget: budget, order: list.New(), items: map[K]*list.Element{}}
}

func (c *lru[K, V]) get(key K) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.items[key]
	if !ok {
		return value, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*lruItem[K, V]).value, true
}

// put keeps the value unless it would push out most others.
func (c *lru[K, V]) put(key K, value V, cost int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cost > c.budget/4 || c.items[key] != nil {
		return
	}
	c.items[key] = c.order.PushFront(&lruItem[K, V]{key, value, cost})
	for c.cost += cost; c.cost > c.budget; {
		last := c.order.Remove(c.order.Back()).(*lruItem[K, V])
		delete(c.items, last.key)
		c.cost -= last.cost
	}
}
