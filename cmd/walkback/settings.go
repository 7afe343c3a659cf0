package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// settings are those of config.toml in the config folder. Flags and the
// environment beat them.
type settings struct {
	Archive      string `toml:"archive"`
	Key          string `toml:"key"`
	Signer       string `toml:"signer"`
	AllowPrivate bool   `toml:"allow_private"`
	MaxSources   *int   `toml:"max_sources"`
	UserAgent    string `toml:"user_agent"`
	SecondLook   string `toml:"second_look"`
	Resources    *bool  `toml:"resources"`
	Browser      string `toml:"browser"` // its path or name
	Render       string `toml:"render"`  // always, auto, never

	Stamp       string             `toml:"stamp"` // "always": capture and check stamp
	RequireTime bool               `toml:"require_time"`
	Authorities []authoritySetting `toml:"authority"`
	Calendars   []calendarSetting  `toml:"calendar"`

	MaxResourceBytes string           `toml:"max_resource_bytes"`
	Witnesses        []witnessSetting `toml:"witness"`

	// How hosts are treated, and from where and as whom they are asked.
	IgnoreRobots bool                         `toml:"ignore_robots"`
	Delay        string                       `toml:"delay"`
	Retries      *int                         `toml:"retries"`
	Via          string                       `toml:"via"`
	Vantage      string                       `toml:"vantage"`
	Operator     string                       `toml:"operator"`
	Cookies      string                       `toml:"cookies"`
	Headers      map[string]map[string]string `toml:"headers"` // by host, then by name
	// Where the APIs of services are, in place of their own: https://api.example.
	BlueskyAPI    string `toml:"bluesky_api"`
	HackerNewsAPI string `toml:"hackernews_api"`
	RedditAPI     string `toml:"reddit_api"`
}

func (p *program) settingsFile() string { return filepath.Join(p.configFolder(), "config.toml") }

// settings returns the user's settings. loadSettings has told of a bad file.
func (p *program) settings() settings {
	s, err := p.loadSettings()
	if err != nil {
		return settings{}
	}
	return s
}

func (p *program) loadSettings() (settings, error) {
	var s settings
	data, err := os.ReadFile(p.settingsFile())
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("reading settings: %w", err)
	}
	decoder := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) && len(strict.Errors) > 0 {
			line, _ := strict.Errors[0].Position()
			return s, fmt.Errorf("reading settings: %s line %d: unknown setting %s", p.settingsFile(), line, strings.Join(strict.Errors[0].Key(), "."))
		}
		return s, fmt.Errorf("reading settings %s: %w", p.settingsFile(), err)
	}
	if s.Stamp != "" && s.Stamp != stampAlways && s.Stamp != "never" {
		return s, fmt.Errorf("reading settings %s: stamp = %q is neither %q nor \"never\"", p.settingsFile(), s.Stamp, stampAlways)
	}
	return s, nil
}

// runAskpass runs the program that SSH_ASKPASS names, as ssh does.
func runAskpass(ctx context.Context, asker, prompt string) ([]byte, error) {
	out, err := exec.CommandContext(ctx, asker, prompt).Output()
	if err != nil {
		return nil, fmt.Errorf("asking for the passphrase with %s: %w", asker, err)
	}
	return bytes.TrimRight(out, "\r\n"), nil
}
