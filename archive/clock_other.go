//go:build !linux

package archive

import "github.com/walkback-dev/walkback/schemas"

func systemClock() *schemas.Clock { return &schemas.Clock{Source: clockUnknown} }
