package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/social"
)

var noAPIFlag = &cli.BoolFlag{Name: "no-api", Category: groupManners, Usage: "ask for the page of a post on Mastodon, Bluesky, Hacker News or Reddit, not the API of the service"}

// services returns the services whose APIs are asked for posts; none with --no-api.
func (p *program) services(c *cli.Context) ([]social.Service, error) {
	if c.Bool(noAPIFlag.Name) {
		return nil, nil
	}
	s := p.settings()
	for name, host := range map[string]string{"bluesky_api": s.BlueskyAPI, "hackernews_api": s.HackerNewsAPI, "reddit_api": s.RedditAPI} {
		if host == "" {
			continue
		}
		if _, err := archive.PageAt(host); err != nil {
			return nil, fmt.Errorf("reading settings: %s in %s: %w", name, p.settingsFile(), err)
		}
	}
	return social.Services(social.Hosts{Bluesky: s.BlueskyAPI, HackerNews: s.HackerNewsAPI, Reddit: s.RedditAPI}), nil
}
