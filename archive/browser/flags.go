package browser

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The size of the window that pages are rendered in, in CSS pixels.
const (
	windowWidth  = 1280
	windowHeight = 1024
)

// arguments are the command line of the browser. What goes out goes through a
// proxy that each page is given; what is given none meets a port where nothing
// listens. Names are never resolved by the browser.
func arguments(profile string, o Options) []string {
	args := []string{
		"--headless", "--user-data-dir=" + profile, "--no-first-run", "--no-default-browser-check", "--disable-extensions",
		fmt.Sprintf("--window-size=%d,%d", windowWidth, windowHeight), "--hide-scrollbars", "--mute-audio", "--lang=en-US",
		"--force-color-profile=srgb", "--force-device-scale-factor=1", "--font-render-hinting=none",
		"--disable-gpu", "--disable-dev-shm-usage", "--password-store=basic", "--use-mock-keychain",
		"--disable-breakpad", "--disable-crash-reporter", "--no-service-autorun", "--noerrdialogs",

		// No way out but the proxy.
		"--proxy-server=http://127.0.0.1:9", "--proxy-bypass-list=<-loopback>",
		"--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
		"--disable-quic", "--dns-prefetch-disable", "--disable-field-trial-config",
		"--force-webrtc-ip-handling-policy=disable_non_proxied_udp", "--webrtc-ip-handling-policy=disable_non_proxied_udp",

		// Nothing on the browser's own account.
		"--disable-background-networking", "--disable-component-update", "--disable-component-extensions-with-background-pages",
		"--disable-default-apps", "--disable-sync", "--disable-domain-reliability", "--disable-client-side-phishing-detection",
		"--safebrowsing-disable-auto-update", "--metrics-recording-only", "--no-pings", "--disable-search-engine-choice-screen",
		"--disable-features=" + strings.Join([]string{
			"Translate", "OptimizationHints", "MediaRouter", "DialMediaRouteProvider", "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable",
			"CertificateTransparencyComponentUpdater", "AutofillServerCommunication", "InterestFeedContentSuggestions", "NetworkPrediction",
			"PreconnectToSearch", "NavigationPredictor", "SpeculationRulesPrefetchProxy", "Prerender2", "WebTransport", "AsyncDns",
			"DnsOverHttps", "PrivacySandboxSettings4", "FedCm", "WebUSB", "WebBluetooth", "DirectSockets", "BackForwardCache", "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "RendererSideContentDecoding", "AutoDisableAccessibility",
		}, ","),

		// Pages are not slowed because nobody looks at them.
		"--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
		"--disable-hang-monitor", "--disable-prompt-on-repost", "--disable-notifications", "--deny-permission-prompts",
		"--autoplay-policy=user-gesture-required", "--js-flags=--max-old-space-size=512",
	}
	if os.Geteuid() == 0 {
		// The sandbox refuses to work for root.
		args = append(args, "--no-sandbox")
	}
	if o.UserAgent != "" {
		args = append(args, "--user-agent="+strings.Map(printing, o.UserAgent))
	}
	return append(args, o.extra...)
}

func printing(r rune) rune {
	if r < 0x20 || r >= 0x7f {
		return -1
	}
	return r
}

// environment is that of the browser: of ours it gets what finds programs and
// the system's folders.
func environment(profile string) []string {
	env := []string{
		"HOME=" + profile, "TMPDIR=" + profile, "XDG_CONFIG_HOME=" + profile, "XDG_CACHE_HOME=" + profile,
		"LANG=en_US.UTF-8", "LANGUAGE=en", "TZ=UTC", "NO_AT_BRIDGE=1", "DBUS_SESSION_BUS_ADDRESS=disabled:",
	}
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "SystemRoot", "ProgramFiles", "ProgramData", "WINDIR"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// preferences are what no argument can say.
func writePreferences(profile string) error {
	const deny = 2
	settings := map[string]int{}
	for _, name := range []string{
		"notifications", "geolocation", "media_stream_mic", "media_stream_camera", "midi_sysex", "automatic_downloads", "popups",
		"protocol_handlers", "usb_guard", "serial_guard", "bluetooth_guard", "hid_guard", "clipboard", "sensors", "idle_detection", "local_fonts",
	} {
		settings[name] = deny
	}
	data, err := json.Marshal(map[string]any{
		"webrtc":                map[string]any{"ip_handling_policy": "disable_non_proxied_udp", "multiple_routes_enabled": false, "nonproxied_udp_enabled": false},
		"net":                   map[string]any{"network_prediction_options": 2},
		"dns_prefetching":       map[string]any{"enabled": false},
		"search":                map[string]any{"suggest_enabled": false},
		"safebrowsing":          map[string]any{"enabled": false},
		"alternate_error_pages": map[string]any{"enabled": false},
		"download_restrictions": 3,
		"signin":                map[string]any{"allowed": false},
		"translate":             map[string]any{"enabled": false},
		"profile":               map[string]any{"default_content_setting_values": settings},
		"printing":              map[string]any{"enabled": false},
	})
	if err != nil {
		return err
	}
	folder := filepath.Join(profile, "Default")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "Preferences"), data, 0o600)
}
